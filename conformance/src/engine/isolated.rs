//! One attempt at a scenario while nothing else uses the server: for callers that choose the next scenario by the outcome.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::{Isolation, run_scenario};
use super::context::RunContext;
use super::rerun::{is_doubtful, is_shaken};
use super::target::{Subject, Target};
use crate::outcome::ScenarioOutcome;
use crate::scenario::Scenario;

/// The result of an isolated attempt.
#[derive(Debug)]
pub struct IsolatedResult {
    /// The outcome of its checks.
    pub outcome: ScenarioOutcome,
    /// The error of the scenario or the runner that stopped it, if any.
    pub internal_error: Option<String>,
    /// Whether the machine may have caused the failure, or prevented a verdict.
    pub is_doubtful: bool,
}

/// Runs a scenario against a server; if the server ends, that is its own violation.
pub async fn run_isolated(
    context: &Arc<RunContext>,
    scenario: &Arc<Scenario>,
    target: Arc<dyn Target>,
    deadline: Duration,
) -> IsolatedResult {
    let subject = Subject::Server { target, launcher: None };
    let result = run_scenario(context, scenario, subject, Isolation::Isolated, deadline).await;
    let is_doubtful = is_doubtful(&result) || is_shaken(&context.timing, &result);
    IsolatedResult { is_doubtful, internal_error: result.internal_error, outcome: result.outcome }
}
