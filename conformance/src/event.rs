//! Events of a run: the only path from the engine to the reports.

use crate::outcome::{ScenarioOutcome, SubjectInfo, Summary};
use crate::scenario::ScenarioId;

/// An event of a run. The list is closed: every report handles each.
#[derive(Debug, Clone)]
pub enum Event {
    /// The subjects are ready and the scenarios start.
    RunStarted {
        /// The subjects, one for each role under test.
        subjects: Vec<SubjectInfo>,
        /// How many scenarios were selected.
        scenarios: usize,
    },
    /// A scenario starts.
    ScenarioStarted {
        /// Its id.
        id: ScenarioId,
    },
    /// A scenario has finished.
    ScenarioFinished(Box<ScenarioOutcome>),
    /// The run has finished, for whatever reason.
    RunFinished(Box<RunEnd>),
}

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub struct RunEnd {
    /// The counts.
    pub summary: Summary,
    /// How long it took, in ms.
    pub duration_ms: f64,
    /// Why it could not start, or was cut short.
    pub problem: Option<String>,
    /// Entries of the baseline that no longer fail, each with its reason.
    pub stale_baseline: Vec<String>,
    /// The end of the subject's output, if the run did not go well.
    pub output: String,
}
