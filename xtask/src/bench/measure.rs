//! Running a program and taking its times: wall clock, and the processor time of it and of all that it started and waited for.

use std::fs;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::cargo;

/// How long a program runs, from start to end, its output dropped.
///
/// # Errors
/// Where it does not start or fails: a failure may well be faster.
pub(super) fn wall(program: &Path, arguments: &[&str]) -> Result<Duration> {
    let mut command = cargo::program(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    cargo::run(&mut command)?;
    Ok(start.elapsed())
}

/// The processor time of a program, in user mode and in the kernel together, its output dropped, and how it ended. The shell's
/// `times` is the one portable way to ask for the time of processes that have ended; what nobody waited for does not count.
///
/// # Errors
/// Where there is no bash, or it says something unexpected.
pub(super) fn processor(program: &Path, arguments: &[&str]) -> Result<(Duration, ExitStatus)> {
    let mut command = cargo::program("bash");
    command.args(["-c", r#""$@" >/dev/null 2>&1; status=$?; times; exit $status"#, "bash"]);
    command.arg(program).args(arguments).env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().context("`bash` does not start")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let time = children(&printed).with_context(|| format!("`times` printed something unexpected: {printed}"))?;
    Ok((time, output.status))
}

/// What else the machine does, in half a sentence, where that is enough to spoil a measurement and the system tells.
pub(super) fn busy() -> Option<String> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    let load: f64 = text.split_whitespace().next()?.parse().ok()?;
    let processors = thread::available_parallelism().ok()?.get();
    let is_busy = load > f64::from(u32::try_from(processors).ok()?) / 2.0;
    is_busy.then(|| format!("before this bench the load was {load} on {processors} processors"))
}

/// What `times` says of the shell's children, in its second line: `0m0.012s 0m0.003s`.
fn children(printed: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for time in printed.lines().nth(1)?.split_whitespace() {
        let (minutes, seconds) = time.strip_suffix('s')?.split_once('m')?;
        sum += Duration::from_secs(60 * minutes.parse::<u64>().ok()?);
        sum += Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
    }
    Some(sum)
}

/// The middle of some figures, which may be none: then it is not a number.
pub(super) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.into_iter().collect();
    figures.sort_unstable_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => f64::NAN,
        length if length % 2 == 0 => f64::midpoint(figures[middle - 1], figures[middle]),
        _ => figures[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_between_two_or_is_one() {
        assert!(median([3.0, 1.0, 2.0]).total_cmp(&2.0).is_eq());
        assert!(median([4.0, 1.0, 2.0, 3.0]).total_cmp(&2.5).is_eq());
        assert!(median([]).is_nan());
    }

    #[test]
    fn the_times_of_children_are_added() {
        assert_eq!(children("0m9.000s 0m9.000s\n1m0.250s 0m0.500s\n"), Some(Duration::from_millis(60_750)));
        assert_eq!(children("0m9.000s 0m9.000s\n"), None);
        assert_eq!(children("a\nb c\n"), None);
    }
}
