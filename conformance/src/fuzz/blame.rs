//! What an outcome says of the subject.

use crate::outcome::{CheckOutcome, ScenarioOutcome};

/// The first check of an outcome that is broken as badly as any.
pub(super) fn broken(outcome: &ScenarioOutcome) -> Option<&CheckOutcome> {
    outcome.checks.iter().find(|check| check.verdict == outcome.verdict)
}

/// The requirement that an outcome blames first, where it blames one.
pub(super) fn blamed(outcome: &ScenarioOutcome) -> Option<String> {
    let check = broken(outcome)?;
    let found = check.findings.iter().find_map(|finding| finding.requirement.clone());
    check.requirement.clone().or(found)
}

/// What was found, in a line.
pub(super) fn summary(outcome: &ScenarioOutcome) -> String {
    let Some(check) = broken(outcome) else { return String::new() };
    let Some(finding) = check.findings.first() else { return told(check) };
    let compared = [("expected", &finding.expected), ("got", &finding.got), ("on", &finding.connection)];
    let compared = compared.iter().filter_map(|(name, text)| Some(format!("; {name} {}", text.as_ref()?)));
    format!("{}: {}{}", told(check), finding.what, compared.collect::<String>())
}

/// `PAIR-40 data-arrives`; the name alone where it judges no requirement of its own.
pub(super) fn told(check: &CheckOutcome) -> String {
    let name = check.id.split_once('#').map_or(&*check.id, |(_, name)| name);
    match check.requirement.clone().or_else(|| check.findings.iter().find_map(|found| found.requirement.clone())) {
        Some(requirement) => format!("{requirement} {name}"),
        None => name.to_owned(),
    }
}
