//! Counts of checks for people: those that were not reached are counted apart from those that are inconclusive.

use super::text::count;
use crate::outcome::{CheckOutcome, ScenarioOutcome, Summary, Verdict};

/// How many checks have which verdict.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CheckCounts {
    pub(super) summary: Summary,
    /// How many of the inconclusive ones were not reached because another failed.
    pub(super) not_reached: usize,
}

impl CheckCounts {
    pub(super) fn of(outcome: &ScenarioOutcome) -> Self {
        let mut counts = Self::default();
        counts.add(outcome);
        counts
    }

    pub(super) fn add(&mut self, outcome: &ScenarioOutcome) {
        self.summary.add(outcome);
        self.not_reached += outcome.checks.iter().filter(|check| is_not_reached(check)).count();
    }

    /// `160 passed, 1 failed, 2 not reached`; zeros are omitted.
    pub(super) fn words(&self) -> String {
        let Summary { scenarios: _, passed, failed, warned, expected, skipped, inconclusive } = self.summary;
        let undecided = inconclusive.saturating_sub(self.not_reached);
        let others = [
            (failed, format!("{failed} failed")),
            (warned, count(warned, "warning")),
            (expected, count(expected, "expected failure")),
            (self.not_reached, format!("{} not reached", self.not_reached)),
            (undecided, format!("{undecided} inconclusive")),
            (skipped, format!("{skipped} skipped")),
        ];
        let mut words = vec![format!("{passed} passed")];
        words.extend(others.into_iter().filter(|(number, _)| *number > 0).map(|(_, word)| word));
        words.join(", ")
    }
}

/// Whether the unexpected failure of another check kept this one from being reached.
pub(super) fn is_not_reached(check: &CheckOutcome) -> bool {
    check.verdict == Verdict::Inconclusive && check.because_of.is_some() && check.expected_failure.is_none()
}
