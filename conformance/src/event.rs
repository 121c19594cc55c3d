//! What happened in a run: the only road from the engine to the reports.

use crate::outcome::{ScenarioOutcome, SubjectInfo, Summary};
use crate::scenario::ScenarioId;

/// One thing that happened. The list is closed: every report handles each.
#[derive(Debug, Clone)]
pub enum Event {
    /// The subjects are ready and the scenarios begin.
    RunStarted {
        /// What is judged; more than one role of a subject may be.
        subjects: Vec<SubjectInfo>,
        /// How many scenarios were selected.
        scenarios: usize,
    },
    /// A scenario begins.
    ScenarioStarted {
        /// Its id.
        id: ScenarioId,
    },
    /// A scenario is over.
    ScenarioFinished(Box<ScenarioOutcome>),
    /// The run is over, for whatever reason.
    RunFinished(Box<RunEnd>),
}

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub struct RunEnd {
    /// The counts.
    pub summary: Summary,
    /// How long it took, in ms.
    pub duration_ms: f64,
    /// Why it could not begin, or was cut short.
    pub problem: Option<String>,
    /// Entries of the baseline that no longer hold, each with its reason.
    pub stale_baseline: Vec<String>,
    /// What the subject printed last, where the run did not go well.
    pub output: String,
}
