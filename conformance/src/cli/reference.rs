//! `conformance reference`: runs a reference implementation. The only file of this crate that knows the reference.

use std::future::pending;
use std::net::{IpAddr, SocketAddr};

use clap::{Args, Subcommand};
use conformance::scenario::Size;
use relayspec::timing::{Parameter, Timing, Written};
use relayspec_reference::{Options, PairingRelay};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::LevelFilter;

use super::exit::{Exit, Failure};

/// Run a reference implementation
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    which: Which,
}

#[derive(Debug, Subcommand)]
enum Which {
    PairingRelay(Relay),
}

/// The pairing relay: hosts connect to /mac, viewers to /browser
#[derive(Debug, Args)]
struct Relay {
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

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let Which::PairingRelay(relay) = &arguments.which;
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(relay.log).with_ansi(false).init();
    super::raise_file_limit();
    // One thread serves thousands of pairs, and leaves the other cores to those who are served.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::harness(error.to_string()))?.block_on(serve(relay))
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

/// Is done on SIGTERM and SIGINT.
async fn told_to_stop() {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = (terminate, interrupt) else { return pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
