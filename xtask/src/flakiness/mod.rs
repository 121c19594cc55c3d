//! `cargo xtask flakiness`: the whole self-test many times in a row, on a machine that is left alone or on one that is kept busy. The reference does
//! not change from run to run, so no verdict may.

mod load;
mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{cargo, runner};
use load::Load;

/// How to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many self-tests; 50 unless given, and 20 under load
    #[arg(long, value_name = "N")]
    runs: Option<usize>,

    /// Keep each core busy meanwhile, with `stress-ng`
    #[arg(long)]
    load: bool,

    /// Leave docs/flakiness.md as it is
    #[arg(long)]
    dry: bool,
}

/// What the runs came to.
#[derive(Debug, Default)]
struct Tally {
    runs: usize,
    /// Checks that passed, in all runs.
    passed: usize,
    /// Checks that did not apply.
    skipped: usize,
    /// How many checks each run has, once there was one.
    checks: Option<usize>,
    /// What each wrong verdict was, with the number of its run, counted from 1.
    wrong: Vec<String>,
    /// How often each scenario was played again because nobody could tell.
    again: BTreeMap<String, usize>,
    /// How long each run took, in ms.
    walls: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct Report {
    duration_ms: f64,
    /// Why not all was judged, where that is so.
    #[serde(default)]
    problem: Option<String>,
    scenarios: Vec<Scenario>,
}

#[derive(Debug, Deserialize)]
struct Scenario {
    id: String,
    attempts: usize,
    checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
struct Check {
    id: String,
    verdict: String,
}

/// Runs the self-tests and writes what came of them.
///
/// # Errors
/// Where a verdict is wrong, or a run does not judge what the others judge.
pub(crate) fn run(options: &Options) -> Result<()> {
    let judge = runner::release()?;
    let runs = options.runs.unwrap_or(if options.load { 20 } else { 50 });
    ensure!(runs > 0, "no run shows nothing: --runs is at least 1");
    let report = std::env::temp_dir().join(format!("relayspec-flakiness-{}.json", std::process::id()));
    let load = options.load.then(Load::start).transpose()?;
    let tally = all(&judge, runs, &report);
    _ = fs::remove_file(&report);
    let tally = tally?;
    load.map_or(Ok(()), Load::end)?;
    println!("{}", page::line(&tally));
    if !options.dry {
        page::write(&tally, options.load)?;
    }
    match tally.wrong.len() {
        0 => Ok(()),
        count => bail!("{count} wrong verdicts in {runs} runs"),
    }
}

fn all(judge: &Path, runs: usize, report: &Path) -> Result<Tally> {
    let mut tally = Tally::default();
    for number in 1..=runs {
        let told = one(judge, report)?;
        let (wrong, again) = (tally.wrong.len(), tally.again.values().sum::<usize>());
        tally.add(number, told)?;
        let (wrong, again) = (&tally.wrong[wrong..], tally.again.values().sum::<usize>() - again);
        let wall = tally.walls.last().copied().unwrap_or_default() / 1e3;
        println!("{number}/{runs}: {} wrong, {again} played again, {wall:.1} s", wrong.len());
        wrong.iter().for_each(|wrong| println!("  {wrong}"));
        if !wrong.is_empty() {
            let kept = report.with_extension(format!("run-{number}.json"));
            fs::rename(report, &kept).with_context(|| format!("{} cannot be kept", kept.display()))?;
            println!("  what it said: {}", kept.display());
        }
    }
    Ok(tally)
}

/// One self-test. Its report says more than its status.
fn one(judge: &Path, report: &Path) -> Result<Report> {
    _ = fs::remove_file(report);
    let mut command = cargo::program(judge);
    command.args(["self-test", "--report-json"]).arg(report).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = command.output().context("the judge cannot be started")?;
    let text = fs::read_to_string(report)
        .with_context(|| format!("no report, but: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
    serde_json::from_str(&text).context("the report is not what was expected")
}

impl Tally {
    /// Counts a run.
    ///
    /// # Errors
    /// Where it has not judged all that the first one has.
    fn add(&mut self, number: usize, report: Report) -> Result<()> {
        if let Some(problem) = report.problem {
            bail!("run {number} was cut short: {problem}");
        }
        let count = report.scenarios.iter().map(|scenario| scenario.checks.len()).sum();
        let checks = *self.checks.get_or_insert(count);
        ensure!(count == checks && count > 0, "run {number} has {count} checks, and the first one {checks}");
        self.runs += 1;
        self.walls.push(report.duration_ms);
        for scenario in report.scenarios {
            if scenario.attempts > 1 {
                *self.again.entry(scenario.id).or_default() += scenario.attempts - 1;
            }
            for Check { id, verdict } in scenario.checks {
                match &*verdict {
                    "pass" => self.passed += 1,
                    "skip" => self.skipped += 1,
                    _ => self.wrong.push(format!("run {number}: {id} says {verdict}")),
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
    fn all_but_passing_and_not_applying_is_wrong() {
        let report = r#"{"duration_ms": 1500.0, "scenarios": [
            {"id": "a/b", "attempts": 2, "checks": [{"id": "a/b#story", "verdict": "pass"}, {"id": "a/b#c", "verdict": "inconclusive"}]},
            {"id": "a/d", "attempts": 1, "checks": [{"id": "a/d#e", "verdict": "skip"}]}
        ]}"#;
        let mut tally = Tally::default();
        tally.add(3, serde_json::from_str(report).expect("a report")).expect("a run");
        assert_eq!((tally.runs, tally.passed, tally.skipped), (1, 1, 1));
        assert_eq!(tally.wrong, ["run 3: a/b#c says inconclusive"]);
        assert_eq!(tally.again, BTreeMap::from([("a/b".to_owned(), 1)]));

        for (report, problem) in [
            (r#"{"duration_ms": 1.0, "scenarios": []}"#, "run 4 has 0 checks, and the first one 3"),
            (r#"{"duration_ms": 1.0, "problem": "no server", "scenarios": []}"#, "run 4 was cut short: no server"),
        ] {
            let error = tally.add(4, serde_json::from_str(report).expect("a report")).expect_err("no run");
            assert_eq!(error.to_string(), problem);
        }
        assert_eq!(tally.runs, 1, "they do not count");
    }
}
