//! What all reference servers are told on the command line.

use std::error::Error;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};

use clap::Args;
use conformance::scenario::Size;
use relayspec::timing::{Parameter, Timing, Written};
use relayspec_reference::{BindError, Options};
use tracing_subscriber::filter::LevelFilter;

use super::super::exit::{Exit, Failure};
use super::mutant::{Door, MutantOptions};

/// What all servers are told.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The port; 0 lets the system choose one.
    #[arg(long, required_unless_present = "list_mutants")]
    port: Option<u16>,

    /// The address to listen at.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,

    /// Between Ping frames on each connection.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    heartbeat_interval: Written,

    /// From a Ping to the termination of a peer that has sent no Pong.
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    heartbeat_timeout: Written,

    /// The largest message that is accepted; 2 MiB unless given, of a tunnel 24 MiB.
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| text.parse::<Size>())]
    max_message: Option<Size>,

    /// What is logged to standard error: off, error, warn, info, debug.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: LevelFilter,

    #[command(flatten)]
    pub(super) mutant: MutantOptions,
}

impl Server {
    /// Where peers come in, to a server in this role.
    pub(super) fn door(&self, role: &'static str) -> Result<Door, Failure> {
        self.door_at(self.port, role)
    }

    /// Where peers come in at another port.
    pub(super) fn door_at(&self, port: Option<u16>, role: &'static str) -> Result<Door, Failure> {
        let wanted = SocketAddr::new(self.host, port.unwrap_or_default());
        Door::new(wanted, self.mutant.chosen(role)?).map_err(|error| unreachable(&error))
    }

    /// The options, with timing parameters of the family, and with defaults.
    pub(super) fn options(&self, mut timing: Timing, defaults: &Options, door: &Door) -> Options {
        timing.declare(Parameter::HeartbeatInterval, self.heartbeat_interval.0);
        timing.declare(Parameter::HeartbeatTimeout, self.heartbeat_timeout.0);
        let max_message = self.max_message.map_or(defaults.max_message, size);
        door.adjust(&mut timing);
        Options { listen: door.behind(), timing, max_message }
    }

    /// Runs a server to its end.
    pub(super) fn run(&self, server: impl Future<Output = Result<(), BindError>>) -> Result<Exit, Failure> {
        super::log(self.log);
        super::super::raise_file_limit();
        super::runtime()?.block_on(server).map(|()| Exit::Conforms).map_err(|error| unreachable(&error))
    }
}

/// A server that cannot be started.
pub(super) fn unreachable(error: &dyn Error) -> Failure {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    Failure::Reference { exit: Exit::Unreachable, problem: format!("{error}{cause}") }
}

/// Bytes, as far as they can be counted.
pub(super) fn size(size: Size) -> usize {
    usize::try_from(size.0).unwrap_or(usize::MAX)
}

/// Says where a server listens, to who started it.
pub(super) fn announce(address: impl Display) {
    anstream::println!("listening on ws://{address}");
}
