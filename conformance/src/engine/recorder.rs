//! Collects the outcomes of the checks of one scenario, from its steps and from lint.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use relayspec::requirement::{self, Level};

use super::failure::Stop;
use crate::outcome::{CheckOutcome, Finding, Verdict};
use crate::scenario::{Check, LINT, Place, SCENARIO_CHECK, Scenario, each_step};

/// The results so far.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    found: Mutex<Results>,
}

#[derive(Debug, Default)]
struct Results {
    passed: BTreeSet<(String, (u64, u64))>,
    skipped: Vec<(String, String)>,
    lint: Vec<Finding>,
}

/// The most lint findings that are kept for one scenario.
const MAX_LINT: usize = 20;

impl Recorder {
    fn found(&self) -> std::sync::MutexGuard<'_, Results> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A step of a check passed.
    pub(super) fn pass(&self, check: &str, place: Place) {
        self.found().passed.insert((check.to_owned(), (place.line, place.column)));
    }

    /// A check does not apply to the subject; the scenario continues.
    pub(super) fn skip(&self, check: &str, reason: &str) {
        self.found().skipped.push((check.to_owned(), reason.to_owned()));
    }

    /// Lint found something.
    pub(super) fn lint(&self, finding: Finding) {
        let mut found = self.found();
        if found.lint.len() < MAX_LINT {
            found.lint.push(finding);
        }
    }

    /// The outcome of every check; the checks `#story` and `#lint` come first.
    pub(super) fn outcomes(&self, scenario: &Scenario, stop: Option<&Stop>) -> Vec<CheckOutcome> {
        let found = self.found();
        let mut outcomes = vec![own_check(scenario, stop), lint(scenario, stop, &found.lint)];
        for check in scenario.checks() {
            outcomes.push(named(scenario, &check, stop, &found));
        }
        outcomes
    }
}

fn blank(scenario: &Scenario, name: &str) -> CheckOutcome {
    CheckOutcome {
        id: format!("{}#{name}", scenario.id),
        requirement: None,
        level: None,
        verdict: Verdict::Pass,
        reason: None,
        because_of: None,
        findings: Vec::new(),
        expected_failure: None,
    }
}

fn own_check(scenario: &Scenario, stop: Option<&Stop>) -> CheckOutcome {
    let mut outcome = blank(scenario, SCENARIO_CHECK);
    match stop {
        Some(Stop::Violation { check, finding }) if check == SCENARIO_CHECK => {
            outcome.verdict = Verdict::Fail;
            outcome.findings = vec![finding.as_ref().clone()];
        }
        Some(stop) => undecided(&mut outcome, scenario, stop),
        None => {}
    }
    outcome
}

fn lint(scenario: &Scenario, stop: Option<&Stop>, findings: &[Finding]) -> CheckOutcome {
    let mut outcome = blank(scenario, LINT);
    let level = |finding: &Finding| finding.requirement.as_deref().and_then(requirement::find).map(|found| found.level);
    outcome.level = findings.iter().filter_map(level).min();
    outcome.requirement = findings.first().and_then(|finding| finding.requirement.clone());
    outcome.findings = findings.to_vec();
    if !findings.is_empty() {
        outcome.verdict = Verdict::of_violation(outcome.level.unwrap_or(Level::Must));
    } else if let Some(stop @ (Stop::Skip(_) | Stop::Inconclusive(_) | Stop::Internal(_))) = stop {
        // What the rest would have shown is unknown; after a failure, lint covers the traffic up to it.
        undecided(&mut outcome, scenario, stop);
    }
    outcome
}

fn named(scenario: &Scenario, check: &Check, stop: Option<&Stop>, found: &Results) -> CheckOutcome {
    let level = level_of(scenario, &check.name);
    let mut outcome = CheckOutcome {
        requirement: Some(check.requirement.clone()),
        level: Some(level),
        ..blank(scenario, &check.name)
    };
    if let Some((_, reason)) = found.skipped.iter().find(|(name, _)| *name == check.name) {
        (outcome.verdict, outcome.reason) = (Verdict::Skip, Some(reason.clone()));
        return outcome;
    }
    if let Some(Stop::Violation { check: name, finding }) = stop
        && *name == check.name
    {
        outcome.verdict = Verdict::of_violation(level);
        outcome.findings = vec![finding.as_ref().clone()];
        return outcome;
    }
    let passed = found.passed.iter().filter(|(name, _)| *name == check.name).count();
    if let (Some(stop), true) = (stop, passed < steps_of(scenario, &check.name)) {
        undecided(&mut outcome, scenario, stop);
    }
    outcome
}

fn level_of(scenario: &Scenario, check: &str) -> Level {
    let named = scenario.checks().into_iter().find(|named| named.name == check);
    named.and_then(|check| requirement::find(&check.requirement)).map_or(Level::Must, |requirement| requirement.level)
}

fn steps_of(scenario: &Scenario, check: &str) -> usize {
    let mut count = 0;
    each_step(&scenario.script.steps, &mut |step| {
        count += usize::from(step.value.check().is_some_and(|name| name.name == check));
    });
    count
}

fn undecided(outcome: &mut CheckOutcome, scenario: &Scenario, stop: &Stop) {
    outcome.verdict = Verdict::Inconclusive;
    match stop {
        Stop::Violation { check, .. } => {
            let id = format!("{}#{check}", scenario.id);
            // A subject that violates a SHOULD still conforms: the rest does not apply to such a subject.
            if level_of(scenario, check) != Level::Must {
                outcome.verdict = Verdict::Skip;
            }
            outcome.reason = Some(format!("not reached, because of {id}"));
            outcome.because_of = Some(id);
        }
        Stop::Inconclusive(reason) => outcome.reason = Some(reason.clone()),
        Stop::Internal(reason) => outcome.reason = Some(format!("internal error of the runner: {reason}")),
        Stop::Skip(reason) => (outcome.verdict, outcome.reason) = (Verdict::Skip, Some(reason.clone())),
    }
}
