//! The lines on a finished scenario.

use super::totals::violation;
use crate::outcome::{CheckOutcome, ScenarioOutcome, Verdict};
use crate::report::attempts;
use crate::report::counts::{CheckCounts, is_not_reached};
use crate::report::failure::{self, findings, named, not_reached};
use crate::report::style::Style;
use crate::report::text::{count, escape, output, span, wrap};
use crate::report::transcript;

/// At most this many lines of the subject's output are shown: the last ones.
const OUTPUT: usize = 20;

/// The lines on a scenario; on a terminal, passing scenarios have none unless the report is verbose.
pub(super) fn lines(outcome: &ScenarioOutcome, style: Style) -> Vec<String> {
    let is_folded = style.live && !style.verbose && outcome.verdict == Verdict::Pass;
    let mut lines = Vec::new();
    if !is_folded {
        lines.push(headline(outcome, style));
        lines.extend(reasons(outcome, Verdict::Skip, style));
        lines.extend(reasons(outcome, Verdict::Inconclusive, style));
    }
    lines.extend(outcome.checks.iter().filter_map(|check| expected(outcome, check, style)).flatten());
    lines.extend(violations(outcome, style));
    lines
}

/// `pass  pairing/expired-code  (3 checks, 1.6 s)`
fn headline(outcome: &ScenarioOutcome, style: Style) -> String {
    let counts = CheckCounts::of(outcome);
    let checks = count(outcome.checks.len(), "check");
    let passed = counts.summary.passed == outcome.checks.len();
    let mut details = match common_reason(outcome) {
        Some(reason) => escape(reason),
        None if passed => format!("{checks}, {}", span(outcome.duration_ms)),
        None => format!("{checks}: {}; {}", counts.words(), span(outcome.duration_ms)),
    };
    match outcome.attempts {
        0 | 1 => {}
        2 => details += "; run twice",
        more => details += &format!("; run {more} times"),
    }
    let word = style.verdict(outcome.verdict, outcome.verdict.word());
    format!("{word}  {}  {}", escape(outcome.id.as_str()), style.dim(&format!("({details})")))
}

/// The reason for which the whole scenario was skipped or is inconclusive, if it is a single one.
fn common_reason(outcome: &ScenarioOutcome) -> Option<&str> {
    let whole = matches!(outcome.verdict, Verdict::Skip | Verdict::Inconclusive);
    let reason = outcome.checks.first()?.reason.as_deref()?;
    let same = |check: &CheckOutcome| check.verdict == outcome.verdict && check.reason.as_deref() == Some(reason);
    (whole && outcome.checks.iter().all(same)).then_some(reason)
}

/// `  skip  stays-open, heartbeat: the subject sends no Pings`: one line for each reason.
fn reasons(outcome: &ScenarioOutcome, verdict: Verdict, style: Style) -> Vec<String> {
    if common_reason(outcome).is_some() {
        return Vec::new();
    }
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    let undecided =
        |check: &&CheckOutcome| check.verdict == verdict && check.expected_failure.is_none() && !is_not_reached(check);
    for check in outcome.checks.iter().filter(undecided) {
        let reason = check.reason.as_deref().unwrap_or("no reason given");
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, names)) => names.push(escape(failure::name(check))),
            None => reasons.push((reason, vec![escape(failure::name(check))])),
        }
    }
    let word = style.verdict(verdict, verdict.word());
    let line = |(reason, names): (&str, Vec<String>)| format!("  {word}  {}: {}", names.join(", "), escape(reason));
    reasons.into_iter().map(line).collect()
}

/// `expected  pairing/expired-code#refused: the reason`, if the baseline has one.
fn expected(outcome: &ScenarioOutcome, check: &CheckOutcome, style: Style) -> Option<Vec<String>> {
    let reason = check.expected_failure.as_ref().filter(|_| check.because_of.is_none())?;
    let unreached = outcome.checks.iter().filter(|other| other.because_of.as_ref() == Some(&check.id));
    let unreached: Vec<_> = unreached.map(named).collect();
    let unreached = match unreached.is_empty() {
        true => String::new(),
        false => format!(" (not reached because of it: {})", unreached.join(", ")),
    };
    let text = format!("{}: {}{unreached}", escape(&check.id), escape(reason));
    Some(wrap(&text, style.width, "expected  ", "    "))
}

/// The failed checks in full, then the warnings; the transcript once.
fn violations(outcome: &ScenarioOutcome, style: Style) -> Vec<String> {
    let of = |verdict| outcome.checks.iter().filter(move |check| violation(check) == Some(verdict));
    let checks: Vec<_> = of(Verdict::Fail).chain(of(Verdict::Warn)).collect();
    let Some(worst) = checks.first() else { return Vec::new() };
    let has_failed = worst.verdict == Verdict::Fail;

    let mut lines = vec![String::new()];
    for check in &checks {
        let word = style.verdict(check.verdict, &check.verdict.word().to_uppercase());
        lines.push(format!("{word}  {}", style.bold(&escape(&check.id))));
        lines.extend(findings(outcome, check, style));
        lines.push(String::new());
    }
    // What follows concerns all of them; after a single one there is no empty line.
    if checks.len() == 1 {
        lines.pop();
    }
    if has_failed || style.verbose {
        let found: Vec<_> = checks.iter().flat_map(|check| failure::shown(check)).collect();
        lines.extend(attempts::drawn(outcome, style));
        lines.extend(transcript::table(outcome, &found, style));
    }
    lines.extend(not_reached(outcome, style));
    if has_failed {
        lines.extend(printed(&outcome.output, "  ", style));
    }
    lines.push(String::new());
    lines
}

/// The last lines of the subject's output, with a heading.
pub(super) fn printed(text: &str, indent: &str, style: Style) -> Vec<String> {
    let all = output(text, style.width.saturating_sub(4).max(20));
    if all.is_empty() {
        return Vec::new();
    }
    let start = all.len().saturating_sub(OUTPUT);
    let heading = format!("{indent}output of the subject:");
    let lines = all[start..].iter().map(|line| format!("{indent}  {line}"));
    [style.dim(&heading)].into_iter().chain(lines).collect()
}
