//! Prints the answers of the commands that judge nothing.

use std::io::{self, Write as _};

use super::exit::{Exit, Failure};

/// Prints an answer, which ends the command. A reader who has seen enough, as `head` has, is no fault.
pub(super) fn print(text: &str) -> Result<Exit, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::harness(format!("the answer cannot be written: {error}")))
        }
        _ => Ok(Exit::Conforms),
    }
}
