//! Prints the output of the commands that test nothing.

use std::io::{self, Write as _};

use super::error::CommandError;
use super::status::ExitStatus;

/// Prints a text, which ends the command. A closed pipe, as with `head`, is not an error.
pub(super) fn print(text: &str) -> Result<ExitStatus, CommandError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CommandError::Print(error)),
        _ => Ok(ExitStatus::Conforms),
    }
}
