//! `conformance reference pairing-relay`.

use std::net::{IpAddr, SocketAddr};

use clap::Args;
use conformance::scenario::Size;
use relayspec::timing::{Parameter, Timing, Written};
use relayspec_reference::{Options, PairingRelay};
use tracing_subscriber::filter::LevelFilter;

use super::super::exit::{Exit, Failure};
use super::told_to_stop;

/// The pairing relay: hosts connect to /mac, viewers to /browser
#[derive(Debug, Args)]
pub(super) struct Relay {
    /// The port; 0 lets the system choose one.
    #[arg(long)]
    port: u16,

    /// The address to listen at.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,

    /// From registration to the expiry of a code that nobody has joined.
    #[arg(long, value_name = "DURATION", default_value = "5min")]
    code_lifetime: Written,

    /// How long after its expiry a code is answered as expired; the same as its lifetime unless given.
    #[arg(long, value_name = "DURATION")]
    code_retention: Option<Written>,

    /// Between Ping frames on each connection.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    heartbeat_interval: Written,

    /// From a Ping to the termination of a peer that has sent no Pong.
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    heartbeat_timeout: Written,

    /// The largest message that is accepted.
    #[arg(long, value_name = "SIZE", default_value = "2 MiB", value_parser = |text: &str| text.parse::<Size>())]
    max_message: Size,

    /// What is logged to standard error: off, error, warn, info, debug.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: LevelFilter,
}

impl Relay {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        super::log(self.log);
        super::super::raise_file_limit();
        super::runtime()?.block_on(serve(self))
    }
}

async fn serve(relay: &Relay) -> Result<Exit, Failure> {
    let mut timing = Timing::default();
    timing.declare(Parameter::CodeLifetime, relay.code_lifetime.0);
    timing.declare(Parameter::HeartbeatInterval, relay.heartbeat_interval.0);
    timing.declare(Parameter::HeartbeatTimeout, relay.heartbeat_timeout.0);
    if let Some(retention) = relay.code_retention {
        timing.declare(Parameter::CodeRetention, retention.0);
    }
    let listen = SocketAddr::new(relay.host, relay.port);
    let max_message = usize::try_from(relay.max_message.0).unwrap_or(usize::MAX);
    let bound = PairingRelay::bind(Options { listen, timing, max_message }).await;
    let relay = bound.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure { exit: Exit::Unreachable, problem: format!("{error}{cause}") }
    })?;
    anstream::println!("listening on ws://{}", relay.local_addr());
    relay.serve(told_to_stop()).await;
    Ok(Exit::Conforms)
}
