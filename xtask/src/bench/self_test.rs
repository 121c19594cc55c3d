//! What a whole self-test costs: its duration, next to its longest scenario and to the scenarios that wait for answers only.

use std::path::Path;

use anyhow::{Context, Result};

use super::measure;
use super::table::{Figure, FigureTarget};
use crate::suite::{self, ReportFolder, SuiteReport, median};

/// One self-test; times are in milliseconds.
#[derive(Debug, PartialEq)]
struct SelfTest {
    conforms: bool,
    wall: f64,
    longest: f64,
    longest_id: String,
    prompt: f64,
    cpu: f64,
}

/// The median figures of some self-tests: of all roles, and of the pairing relay alone.
pub(super) fn figures(runner: &Path, runs: usize) -> Vec<Figure> {
    let all: Result<Vec<_>> = (0..runs).map(|_| run(runner, &[])).collect();
    let wall = all.map(|runs| median(runs.iter().map(|run| run.wall)));
    let mut figures = vec![Figure::new("self-test of all roles", "ms", wall, FigureTarget::Below(15_000.0))];
    figures.extend(relay(runner, runs));
    figures
}

fn relay(runner: &Path, runs: usize) -> Vec<Figure> {
    let name = "self-test of the pairing relay";
    let runs: Result<Vec<_>> = (0..runs).map(|_| run(runner, &["--role", "pairing.relay"])).collect();
    let runs = match runs {
        Ok(runs) => runs,
        Err(error) => return vec![Figure::new(name, "ms", Err(error), FigureTarget::None)],
    };
    let longest = runs.first().map_or("none", |run| &run.longest_id);
    // A failure is for `ci` to report; here it only casts doubt on the figures.
    let failed = if runs.iter().all(|run| run.conforms) { "" } else { " (DID NOT CONFORM)" };
    let of = |part: fn(&SelfTest) -> f64| Ok(median(runs.iter().map(part)));
    let ratio = of(|run| run.wall / run.longest);
    vec![
        Figure::new(format!("{name}{failed}"), "ms", of(|run| run.wall), FigureTarget::None),
        Figure::new(format!("its longest scenario ({longest})"), "ms", of(|run| run.longest), FigureTarget::None),
        Figure::new("self-test by longest scenario", "", ratio, FigureTarget::AtMost(1.25)),
        Figure::new(
            "median scenario that waits for answers only",
            "ms",
            of(|run| run.prompt),
            FigureTarget::AtMost(3.0),
        ),
        Figure::new("processor time of the self-test", "ms", of(|run| run.cpu), FigureTarget::None),
    ]
}

fn run(runner: &Path, selection: &[&str]) -> Result<SelfTest> {
    let folder = ReportFolder::create("bench")?;
    let path = folder.join("report.json");
    let shown = path.to_string_lossy();
    let arguments: Vec<_> = ["self-test", "--report-json", &shown].iter().chain(selection).copied().collect();
    let (cpu, status) = measure::processor(runner, &arguments)?;
    let report = suite::read(&path).with_context(|| format!("`conformance self-test`: {status}"))?;
    let run = summed(&report, cpu.as_secs_f64() * 1000.0).context("the report has no scenario")?;
    Ok(SelfTest { conforms: status.success(), ..run })
}

fn summed(report: &SuiteReport, cpu: f64) -> Option<SelfTest> {
    let longest = report.scenarios.iter().max_by(|a, b| a.duration_ms.total_cmp(&b.duration_ms))?;
    let prompt = report.scenarios.iter().filter(|scenario| !scenario.waits && scenario.verdict != "skip");
    Some(SelfTest {
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
    fn sums_up_a_report() {
        let report = r#"{ "duration_ms": 1600, "other": 1, "scenarios": [
            { "id": "pairing/expired-code", "waits": true, "verdict": "pass", "duration_ms": 1500.5, "checks": [] },
            { "id": "pairing/join", "waits": false, "verdict": "fail", "duration_ms": 2 },
            { "id": "pairing/register", "waits": false, "verdict": "fail", "duration_ms": 1 },
            { "id": "pairing/skipped", "waits": false, "verdict": "skip", "duration_ms": 0 }
        ] }"#;
        let expected = SelfTest {
            conforms: true,
            wall: 1600.0,
            longest: 1500.5,
            longest_id: "pairing/expired-code".into(),
            prompt: 1.5,
            cpu: 7.0,
        };
        assert_eq!(summed(&serde_json::from_str(report).expect("a report"), 7.0), Some(expected));
        assert_eq!(summed(&SuiteReport::default(), 7.0), None);
    }
}
