//! `conformance reference rpc-daemon`.

use std::path::PathBuf;

use clap::Args;
use conformance::scenario::Size;
use relayspec_reference::mutant::DaemonProxy;
use relayspec_reference::{DaemonOptions, RpcDaemon};
use tracing_subscriber::filter::LevelFilter;

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::mutant::MutantOptions;
use super::server::unreachable;
use super::stop_requested;

pub(super) const ROLE: &str = "rpc.daemon";

/// The rpc daemon: keeps sessions and their commands, even when it is killed
#[derive(Debug, Args)]
pub(super) struct RpcDaemonArguments {
    /// The path of the socket. A stale file is replaced, the socket of a running daemon is not
    #[arg(long, value_name = "PATH", required_unless_present = "list_mutants")]
    socket: Option<PathBuf>,

    /// The journal of acknowledged state [default: PATH.journal beside the socket]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// The longest accepted frame
    #[arg(long, value_name = "SIZE", default_value = "16 MiB", value_parser = |text: &str| text.parse::<Size>())]
    max_frame: Size,

    /// The log level on standard error: off, error, warn, info, debug
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: LevelFilter,

    #[command(flatten)]
    pub(super) mutant: MutantOptions,
}

impl RpcDaemonArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        super::log(self.log);
        super::super::raise_file_limit();
        let socket = self.socket.clone().unwrap_or_default();
        let mut options = DaemonOptions::at(&socket);
        options.max_frame = usize::try_from(self.max_frame.0).unwrap_or(usize::MAX);
        options.journal = self.journal.clone().unwrap_or(options.journal);
        let chosen = self.mutant.chosen(ROLE)?;
        let served = super::runtime()?.block_on(async {
            let proxy = DaemonProxy::new(chosen, &mut options).map_err(|error| unreachable(&error))?;
            let daemon = RpcDaemon::bind(&options).map_err(|error| unreachable(&error))?;
            anstream::println!("listening on unix:{}", socket.display());
            proxy.open(daemon.serve(stop_requested())).await.map_err(|error| unreachable(&error))
        });
        served.map(|()| ExitStatus::Conforms)
    }
}
