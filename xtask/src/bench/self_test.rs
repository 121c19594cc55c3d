//! What a whole run of the judge costs: how long it lasts, next to its longest scenario and to the scenarios that wait for nothing.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::measure::{self, median};
use super::table::{Figure, Target};

/// The parts of the judge's report that are read here.
#[derive(Debug, Deserialize)]
struct Report {
    /// In milliseconds.
    duration_ms: f64,
    scenarios: Vec<Scenario>,
}

#[derive(Debug, Deserialize)]
struct Scenario {
    id: String,
    /// Whether it waits for something other than an answer.
    waits: bool,
    /// One that was skipped took no time, and says nothing.
    verdict: String,
    /// In milliseconds.
    duration_ms: f64,
}

/// One run; times are in milliseconds.
#[derive(Debug, PartialEq)]
struct Run {
    conforms: bool,
    wall: f64,
    longest: f64,
    longest_id: String,
    prompt: f64,
    cpu: f64,
}

/// The figures of some self-tests, the median of each: of all roles, and of the pairing relay alone.
pub(super) fn figures(judge: &Path, runs: usize) -> Vec<Figure> {
    let all: Result<Vec<_>> = (0..runs).map(|_| one(judge, &[])).collect();
    let whole = all.map(|runs| median(runs.iter().map(|run| run.wall)));
    let mut figures = vec![Figure::new("self-test of all roles", "ms", whole, Target::Below(15_000.0))];
    figures.extend(relay(judge, runs));
    figures
}

fn relay(judge: &Path, runs: usize) -> Vec<Figure> {
    let runs: Result<Vec<_>> = (0..runs).map(|_| one(judge, &["--role", "pairing.relay"])).collect();
    let runs = match runs {
        Ok(runs) => runs,
        Err(error) => return vec![Figure::new("self-test of the pairing relay", "ms", Err(error), Target::None)],
    };
    let longest = runs.first().map_or("none", |run| &run.longest_id);
    // A failure is for `ci` to report; here it only casts doubt on the figures.
    let failed = if runs.iter().all(|run| run.conforms) { "" } else { " (DID NOT CONFORM)" };
    let of = |part: fn(&Run) -> f64| Ok(median(runs.iter().map(part)));
    vec![
        Figure::new(format!("self-test of the pairing relay{failed}"), "ms", of(|run| run.wall), Target::None),
        Figure::new(format!("its longest scenario ({longest})"), "ms", of(|run| run.longest), Target::None),
        Figure::new("self-test by longest scenario", "", of(|run| run.wall / run.longest), Target::AtMost(1.25)),
        Figure::new("median scenario that waits for nothing", "ms", of(|run| run.prompt), Target::AtMost(3.0)),
        Figure::new("processor time of the self-test", "ms", of(|run| run.cpu), Target::None),
    ]
}

fn one(judge: &Path, selection: &[&str]) -> Result<Run> {
    let path = std::env::temp_dir().join(format!("relayspec-bench-{}.json", std::process::id()));
    let shown = path.to_string_lossy();
    let arguments: Vec<_> = ["self-test", "--report-json", &shown].iter().chain(selection).copied().collect();
    let measured = measure::processor(judge, &arguments);
    let text = fs::read_to_string(&path);
    let _ = fs::remove_file(&path);
    let (cpu, status) = measured?;
    let text = text.with_context(|| format!("`conformance self-test` wrote no report: {status}"))?;
    let report: Report = serde_json::from_str(&text).context("the report is not of the form that is expected")?;
    let run = summed(&report, cpu.as_secs_f64() * 1000.0).context("the report names no scenario")?;
    Ok(Run { conforms: status.success(), ..run })
}

fn summed(report: &Report, cpu: f64) -> Option<Run> {
    let longest = report.scenarios.iter().max_by(|a, b| a.duration_ms.total_cmp(&b.duration_ms))?;
    let prompt = report.scenarios.iter().filter(|scenario| !scenario.waits && scenario.verdict != "skip");
    Some(Run {
        conforms: true,
        wall: report.duration_ms,
        longest: longest.duration_ms,
        longest_id: longest.id.clone(),
        prompt: median(prompt.map(|scenario| scenario.duration_ms)),
        cpu,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_summed_up() {
        let report = r#"{ "duration_ms": 1600, "other": 1, "scenarios": [
            { "id": "pairing/expired-code", "waits": true, "verdict": "pass", "duration_ms": 1500.5, "checks": [] },
            { "id": "pairing/join", "waits": false, "verdict": "fail", "duration_ms": 2 },
            { "id": "pairing/register", "waits": false, "verdict": "fail", "duration_ms": 1 },
            { "id": "pairing/skipped", "waits": false, "verdict": "skip", "duration_ms": 0 }
        ] }"#;
        let report: Report = serde_json::from_str(report).expect("it has the form");
        let expected = Run {
            conforms: true,
            wall: 1600.0,
            longest: 1500.5,
            longest_id: "pairing/expired-code".into(),
            prompt: 1.5,
            cpu: 7.0,
        };
        assert_eq!(summed(&report, 7.0), Some(expected));
    }

    #[test]
    fn a_report_without_scenarios_says_nothing() {
        assert_eq!(summed(&Report { duration_ms: 1.0, scenarios: Vec::new() }, 7.0), None);
    }
}
