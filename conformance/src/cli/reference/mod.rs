//! `conformance reference`: runs a reference implementation. No other folder of this crate uses the reference crate.

mod client;
mod entry_point;
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

use super::error::CommandError;
use super::signals::stop_requested;
use super::status::ExitStatus;

/// Run a reference implementation
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ReferenceArguments {
    #[command(flatten)]
    listing: Listing,

    #[command(subcommand)]
    which: Option<Reference>,
}

#[derive(Debug, Subcommand)]
enum Reference {
    PairingRelay(pairing_relay::PairingRelayArguments),
    PairingHost(pairing_host::PairingHostArguments),
    PairingViewer(pairing_viewer::PairingViewerArguments),
    SyncServer(sync_server::SyncServerArguments),
    SyncClient(sync_client::SyncClientArguments),
    TerminalRelay(terminal_relay::TerminalRelayArguments),
    RpcDaemon(rpc_daemon::RpcDaemonArguments),
    RpcClient(rpc_client::RpcClientArguments),
    TerminalHost(terminal_host::TerminalHostArguments),
    TerminalViewer(terminal_viewer::TerminalViewerArguments),
    TunnelCloud(tunnel_cloud::TunnelCloudArguments),
    TunnelAgent(tunnel_agent::TunnelAgentArguments),
}

pub(super) fn run(arguments: &ReferenceArguments) -> Result<ExitStatus, CommandError> {
    let mutant = arguments.which.as_ref().map(Reference::mutant);
    if mutant.map_or(&arguments.listing, |(mutant, _)| &mutant.listing).print(mutant.map(|(_, role)| role)) {
        return Ok(ExitStatus::Conforms);
    }
    let Some(which) = &arguments.which else {
        return Err(CommandError::reference_usage("name a reference; --help lists them all"));
    };
    match which {
        Reference::PairingRelay(relay) => relay.run(),
        Reference::PairingHost(host) => host.run(),
        Reference::PairingViewer(viewer) => viewer.run(),
        Reference::SyncServer(server) => server.run(),
        Reference::SyncClient(client) => client.run(),
        Reference::TerminalRelay(relay) => relay.run(),
        Reference::RpcDaemon(daemon) => daemon.run(),
        Reference::RpcClient(client) => client.run(),
        Reference::TerminalHost(host) => host.run(),
        Reference::TerminalViewer(viewer) => viewer.run(),
        Reference::TunnelCloud(cloud) => cloud.run(),
        Reference::TunnelAgent(agent) => agent.run(),
    }
}

impl Reference {
    /// Its mutant options and role.
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

/// Logs to standard error.
fn log(level: LevelFilter) {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).with_ansi(false).init();
}

/// A single-threaded runtime: one thread serves thousands of pairs.
fn runtime() -> Result<Runtime, CommandError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::reference_internal(error.to_string()))
}

/// Reads the tokens in a file; never from the command line, which all users of the machine can read (TUN-05).
fn tokens(file: &Path) -> Result<Tokens, CommandError> {
    let wrong = |why: String| CommandError::reference_usage(format!("--token-file {}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    Tokens::read(&text).map_err(|error| wrong(error.to_string()))
}
