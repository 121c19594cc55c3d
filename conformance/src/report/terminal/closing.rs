//! The closing lines of a run.

use super::scenario::printed;
use super::totals::RunTotals;
use crate::event::RunEnd;
use crate::outcome::Verdict;
use crate::report::conclusion::Conclusion;
use crate::report::counts::CheckCounts;
use crate::report::style::Style;
use crate::report::text::{count, span, wrap};

/// The closing lines: what went wrong, the counts, the conclusion.
pub(super) fn lines(end: &RunEnd, totals: &RunTotals, style: Style) -> Vec<String> {
    let conclusion = Conclusion::of(end);
    let output = if conclusion == Conclusion::Conforms { Vec::new() } else { printed(&end.output, "", style) };
    let failed = match &*totals.failed {
        [] => Vec::new(),
        failed => [style.bold("failed:")].into_iter().chain(failed.iter().map(|id| format!("  {id}"))).collect(),
    };
    let stale = end.stale_baseline.iter().flat_map(|stale| wrap(stale, style.width, "baseline: ", "    ")).collect();
    let problem = end.problem.iter().flat_map(|problem| wrap(problem, style.width, "problem: ", "    ")).collect();
    let has_run = end.summary.scenarios > 0;
    let last = has_run.then(|| counts(end, totals)).into_iter().chain([verdict(end, conclusion, style)]).collect();

    let sections: [Vec<String>; 5] = [output, failed, stale, problem, last];
    sections.into_iter().flat_map(|section| [String::new()].into_iter().chain(section)).collect()
}

fn counts(end: &RunEnd, totals: &RunTotals) -> String {
    let counts = CheckCounts { summary: end.summary, ..totals.counts };
    let scenarios = count(end.summary.scenarios, "scenario");
    let checks = count(end.summary.checks(), "check");
    format!("{scenarios}, {checks}: {} ({})", counts.words(), span(end.duration_ms))
}

/// `conforms`, with its reservations.
fn verdict(end: &RunEnd, conclusion: Conclusion, style: Style) -> String {
    let summary = &end.summary;
    let color = match conclusion {
        Conclusion::Conforms => Verdict::Pass,
        Conclusion::DoesNotConform => Verdict::Fail,
        Conclusion::Inconclusive => Verdict::Inconclusive,
    };
    let mut text = style.verdict(color, conclusion.words());
    if conclusion == Conclusion::Conforms && summary.expected > 0 {
        text += &format!(", except for {}", count(summary.expected, "expected failure"));
    }
    if conclusion == Conclusion::Inconclusive && end.problem.is_none() {
        text += &match summary.inconclusive {
            0 => ": no check ran".to_owned(),
            some => format!(": {some} of {}", count(summary.checks(), "check")),
        };
    }
    if !end.stale_baseline.is_empty() {
        text += "; the baseline is out of date";
    }
    text
}
