//! One scenario, played once, while nobody else talks to the server: for those who play the next one by what became of this.

use std::sync::Arc;
use std::time::Duration;

use super::doubt::{doubtful, shaken};
use super::player::Stage;
use super::story::{Company, perform};
use super::target::{Subject, Target};
use crate::outcome::ScenarioOutcome;
use crate::scenario::Scenario;

/// What became of it.
#[derive(Debug)]
pub struct Alone {
    /// What its checks came to.
    pub outcome: ScenarioOutcome,
    /// The fault of the scenario or the harness that stopped it, if one did.
    pub harness: Option<String>,
    /// Whether the machine may have caused what was found, or kept it from being judged.
    pub is_doubtful: bool,
}

/// Plays a scenario against a server, which is to blame for its own end.
pub async fn alone(stage: &Arc<Stage>, scenario: &Arc<Scenario>, target: Arc<dyn Target>, deadline: Duration) -> Alone {
    let subject = Subject::Server { target, launcher: None };
    let performance = perform(stage, scenario, subject, Company::None, deadline).await;
    let is_doubtful = doubtful(&performance) || shaken(&stage.timing, &performance);
    Alone { is_doubtful, harness: performance.harness, outcome: performance.outcome }
}
