//! `conformance reference terminal-host`.

use std::io::{stdin, stdout};
use std::path::Path;

use clap::Args;
use relayspec::terminal::Session;
use relayspec_reference::terminal_host;

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::{client, stop_requested};

pub(super) const ROLE: &str = "terminal.host";

/// The terminal host: runs shells in pseudo terminals, and shares them with viewers that have its code
#[derive(Debug, Args)]
#[command(after_help = client::HELP_HOST)]
pub(super) struct TerminalHostArguments {
    #[command(flatten)]
    pub(super) client: client::ReferenceClientArguments,

    /// The host's id, the same on every connection [default: random]
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// The program of each session [default: $SHELL, or else /bin/sh]
    #[arg(long, value_name = "PROGRAM", conflicts_with = "driver")]
    program: Option<String>,
}

impl TerminalHostArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let (options, params, wrapper) = self.client.options(ROLE)?;
        let client_id = self.client_id.clone().map_or_else(client::random_id, Ok)?;
        let shell = || std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".to_owned());
        let program = self.program.clone().unwrap_or_else(shell);
        let name = Path::new(&program).file_name().map_or(program.clone(), |name| name.to_string_lossy().into_owned());
        let session = Session { id: params.session_id.unwrap_or_else(|| "1".to_owned()), name };
        let (input, output, stop) = (wrapper.input(stdin()), wrapper.output(stdout()), wrapper.stop(stop_requested()));
        self.client
            .run(wrapper, async { terminal_host(options, client_id, session, program, input, output, stop).await })
    }
}
