//! What is told when a run is over.

use super::super::conclusion::Conclusion;
use super::super::style::Style;
use super::super::tally::Tally;
use super::super::text::{count, span, wrap};
use super::RunTotals;
use super::scenario::printed;
use crate::event::RunEnd;
use crate::outcome::Verdict;

/// The closing lines: what went wrong, the counts, the conclusion.
pub(super) fn lines(end: &RunEnd, seen: &RunTotals, style: Style) -> Vec<String> {
    let conclusion = Conclusion::of(end);
    let output = if conclusion == Conclusion::Conforms { Vec::new() } else { printed(&end.output, "", style) };
    let failed = match &*seen.failed {
        [] => Vec::new(),
        failed => [style.bold("failed:")].into_iter().chain(failed.iter().map(|id| format!("  {id}"))).collect(),
    };
    let stale = end.stale_baseline.iter().flat_map(|stale| wrap(stale, style.width, "baseline: ", "    ")).collect();
    let problem = end.problem.iter().flat_map(|problem| wrap(problem, style.width, "problem: ", "    ")).collect();
    let played = end.summary.scenarios > 0;
    let last = played.then(|| counts(end, seen)).into_iter().chain([verdict(end, conclusion, style)]).collect();

    let sections: [Vec<String>; 5] = [output, failed, stale, problem, last];
    sections.into_iter().flat_map(|section| [String::new()].into_iter().chain(section)).collect()
}

fn counts(end: &RunEnd, seen: &RunTotals) -> String {
    let tally = Tally { summary: end.summary, ..seen.tally };
    let scenarios = count(end.summary.scenarios, "scenario");
    let checks = count(end.summary.checks(), "check");
    format!("{scenarios}, {checks}: {} ({})", tally.words(), span(end.duration_ms))
}

/// `conforms`, and what to know about that.
fn verdict(end: &RunEnd, conclusion: Conclusion, style: Style) -> String {
    let summary = &end.summary;
    let color = match conclusion {
        Conclusion::Conforms => Verdict::Pass,
        Conclusion::DoesNotConform => Verdict::Fail,
        Conclusion::NotJudged => Verdict::Inconclusive,
    };
    let mut text = style.verdict(color, conclusion.words());
    if conclusion == Conclusion::Conforms && summary.expected > 0 {
        text += &format!(", but for {}", count(summary.expected, "expected failure"));
    }
    if conclusion == Conclusion::NotJudged && end.problem.is_none() {
        text += &match summary.inconclusive {
            0 => ": no check was played".to_owned(),
            some => format!(": {some} of {} could not be judged", count(summary.checks(), "check")),
        };
    }
    if !end.stale_baseline.is_empty() {
        text += "; the baseline is out of date";
    }
    text
}
