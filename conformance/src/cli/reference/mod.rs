//! `conformance reference`: runs a reference implementation. The only folder of this crate that knows the reference; one file for each.

mod client;
mod mutant;
mod pairing_host;
mod pairing_relay;
mod pairing_viewer;
mod rpc_client;
mod rpc_daemon;
mod server;
mod sync_client;
mod sync_server;
mod terminal_host;
mod terminal_relay;
mod terminal_viewer;
mod tunnel_agent;
mod tunnel_cloud;

use std::path::Path;

use clap::{Args, Subcommand};
use relayspec_reference::tunnel::Tokens;
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::filter::LevelFilter;

use mutant::{Listing, MutantOptions};

use super::exit::{Exit, Failure};
use super::signals::told_to_stop;

/// Run a reference implementation
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    listing: Listing,

    #[command(subcommand)]
    which: Option<Which>,
}

#[derive(Debug, Subcommand)]
enum Which {
    PairingRelay(pairing_relay::Relay),
    PairingHost(pairing_host::Host),
    PairingViewer(pairing_viewer::Viewer),
    SyncServer(sync_server::Server),
    SyncClient(sync_client::Client),
    TerminalRelay(terminal_relay::Relay),
    RpcDaemon(rpc_daemon::Daemon),
    RpcClient(rpc_client::Client),
    TerminalHost(terminal_host::Host),
    TerminalViewer(terminal_viewer::Viewer),
    TunnelCloud(tunnel_cloud::Cloud),
    TunnelAgent(tunnel_agent::Agent),
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mutant = arguments.which.as_ref().map(Which::mutant);
    if mutant.map_or(&arguments.listing, |(mutant, _)| &mutant.listing).print(mutant.map(|(_, role)| role)) {
        return Ok(Exit::Conforms);
    }
    let Some(which) = &arguments.which else { return Err(Failure::usage("name a reference; --help lists them")) };
    match which {
        Which::PairingRelay(relay) => relay.run(),
        Which::PairingHost(host) => host.run(),
        Which::PairingViewer(viewer) => viewer.run(),
        Which::SyncServer(server) => server.run(),
        Which::SyncClient(client) => client.run(),
        Which::TerminalRelay(relay) => relay.run(),
        Which::RpcDaemon(daemon) => daemon.run(),
        Which::RpcClient(client) => client.run(),
        Which::TerminalHost(host) => host.run(),
        Which::TerminalViewer(viewer) => viewer.run(),
        Which::TunnelCloud(cloud) => cloud.run(),
        Which::TunnelAgent(agent) => agent.run(),
    }
}

impl Which {
    /// What it is told of mutants, and its role.
    fn mutant(&self) -> (&MutantOptions, &'static str) {
        match self {
            Self::PairingRelay(relay) => (&relay.server.mutant, pairing_relay::ROLE),
            Self::TerminalRelay(relay) => (&relay.server.mutant, terminal_relay::ROLE),
            Self::TunnelCloud(cloud) => (&cloud.server.mutant, tunnel_cloud::ROLE),
            Self::SyncServer(server) => (&server.server.mutant, sync_server::ROLE),
            Self::PairingHost(host) => (&host.client.mutant, pairing_host::ROLE),
            Self::PairingViewer(viewer) => (&viewer.client.mutant, pairing_viewer::ROLE),
            Self::TerminalHost(host) => (&host.client.mutant, terminal_host::ROLE),
            Self::TerminalViewer(viewer) => (&viewer.client.mutant, terminal_viewer::ROLE),
            Self::TunnelAgent(agent) => (&agent.client.mutant, tunnel_agent::ROLE),
            Self::SyncClient(client) => (&client.client.mutant, sync_client::ROLE),
            Self::RpcDaemon(daemon) => (&daemon.mutant, rpc_daemon::ROLE),
            Self::RpcClient(client) => (&client.mutant, rpc_client::ROLE),
        }
    }
}

/// Writes the log to standard error.
fn log(level: LevelFilter) {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).with_ansi(false).init();
}

/// One thread serves thousands of pairs, and leaves the other cores to those who are served.
fn runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(|error| Failure::harness(error.to_string()))
}

/// The tokens in a file: never on the command line, which everybody on the machine can read (TUN-05).
fn tokens(file: &Path) -> Result<Tokens, Failure> {
    let wrong = |why: String| Failure::usage(format!("--token-file {}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    Tokens::read(&text).map_err(|error| wrong(error.to_string()))
}
