//! Counts of checks as people read them: what was not reached stands apart from what could not be judged.

use super::text::count;
use crate::outcome::{CheckOutcome, ScenarioOutcome, Summary, Verdict};

/// How many checks came to what.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) summary: Summary,
    /// Of those that are inconclusive, how many were not reached for the failure of another.
    pub(super) not_reached: usize,
}

impl Tally {
    pub(super) fn of(outcome: &ScenarioOutcome) -> Self {
        let mut tally = Self::default();
        tally.add(outcome);
        tally
    }

    pub(super) fn add(&mut self, outcome: &ScenarioOutcome) {
        self.summary.add(outcome);
        self.not_reached += outcome.checks.iter().filter(|check| is_not_reached(check)).count();
    }

    /// `160 passed, 1 failed, 2 not reached`; what is none is left out.
    pub(super) fn words(&self) -> String {
        let Summary { scenarios: _, passed, failed, warned, expected, skipped, inconclusive } = self.summary;
        let unjudged = inconclusive.saturating_sub(self.not_reached);
        let others = [
            (failed, format!("{failed} failed")),
            (warned, count(warned, "warning")),
            (expected, count(expected, "expected failure")),
            (self.not_reached, format!("{} not reached", self.not_reached)),
            (unjudged, format!("{unjudged} inconclusive")),
            (skipped, format!("{skipped} skipped")),
        ];
        let mut words = vec![format!("{passed} passed")];
        words.extend(others.into_iter().filter(|(number, _)| *number > 0).map(|(_, word)| word));
        words.join(", ")
    }
}

/// Whether the failure of another check, which nobody expected, kept this one from being judged.
pub(super) fn is_not_reached(check: &CheckOutcome) -> bool {
    check.verdict == Verdict::Inconclusive && check.because_of.is_some() && check.expected_failure.is_none()
}
