//! Running a program and measuring it: wall-clock time, and the processor time of it and of its child processes.

use std::fs;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::cargo;

/// The wall-clock time of a program, its output dropped.
///
/// # Errors
/// If it does not start, or fails: a failure may be faster.
pub(super) fn wall(program: &Path, arguments: &[&str]) -> Result<Duration> {
    let mut command = cargo::program(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    cargo::run(&mut command)?;
    Ok(start.elapsed())
}

/// The processor time of a program, user and system together, its output dropped, and how it ended. The shell's `times` is the portable way
/// to ask for the time of processes that have ended.
///
/// # Errors
/// If there is no bash, or it prints something unexpected.
pub(super) fn processor(program: &Path, arguments: &[&str]) -> Result<(Duration, ExitStatus)> {
    let mut command = cargo::program("bash");
    command.args(["-c", r#""$@" >/dev/null 2>&1; status=$?; times; exit $status"#, "bash"]);
    command.arg(program).args(arguments).env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().context("`bash` does not start")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let time = children(&printed).with_context(|| format!("`times` printed something unexpected: {printed}"))?;
    Ok((time, output.status))
}

/// The load of the machine, in half a sentence, if it is high enough to spoil a measurement.
pub(super) fn busy() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    let load: f64 = text.split_whitespace().next()?.parse().ok()?;
    let processors = thread::available_parallelism().ok()?.get();
    let is_busy = load > f64::from(u32::try_from(processors).ok()?) / 2.0;
    is_busy.then(|| format!("before this bench the load was {load} on {processors} processors"))
}

/// The times of the shell's children, from the second line of `times`: `0m0.012s 0m0.003s`.
fn children(printed: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for time in printed.lines().nth(1)?.split_whitespace() {
        let (minutes, seconds) = time.strip_suffix('s')?.split_once('m')?;
        sum += Duration::from_secs(60 * minutes.parse::<u64>().ok()?);
        sum += Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_the_times_of_children() {
        assert_eq!(children("0m9.000s 0m9.000s\n1m0.250s 0m0.500s\n"), Some(Duration::from_millis(60_750)));
        assert_eq!(children("0m9.000s 0m9.000s\n"), None);
        assert_eq!(children("a\nb c\n"), None);
    }
}
