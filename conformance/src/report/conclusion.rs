//! The conclusion of a run.

use crate::event::RunEnd;

/// The conclusion of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Every applicable check was evaluated, and none failed unexpectedly.
    Conforms,
    /// A check failed unexpectedly.
    DoesNotConform,
    /// No check failed, but some are inconclusive, or none ran.
    Inconclusive,
}

impl Conclusion {
    /// The conclusion of a run.
    #[must_use]
    pub fn of(end: &RunEnd) -> Self {
        let summary = &end.summary;
        if summary.failed > 0 {
            Self::DoesNotConform
        } else if end.problem.is_some()
            || summary.inconclusive > 0
            || summary.passed + summary.warned + summary.expected == 0
        {
            Self::Inconclusive
        } else {
            Self::Conforms
        }
    }

    /// The words for reports.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::DoesNotConform => "does not conform",
            Self::Inconclusive => "inconclusive",
        }
    }
}
