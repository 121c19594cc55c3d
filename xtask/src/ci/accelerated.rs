//! The self-test with the default timing of the specification, accelerated so that minutes pass in seconds.

use std::path::Path;
use std::process::Stdio;

use super::sequence::Step;
use crate::cargo;

const NAME: &str = "accelerated self-test";

/// How many times as fast. A few times faster still, the machine's own delays would count for too much.
const SPEED: &str = "20";

/// The step, skipped without libfaketime, since it would then take many minutes.
pub(super) fn step(runner: &Path) -> Step {
    if !available() {
        return Step::skipped(NAME, "libfaketime is missing (Debian: apt-get install faketime)");
    }
    let mut command = cargo::program(runner);
    command.args(["self-test", "--speed", SPEED]);
    Step::command(NAME, command)
}

/// Packages bring a program with the library; the path of a library that was built by hand is in a variable, which the runner reads too.
fn available() -> bool {
    let program = || cargo::program("faketime").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    std::env::var_os("CONFORMANCE_FAKETIME").is_some() || program().is_ok_and(|status| status.success())
}
