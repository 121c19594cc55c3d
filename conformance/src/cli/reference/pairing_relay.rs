//! `conformance reference pairing-relay`.

use clap::Args;
use relayspec::timing::{HumanDuration, Parameter, Timing};
use relayspec_reference::{Options, PairingRelay};

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::server;

pub(super) const ROLE: &str = "pairing.relay";

/// The pairing relay: hosts connect to /mac, viewers to /browser
#[derive(Debug, Args)]
pub(super) struct PairingRelayArguments {
    #[command(flatten)]
    pub(super) server: server::ReferenceServerArguments,

    /// How long a code is valid until a viewer joins
    #[arg(long, value_name = "DURATION", default_value = "5min")]
    code_lifetime: HumanDuration,

    /// How long an expired code is reported as expired [default: the lifetime]
    #[arg(long, value_name = "DURATION")]
    code_retention: Option<HumanDuration>,
}

impl PairingRelayArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let mut timing = Timing::default();
        timing.declare(Parameter::CodeLifetime, self.code_lifetime.0);
        if let Some(retention) = self.code_retention {
            timing.declare(Parameter::CodeRetention, retention.0);
        }
        let entry = self.server.entry_point(ROLE)?;
        let options = self.server.options(timing, &Options::default(), &entry);
        self.server.run(async {
            let relay = PairingRelay::bind(options).await?;
            let (address, stop) = (relay.local_addr(), entry.stop());
            entry.open(address, relay.serve(stop)).await;
            Ok(())
        })
    }
}
