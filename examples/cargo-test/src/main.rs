//! Stands in the place of your server: it becomes the reference relay, with the arguments that it was given.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let program = std::env::var_os("CONFORMANCE_PROGRAM").unwrap_or_else(|| "conformance".into());
    let error = Command::new(&program).args(["reference", "pairing-relay"]).args(std::env::args_os().skip(1)).exec();
    eprintln!("`{}` does not start: {error}", program.display());
    ExitCode::FAILURE
}
