//! What a run executes, within which bounds, and how it ended.

use std::sync::Arc;
use std::time::Duration;

use super::context::RunContext;
use super::target::Subject;
use crate::clock::Clock;
use crate::scenario::Scenario;

/// What a run executes, and within which bounds.
pub struct RunPlan {
    /// The subjects, each with its scenarios.
    pub parts: Vec<RunPart>,
    /// The clock.
    pub clock: Clock,
    /// Scenarios that wait longer are skipped.
    pub max_wait: Option<Duration>,
    /// The most scenarios that run at once.
    pub jobs: usize,
    /// How long a scenario may take beyond its longest wait.
    pub scenario_deadline: Duration,
    /// How long the whole run may take.
    pub run_deadline: Duration,
}

/// A subject, and the scenarios that test it.
pub struct RunPart {
    /// What its scenarios share.
    pub context: Arc<RunContext>,
    /// The subject.
    pub subject: Subject,
    /// The scenarios.
    pub scenarios: Vec<Arc<Scenario>>,
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunEnding {
    /// Errors of scenarios and of the runner itself, one for each scenario that had one.
    pub internal_errors: Vec<String>,
    /// Why it was cut short.
    pub cut_short: Option<String>,
}
