//! The JUnit XML report for CI services: a suite for each scenario, a case for each check.

use std::path::Path;
use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::failure::{self, findings, not_reached};
use super::file::ReportFile;
use super::run_report::RunReport;
use super::sink::{Report, ReportError};
use super::style::Style;
use super::text::{escape, output};
use super::{attempts, transcript};
use crate::event::Event;
use crate::outcome::{CheckOutcome, ScenarioOutcome, Verdict};

/// The JUnit report, written when the run is over.
#[derive(Debug)]
pub struct Junit {
    file: ReportFile,
    report: RunReport,
}

/// It is not for terminals, but long lines are cut all the same.
const STYLE: Style = Style { color: false, live: false, verbose: false, width: 400 };

impl Junit {
    /// A report to a file, which appears or changes only when the run is over.
    pub fn create(path: &Path) -> Result<Self, ReportError> {
        Ok(Self { file: ReportFile::create(path)?, report: RunReport::default() })
    }
}

impl Report for Junit {
    fn event(&mut self, event: &Event) -> Result<(), ReportError> {
        if !self.report.add(event) {
            return Ok(());
        }
        let text = document(&self.report).to_string().map_err(|error| self.file.error(error))?;
        self.file.write(&text)
    }
}

fn document(report: &RunReport) -> quick_junit::Report {
    let mut document = quick_junit::Report::new("conformance");
    document.set_time(duration(report.duration_ms));
    document.add_test_suites(report.scenarios.iter().map(suite));
    if report.problem.is_some() || !report.stale_baseline.is_empty() {
        document.add_test_suite(run(report));
    }
    document
}

fn suite(outcome: &ScenarioOutcome) -> TestSuite {
    let mut suite = TestSuite::new(escape(outcome.id.as_str()));
    suite.set_time(duration(outcome.duration_ms));
    suite.add_test_cases(outcome.checks.iter().map(|check| case(outcome, check)));
    if !outcome.output.is_empty() {
        suite.set_system_out(printed(&outcome.output));
    }
    suite
}

fn case(outcome: &ScenarioOutcome, check: &CheckOutcome) -> TestCase {
    let requirement = check.requirement.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    let name = escape(&format!("{}{requirement}", failure::name(check)));
    let mut case = TestCase::new(name, status(outcome, check));
    case.set_classname(escape(outcome.id.as_str()));
    if check.verdict == Verdict::Warn && check.expected_failure.is_none() {
        case.set_system_out(format!("warning:\n{}\n", findings(outcome, check, STYLE).join("\n")));
    }
    case
}

fn status(outcome: &ScenarioOutcome, check: &CheckOutcome) -> TestCaseStatus {
    let skipped = |message: String| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(escape(&message));
        status
    };
    if let Some(reason) = &check.expected_failure {
        return skipped(format!("expected failure: {reason}"));
    }
    match check.verdict {
        Verdict::Pass | Verdict::Warn => TestCaseStatus::success(),
        Verdict::Skip => skipped(message(check)),
        // The check that kept it from being reached is a failure already.
        Verdict::Inconclusive if check.because_of.is_some() => skipped(message(check)),
        Verdict::Inconclusive => non_success(NonSuccessKind::Error, &message(check), "inconclusive"),
        Verdict::Fail => {
            let mut status = non_success(NonSuccessKind::Failure, &message(check), "fail");
            status.set_description(description(outcome, check));
            status
        }
    }
}

/// The check in a sentence: its first finding, or the reason for its verdict.
fn message(check: &CheckOutcome) -> String {
    let Some(finding) = check.findings.first() else { return check.reason.clone().unwrap_or_default() };
    match finding.requirement.as_ref().or(check.requirement.as_ref()) {
        Some(requirement) => format!("{requirement}: {}", finding.what),
        None => finding.what.clone(),
    }
}

fn description(outcome: &ScenarioOutcome, check: &CheckOutcome) -> String {
    let found: Vec<_> = failure::shown(check).collect();
    let mut lines = vec![String::new()];
    lines.extend(findings(outcome, check, STYLE));
    lines.extend(attempts::drawn(outcome, STYLE));
    lines.extend(transcript::table(outcome, &found, STYLE));
    lines.extend(not_reached(outcome, STYLE));
    lines.push(String::new());
    lines.join("\n")
}

/// Problems of the run itself: it was cut short, or its baseline is out of date.
fn run(report: &RunReport) -> TestSuite {
    let mut suite = TestSuite::new("run");
    let problem = report.problem.iter().map(|problem| ("run", NonSuccessKind::Error, problem));
    let stale = report.stale_baseline.iter().map(|stale| ("baseline", NonSuccessKind::Failure, stale));
    for (name, kind, message) in problem.chain(stale) {
        let mut case = TestCase::new(name, non_success(kind, message, name));
        case.set_classname("run");
        suite.add_test_case(case);
    }
    if !report.output.is_empty() {
        suite.set_system_out(printed(&report.output));
    }
    suite
}

fn non_success(kind: NonSuccessKind, message: &str, ty: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(escape(message)).set_type(ty);
    status
}

fn printed(text: &str) -> XmlString {
    XmlString::new(output(text, STYLE.width).join("\n"))
}

fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}
