//! Which requirement an outcome violates.

use crate::outcome::{CheckOutcome, ScenarioOutcome};

/// The first check with the worst verdict of an outcome.
pub(super) fn worst_check(outcome: &ScenarioOutcome) -> Option<&CheckOutcome> {
    outcome.checks.iter().find(|check| check.verdict == outcome.verdict)
}

/// The first requirement that an outcome violates, if any.
pub(super) fn violated(outcome: &ScenarioOutcome) -> Option<String> {
    let check = worst_check(outcome)?;
    let found = check.findings.iter().find_map(|finding| finding.requirement.clone());
    check.requirement.clone().or(found)
}

/// What was found, in one line.
pub(super) fn summary(outcome: &ScenarioOutcome) -> String {
    let Some(check) = worst_check(outcome) else { return String::new() };
    let Some(finding) = check.findings.first() else { return check_label(check) };
    let compared = [("expected", &finding.expected), ("got", &finding.got), ("on", &finding.connection)];
    let compared = compared.iter().filter_map(|(name, text)| Some(format!("; {name} {}", text.as_ref()?)));
    format!("{}: {}{}", check_label(check), finding.what, compared.collect::<String>())
}

/// `PAIR-40 data-arrives`; only the name if there is no requirement.
pub(super) fn check_label(check: &CheckOutcome) -> String {
    let name = check.id.split_once('#').map_or(&*check.id, |(_, name)| name);
    match check.requirement.clone().or_else(|| check.findings.iter().find_map(|found| found.requirement.clone())) {
        Some(requirement) => format!("{requirement} {name}"),
        None => name.to_owned(),
    }
}
