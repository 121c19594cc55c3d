//! What a run says of its subject, in a word.

use crate::event::RunEnd;

/// What a run says of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Every check that applies was judged, and none failed that the baseline does not expect.
    Conforms,
    /// A check failed that the baseline does not expect.
    DoesNotConform,
    /// No failure was seen, but not everything could be judged; or nothing was.
    NotJudged,
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
            Self::NotJudged
        } else {
            Self::Conforms
        }
    }

    /// The words that reports use.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::DoesNotConform => "does not conform",
            Self::NotJudged => "not judged",
        }
    }
}
