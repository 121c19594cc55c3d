//! The arguments of all reference servers.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};

use clap::Args;
use conformance::scenario::Size;
use relayspec::timing::{HumanDuration, Parameter, Timing};
use relayspec_reference::{BindError, Options};
use tracing_subscriber::filter::LevelFilter;

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::entry_point::EntryPoint;
use super::mutant::MutantOptions;

/// The arguments of all servers.
#[derive(Debug, Args)]
pub(super) struct ReferenceServerArguments {
    /// The port; 0 lets the system choose
    #[arg(long, required_unless_present = "list_mutants")]
    port: Option<u16>,

    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,

    /// The time between Pings on each connection
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    heartbeat_interval: HumanDuration,

    /// How long a peer may take to answer a Ping before it is disconnected
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    heartbeat_timeout: HumanDuration,

    /// The largest accepted message [default: 2 MiB; for a tunnel 24 MiB]
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| text.parse::<Size>())]
    max_message: Option<Size>,

    /// The log level on standard error: off, error, warn, info, debug
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: LevelFilter,

    #[command(flatten)]
    pub(super) mutant: MutantOptions,
}

impl ReferenceServerArguments {
    /// The entry point of a server in this role.
    pub(super) fn entry_point(&self, role: &'static str) -> Result<EntryPoint, CommandError> {
        self.entry_point_at(self.port, role)
    }

    /// The entry point at another port.
    pub(super) fn entry_point_at(&self, port: Option<u16>, role: &'static str) -> Result<EntryPoint, CommandError> {
        let wanted = SocketAddr::new(self.host, port.unwrap_or_default());
        EntryPoint::new(wanted, self.mutant.chosen(role)?).map_err(|error| unreachable(&error))
    }

    /// The options, with timing parameters of the family, and with defaults.
    pub(super) fn options(&self, mut timing: Timing, defaults: &Options, entry: &EntryPoint) -> Options {
        timing.declare(Parameter::HeartbeatInterval, self.heartbeat_interval.0);
        timing.declare(Parameter::HeartbeatTimeout, self.heartbeat_timeout.0);
        let max_message = self.max_message.map_or(defaults.max_message, size);
        entry.adjust(&mut timing);
        Options { listen: entry.server_address(), timing, max_message }
    }

    /// Runs a server to its end.
    pub(super) fn run(&self, server: impl Future<Output = Result<(), BindError>>) -> Result<ExitStatus, CommandError> {
        super::log(self.log);
        super::super::raise_file_limit();
        super::runtime()?.block_on(server).map(|()| ExitStatus::Conforms).map_err(|error| unreachable(&error))
    }
}

/// A server that cannot start or continue.
pub(super) fn unreachable(error: &dyn Error) -> CommandError {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    CommandError::ReferenceUnreachable(format!("{error}{cause}"))
}

/// A size in bytes; saturating.
pub(super) fn size(size: Size) -> usize {
    usize::try_from(size.0).unwrap_or(usize::MAX)
}
