//! What the closing lines need of the scenarios.

use crate::outcome::{CheckOutcome, ScenarioOutcome, Verdict};
use crate::report::counts::CheckCounts;
use crate::report::failure::named;
use crate::report::text::escape;

/// The counts of a run, and what failed.
#[derive(Debug, Default)]
pub(super) struct RunTotals {
    pub(super) counts: CheckCounts,
    /// The checks that failed, in the order in which they did.
    pub(super) failed: Vec<String>,
}

impl RunTotals {
    pub(super) fn add(&mut self, outcome: &ScenarioOutcome) {
        self.counts.add(outcome);
        let failed = outcome.checks.iter().filter(|check| violation(check) == Some(Verdict::Fail));
        self.failed.extend(failed.map(|check| format!("{}#{}", escape(outcome.id.as_str()), named(check))));
    }
}

/// The verdict on a check that failed or warns unexpectedly.
pub(super) fn violation(check: &CheckOutcome) -> Option<Verdict> {
    let counts = check.expected_failure.is_none() && matches!(check.verdict, Verdict::Fail | Verdict::Warn);
    counts.then_some(check.verdict)
}
