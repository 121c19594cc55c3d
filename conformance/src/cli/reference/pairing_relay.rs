//! `conformance reference pairing-relay`.

use clap::Args;
use relayspec::timing::{HumanDuration, Parameter, Timing};
use relayspec_reference::{Options, PairingRelay};

use super::super::exit::{Exit, Failure};
use super::server;

pub(super) const ROLE: &str = "pairing.relay";

/// The pairing relay: hosts connect to /mac, viewers to /browser
#[derive(Debug, Args)]
pub(super) struct Relay {
    #[command(flatten)]
    pub(super) server: server::Server,

    /// From registration to the expiry of a code that nobody has joined.
    #[arg(long, value_name = "DURATION", default_value = "5min")]
    code_lifetime: HumanDuration,

    /// How long after its expiry a code is answered as expired; the same as its lifetime unless given.
    #[arg(long, value_name = "DURATION")]
    code_retention: Option<HumanDuration>,
}

impl Relay {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let mut timing = Timing::default();
        timing.declare(Parameter::CodeLifetime, self.code_lifetime.0);
        if let Some(retention) = self.code_retention {
            timing.declare(Parameter::CodeRetention, retention.0);
        }
        let door = self.server.door(ROLE)?;
        let options = self.server.options(timing, &Options::default(), &door);
        self.server.run(async {
            let relay = PairingRelay::bind(options).await?;
            let (address, stop) = (relay.local_addr(), door.stop());
            door.open(address, relay.serve(stop)).await;
            Ok(())
        })
    }
}
