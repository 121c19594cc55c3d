//! A stand-in for your server: runs the reference relay with the same arguments.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let program = std::env::var_os("CONFORMANCE_PROGRAM").unwrap_or_else(|| "conformance".into());
    let error = Command::new(&program).args(["reference", "pairing-relay"]).args(std::env::args_os().skip(1)).exec();
    eprintln!("cannot start `{}`: {error}", program.display());
    ExitCode::FAILURE
}
