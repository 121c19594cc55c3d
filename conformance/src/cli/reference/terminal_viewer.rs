//! `conformance reference terminal-viewer`.

use std::io::{stdin, stdout};

use clap::Args;
use relayspec::terminal::ViewerCode;
use relayspec_reference::{RawMode, terminal_viewer};

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::{client, stop_requested};

pub(super) const ROLE: &str = "terminal.viewer";

/// The terminal viewer: shows the sessions of a host in this terminal
#[derive(Debug, Args)]
#[command(after_help = client::HELP_VIEWER)]
pub(super) struct TerminalViewerArguments {
    #[command(flatten)]
    pub(super) client: client::ReferenceClientArguments,

    /// The code to join with, as shown by the host; case-insensitive
    #[arg(long)]
    code: Option<String>,
}

impl TerminalViewerArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let (options, params, wrapper) = self.client.options(ROLE)?;
        let code = self.code.clone().or(params.code).and_then(ViewerCode::new);
        let code = code.ok_or_else(|| CommandError::reference_usage("no code: give --code, as the host shows it"))?;
        // Restores the terminal on drop.
        let _raw = match self.client.is_driven() {
            true => None,
            false => Some(
                RawMode::enter()
                    .map_err(|error| CommandError::reference_internal(format!("cannot enter raw mode: {error}")))?,
            ),
        };
        let (input, output, stop) = (wrapper.input(stdin()), wrapper.output(stdout()), wrapper.stop(stop_requested()));
        self.client.run(wrapper, async { terminal_viewer(options, code, input, output, stop).await })
    }
}
