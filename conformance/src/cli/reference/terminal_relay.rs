//! `conformance reference terminal-relay`.

use clap::Args;
use relayspec::timing::{HumanDuration, Parameter, Timing};
use relayspec_reference::{Options, TerminalRelay};

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::server;

pub(super) const ROLE: &str = "terminal.relay";

/// The terminal relay: hosts and viewers connect to /ws
#[derive(Debug, Args)]
pub(super) struct TerminalRelayArguments {
    #[command(flatten)]
    pub(super) server: server::ReferenceServerArguments,

    /// How long a connection may take for its first message
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    auth_timeout: HumanDuration,
}

impl TerminalRelayArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let mut timing = Timing::default();
        timing.declare(Parameter::AuthTimeout, self.auth_timeout.0);
        let entry = self.server.entry_point(ROLE)?;
        let options = self.server.options(timing, &Options::default(), &entry);
        self.server.run(async {
            let relay = TerminalRelay::bind(options).await?;
            let (address, stop) = (relay.local_addr(), entry.stop());
            entry.open(address, relay.serve(stop)).await;
            Ok(())
        })
    }
}
