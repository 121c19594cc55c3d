//! The judge's verdict on the reference with the default times of the specification, in which minutes pass in seconds.

use std::path::Path;
use std::process::Stdio;

use super::sequence::Step;
use crate::cargo;

const NAME: &str = "self-test at speed";

/// How many times as fast. A few times faster still, and the machine's own delays would count for too much.
const SPEED: &str = "20";

/// The judge would take real time where it has no libfaketime, and that is many minutes: the step is left out then.
pub(super) fn step(judge: &Path) -> Step {
    if !available() {
        return Step::skipped(
            NAME,
            "libfaketime is missing: nobody has judged the default times (Debian: apt-get install faketime)",
        );
    }
    let mut command = cargo::program(judge);
    command.args(["self-test", "--speed", SPEED]);
    Step::command(NAME, command)
}

/// Packages bring the library together with a program of this name; a library that was built by hand is told of by the
/// variable that the judge reads too.
fn available() -> bool {
    let program = || cargo::program("faketime").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    std::env::var_os("CONFORMANCE_FAKETIME").is_some() || program().is_ok_and(|status| status.success())
}
