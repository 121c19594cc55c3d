//! Running the runner's suite many times: each run is a process with a JSON report, and so many run at once.

mod listing;
mod throttle;

pub(crate) use listing::{ListedScenario, Mutant, heavy, mutants, one_for_each_requirement, scenarios};
pub(crate) use throttle::Parallelism;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use throttle::Throttle;

/// The parts of a report that are read here. Durations are in milliseconds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SuiteReport {
    pub(crate) duration_ms: f64,
    /// Why the run ended early, if it did.
    pub(crate) problem: Option<String>,
    pub(crate) scenarios: Vec<ScenarioReport>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ScenarioReport {
    pub(crate) id: String,
    /// Whether it waits for something other than an answer.
    pub(crate) waits: bool,
    pub(crate) verdict: String,
    pub(crate) attempts: usize,
    pub(crate) duration_ms: f64,
    pub(crate) checks: Vec<CheckReport>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CheckReport {
    pub(crate) id: String,
    pub(crate) verdict: String,
    pub(crate) requirement: Option<String>,
    /// An earlier check, whose failure is the cause of this one.
    pub(crate) because_of: Option<String>,
    pub(crate) findings: Vec<CheckFinding>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct CheckFinding {
    pub(crate) requirement: Option<String>,
}

/// Runs the runner and reads the report that it writes to this path.
///
/// # Errors
/// If it does not start, does not test, or writes no report.
pub(crate) fn run<T: DeserializeOwned>(runner: &mut Command, report: &Path) -> Result<T> {
    _ = fs::remove_file(report);
    runner.arg("--report-json").arg(report).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = runner.output().context("the runner does not start")?;
    let printed = String::from_utf8_lossy(&output.stderr);
    ensure!(matches!(output.status.code(), Some(0 | 1)), "the runner ended with {}: {}", output.status, printed.trim());
    read(report).with_context(|| printed.trim().to_owned())
}

/// Reads a report.
///
/// # Errors
/// If there is none, or it has another form.
pub(crate) fn read<T: DeserializeOwned>(report: &Path) -> Result<T> {
    let text = fs::read_to_string(report).with_context(|| format!("no report at {}", report.display()))?;
    serde_json::from_str(&text).context("the report has an unexpected form")
}

/// Runs something for each item, several at once. The long ones are spread over the first half, since otherwise all would wait for them at
/// the end. The results are in the order of the items.
pub(crate) fn run_all<T: Sync, R: Send>(
    items: &[T],
    is_long: impl Fn(&T) -> bool,
    parallelism: Parallelism,
    run: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let (throttle, order, next) = (Throttle::new(parallelism), order(items, is_long), AtomicUsize::new(0));
    let work = || {
        let mut results = Vec::new();
        while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let _slot = throttle.slot();
            results.push((index, run(&items[index])));
        }
        results
    };
    let mut results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..parallelism.most.max(1)).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.flat_map(|results| results.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

fn order<T>(items: &[T], is_long: impl Fn(&T) -> bool) -> Vec<usize> {
    let (long, short): (Vec<_>, Vec<_>) = (0..items.len()).partition(|&index| is_long(&items[index]));
    let spread = |of: Vec<usize>, over: usize| {
        let count = of.len();
        of.into_iter().enumerate().map(move |(at, index)| (at * over / count, index))
    };
    let mut order: Vec<_> = spread(long, items.len() / 2).chain(spread(short, items.len())).collect();
    order.sort_by_key(|(at, _)| *at);
    order.into_iter().map(|(_, index)| index).collect()
}

/// The median of some figures, `NaN` if there are none.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.into_iter().collect();
    figures.sort_unstable_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => f64::NAN,
        length if length % 2 == 0 => f64::midpoint(figures[middle - 1], figures[middle]),
        _ => figures[middle],
    }
}

/// A folder for reports, which is removed in the end.
#[derive(Debug)]
pub(crate) struct ReportFolder(PathBuf);

impl ReportFolder {
    /// Creates a folder for the reports of a command.
    ///
    /// # Errors
    /// If it cannot be created.
    pub(crate) fn create(command: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("relayspec-{command}-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }

    /// A path in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for ReportFolder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_long_runs_early() {
        let items = [0, 1, 2, 3, 4, 5, 6, 7];
        assert_eq!(order(&items, |_| false), items);
        assert_eq!(order(&items, |at| [5, 7].contains(at)), [5, 0, 1, 7, 2, 3, 4, 6]);
        assert_eq!(order(&[0; 0], |_| true), [0; 0]);
    }

    #[test]
    fn returns_results_in_the_order_of_the_items() {
        let double = run_all(&[1, 2, 3, 4, 5], |at| at % 2 == 0, Parallelism::fixed(3), |item| item * 2);
        assert_eq!(double, [2, 4, 6, 8, 10]);
    }

    #[test]
    fn computes_the_median() {
        assert!(median([3.0, 1.0, 2.0]).total_cmp(&2.0).is_eq());
        assert!(median([4.0, 1.0, 2.0, 3.0]).total_cmp(&2.5).is_eq());
        assert!(median([]).is_nan());
    }
}
