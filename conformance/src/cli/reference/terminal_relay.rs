//! `conformance reference terminal-relay`.

use clap::Args;
use relayspec::timing::{HumanDuration, Parameter, Timing};
use relayspec_reference::{Options, TerminalRelay};

use super::super::exit::{Exit, Failure};
use super::server;

pub(super) const ROLE: &str = "terminal.relay";

/// The terminal relay: hosts and viewers connect to /ws
#[derive(Debug, Args)]
pub(super) struct Relay {
    #[command(flatten)]
    pub(super) server: server::Server,

    /// From the opening of a connection to its closing when no first message has come.
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    auth_timeout: HumanDuration,
}

impl Relay {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let mut timing = Timing::default();
        timing.declare(Parameter::AuthTimeout, self.auth_timeout.0);
        let door = self.server.door(ROLE)?;
        let options = self.server.options(timing, &Options::default(), &door);
        self.server.run(async {
            let relay = TerminalRelay::bind(options).await?;
            let (address, stop) = (relay.local_addr(), door.stop());
            door.open(address, relay.serve(stop)).await;
            Ok(())
        })
    }
}
