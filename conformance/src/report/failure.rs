//! A failed check, described so that the author of the subject can act on it.

use relayspec::requirement;

use super::counts::is_not_reached;
use super::style::Style;
use super::text::{count, escape, payload, span, wrap};
use crate::outcome::{CheckOutcome, Finding, ScenarioOutcome, Verdict};
use crate::scenario::SCENARIO_CHECK;

/// At most this many findings of a check are shown; the JSON report has all.
const MOST: usize = 3;

/// The findings of a check: requirement, position, what is wrong, expected and got.
pub(super) fn findings(outcome: &ScenarioOutcome, check: &CheckOutcome, style: Style) -> Vec<String> {
    let mut lines = Vec::new();
    let mut stated = None;
    if check.findings.is_empty() {
        lines.extend(check.requirement.iter().flat_map(|id| statement(id, style)));
        lines.extend(check.reason.iter().flat_map(|reason| wrap(reason, style.width, "  ", "  ")));
    }
    for finding in shown(check) {
        let requirement = finding.requirement.as_ref().or(check.requirement.as_ref());
        if stated != requirement {
            lines.extend(requirement.iter().flat_map(|id| statement(id, style)));
            stated = requirement;
        }
        lines.push(style.dim(&format!("  at {}", position(outcome, finding))));
        lines.extend(wrap(&finding.what, style.width, "  ", "    "));
        let compared = [("expected", &finding.expected), ("got     ", &finding.got)];
        for (name, text) in compared.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
            lines.push(format!("    {}  {}", style.bold(name), payload(text, style.payload())));
        }
        if let Some(noise) = finding.noise_ms.filter(|noise| *noise > 0.0) {
            lines.push(
                style.dim(&format!("    noise     the machine was late by up to {} during this step", span(noise))),
            );
        }
    }
    if check.findings.len() > MOST {
        lines.push(format!("  … and {}", count(check.findings.len() - MOST, "more finding")));
    }
    lines
}

/// The findings of a check that are shown.
pub(super) fn shown(check: &CheckOutcome) -> impl Iterator<Item = &Finding> {
    check.findings.iter().take(MOST)
}

/// `not reached: still-expired (PAIR-32)`: the checks after failed ones.
pub(super) fn not_reached(outcome: &ScenarioOutcome, style: Style) -> Vec<String> {
    let checks: Vec<_> = outcome.checks.iter().filter(|check| is_not_reached(check)).map(named).collect();
    if checks.is_empty() { Vec::new() } else { wrap(&checks.join(", "), style.width, "  not reached: ", "    ") }
}

/// The name of a check, without the scenario's id.
pub(super) fn name(check: &CheckOutcome) -> &str {
    check.id.split_once('#').map_or(&*check.id, |(_, name)| name)
}

/// The name of a check with its requirement.
pub(super) fn named(check: &CheckOutcome) -> String {
    match (&check.requirement, name(check)) {
        (None, SCENARIO_CHECK) if check.verdict == Verdict::Inconclusive => "the rest of the scenario".to_owned(),
        (None, name) => escape(name),
        (Some(requirement), name) => format!("{} ({})", escape(name), escape(requirement)),
    }
}

/// A requirement with its level, roles and text, if the specification has it.
fn statement(id: &str, style: Style) -> Vec<String> {
    let Some(found) = requirement::find(id) else { return vec![format!("  {}", escape(id))] };
    let text = format!("{} {} · {} · {}", found.id, found.level, found.roles.join(", "), found.text);
    wrap(&text, style.width, "  ", "    ")
}

/// `pairing/x.yaml:11:5, 1.552 s into the scenario, on viewer`
fn position(outcome: &ScenarioOutcome, finding: &Finding) -> String {
    let mut text = escape(&outcome.file);
    if let Some(place) = finding.place.filter(|place| place.line > 0) {
        text += &format!(":{place}");
    }
    if let Some(at_ms) = finding.at_ms {
        text += &format!(", {:.3} s into the scenario", at_ms / 1000.0);
    }
    if let Some(connection) = &finding.connection {
        text += &format!(", on {}", escape(connection));
    }
    text
}
