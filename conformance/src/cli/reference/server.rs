//! What all reference servers are told on the command line.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};

use clap::Args;
use conformance::scenario::Size;
use relayspec::timing::{Parameter, Timing, Written};
use relayspec_reference::{BindError, Options};
use tracing_subscriber::filter::LevelFilter;

use super::super::exit::{Exit, Failure};

/// What all servers are told.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// The port; 0 lets the system choose one.
    #[arg(long)]
    port: u16,

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
}

impl Server {
    /// The options, with timing parameters of the family, and with defaults.
    pub(super) fn options(&self, mut timing: Timing, defaults: &Options) -> Options {
        timing.declare(Parameter::HeartbeatInterval, self.heartbeat_interval.0);
        timing.declare(Parameter::HeartbeatTimeout, self.heartbeat_timeout.0);
        let max_message = self.max_message.map_or(defaults.max_message, size);
        Options { listen: self.at_port(self.port), timing, max_message }
    }

    /// An address beside the one that is listened at.
    pub(super) fn at_port(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.host, port)
    }

    /// Runs a server to its end.
    pub(super) fn run(&self, server: impl Future<Output = Result<(), BindError>>) -> Result<Exit, Failure> {
        super::log(self.log);
        super::super::raise_file_limit();
        super::runtime()?.block_on(server).map(|()| Exit::Conforms).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Failure { exit: Exit::Unreachable, problem: format!("{error}{cause}") }
        })
    }
}

/// Bytes, as far as they can be counted.
pub(super) fn size(size: Size) -> usize {
    usize::try_from(size.0).unwrap_or(usize::MAX)
}

/// Says where a server listens, to who started it.
pub(super) fn announce(address: impl Display) {
    anstream::println!("listening on ws://{address}");
}
