//! Why steps fail, and why scenarios stop.

use crate::outcome::Finding;
use crate::scenario::TermError;

/// Why a scenario stopped before its end.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stop {
    /// The subject violated a check: that of the step, or that of the scenario as a whole.
    Violation {
        /// The check's name.
        check: String,
        /// What was observed.
        finding: Box<Finding>,
    },
    /// No verdict is possible.
    Inconclusive(String),
    /// The rest does not apply to the subject.
    Skip(String),
    /// An error in the scenario or in the runner.
    Internal(String),
}

/// Why a step failed.
#[derive(Debug)]
pub(super) enum StepFailure {
    /// The subject did something wrong.
    Violation(Box<Finding>),
    /// The scenario stops for another reason, or a nested step failed.
    Stop(Stop),
}

impl StepFailure {
    /// The same failure, with a change to its finding, if it has one.
    pub(super) fn map_finding(self, change: impl FnOnce(Finding) -> Finding) -> Self {
        match self {
            Self::Violation(finding) => Self::Violation(Box::new(change(*finding))),
            other => other,
        }
    }
}

impl From<Stop> for StepFailure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Finding> for StepFailure {
    fn from(finding: Finding) -> Self {
        Self::Violation(Box::new(finding))
    }
}

impl From<TermError> for Stop {
    fn from(error: TermError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<TermError> for StepFailure {
    fn from(error: TermError) -> Self {
        Self::Stop(error.into())
    }
}
