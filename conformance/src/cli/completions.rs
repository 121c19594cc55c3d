//! `conformance completions`: prints a completion script for a shell.

use clap::{Args, Command};
use clap_complete::Shell;

use super::answer;
use super::error::CommandError;
use super::status::ExitStatus;

/// Print a completion script for a shell
#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell.
    shell: Shell,
}

pub(super) fn run(arguments: &CompletionsArguments, mut command: Command) -> Result<ExitStatus, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "conformance", &mut script);
    answer::print(&String::from_utf8_lossy(&script))
}
