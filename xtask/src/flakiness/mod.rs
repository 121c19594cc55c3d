//! `cargo xtask flakiness`: runs the whole self-test many times, on a quiet machine or a busy one. The references do not change from run to
//! run, so no verdict may.

mod load;
mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::suite::{self, ReportFolder, SuiteReport};
use crate::{cargo, runner};
use load::Load;

/// Options of `cargo xtask flakiness`.
#[derive(Debug, clap::Args)]
pub(crate) struct FlakinessOptions {
    /// How many self-tests to run [default: 50, or 20 with --load]
    #[arg(long, value_name = "N")]
    runs: Option<usize>,

    /// Keep each core busy with `stress-ng`
    #[arg(long)]
    load: bool,

    /// Leave docs/flakiness.md as it is
    #[arg(long)]
    dry: bool,
}

/// The verdicts of all runs.
#[derive(Debug, Default)]
struct Tally {
    runs: usize,
    passed: usize,
    /// Checks that did not apply.
    skipped: usize,
    /// How many checks each run has, after the first one.
    checks: Option<usize>,
    /// Each wrong verdict, with the number of its run, from 1.
    wrong: Vec<String>,
    /// How often each scenario was rerun in isolation.
    reruns: BTreeMap<String, usize>,
    /// The duration of each run, in ms.
    walls: Vec<f64>,
}

/// Runs the self-tests, prints the figures and writes them to the page.
///
/// # Errors
/// If a verdict is wrong, or a run has other checks than the first one.
pub(crate) fn run(options: &FlakinessOptions) -> Result<()> {
    let runner = runner::release()?;
    let runs = options.runs.unwrap_or(if options.load { 20 } else { 50 });
    ensure!(runs > 0, "--runs must be at least 1");
    let load = options.load.then(Load::start).transpose()?;
    let tally = run_all(&runner, runs)?;
    load.map_or(Ok(()), Load::stop)?;
    println!("{}", page::line(&tally));
    if !options.dry {
        page::write(&tally, options.load)?;
    }
    match tally.wrong.len() {
        0 => Ok(()),
        count => bail!("{count} wrong verdicts in {runs} runs"),
    }
}

fn run_all(runner: &Path, runs: usize) -> Result<Tally> {
    let folder = ReportFolder::create("flakiness")?;
    let report = folder.join("report.json");
    let mut tally = Tally::default();
    for number in 1..=runs {
        let (known, before) = (tally.wrong.len(), tally.reruns.values().sum::<usize>());
        tally.add(number, suite::run(cargo::program(runner).arg("self-test"), &report)?)?;
        let (wrong, reruns) = (&tally.wrong[known..], tally.reruns.values().sum::<usize>() - before);
        let wall = tally.walls.last().copied().unwrap_or_default() / 1e3;
        println!("{number}/{runs}: {} wrong, {reruns} reruns in isolation, {wall:.1} s", wrong.len());
        wrong.iter().for_each(|wrong| println!("  {wrong}"));
        if !wrong.is_empty() {
            // Beside the folder, which is removed.
            let kept =
                std::env::temp_dir().join(format!("relayspec-flakiness-{}-run-{number}.json", std::process::id()));
            fs::copy(&report, &kept).with_context(|| format!("cannot keep {}", kept.display()))?;
            println!("  report: {}", kept.display());
        }
    }
    Ok(tally)
}

impl Tally {
    fn add(&mut self, number: usize, report: SuiteReport) -> Result<()> {
        if let Some(problem) = report.problem {
            bail!("run {number} ended early: {problem}");
        }
        let count = report.scenarios.iter().map(|scenario| scenario.checks.len()).sum();
        let checks = *self.checks.get_or_insert(count);
        ensure!(count == checks && count > 0, "run {number} has {count} checks, the first one {checks}");
        self.runs += 1;
        self.walls.push(report.duration_ms);
        for scenario in report.scenarios {
            if scenario.attempts > 1 {
                *self.reruns.entry(scenario.id).or_default() += scenario.attempts - 1;
            }
            for check in scenario.checks {
                match &*check.verdict {
                    "pass" => self.passed += 1,
                    "skip" => self.skipped += 1,
                    verdict => self.wrong.push(format!("run {number}: {}: {verdict}", check.id)),
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_wrong_verdicts_and_rejects_other_runs() {
        let report = r#"{"duration_ms": 1500.0, "scenarios": [
            {"id": "a/b", "attempts": 2, "checks": [{"id": "a/b#story", "verdict": "pass"}, {"id": "a/b#c", "verdict": "inconclusive"}]},
            {"id": "a/d", "attempts": 1, "checks": [{"id": "a/d#e", "verdict": "skip"}]}
        ]}"#;
        let mut tally = Tally::default();
        tally.add(3, serde_json::from_str(report).expect("a report")).expect("a run");
        assert_eq!((tally.runs, tally.passed, tally.skipped), (1, 1, 1));
        assert_eq!(tally.wrong, ["run 3: a/b#c: inconclusive"]);
        assert_eq!(tally.reruns, BTreeMap::from([("a/b".to_owned(), 1)]));

        for (report, problem) in [
            (r#"{"duration_ms": 1.0, "scenarios": []}"#, "run 4 has 0 checks, the first one 3"),
            (r#"{"duration_ms": 1.0, "problem": "no server", "scenarios": []}"#, "run 4 ended early: no server"),
        ] {
            let error = tally.add(4, serde_json::from_str(report).expect("a report")).expect_err("no run");
            assert_eq!(error.to_string(), problem);
        }
        assert_eq!(tally.runs, 1);
    }
}
