//! Verdicts as data: the outcome of each check of each scenario, and the summary of a run.

mod finding;

use std::collections::BTreeMap;

use relayspec::requirement::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::ScenarioId;

pub use finding::Finding;

/// The verdict on a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The subject satisfies the requirement, as far as this check can tell.
    Pass,
    /// The check does not apply to the subject, or would wait longer than allowed.
    Skip,
    /// No verdict was possible.
    Inconclusive,
    /// A SHOULD is violated.
    Warn,
    /// A MUST is violated.
    Fail,
}

impl Verdict {
    /// The word that reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Inconclusive => "inconclusive",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    /// The verdict on the violation of a requirement of this level.
    #[must_use]
    pub fn of_violation(level: Level) -> Self {
        if level == Level::Must { Self::Fail } else { Self::Warn }
    }
}

/// The outcome of a check, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckOutcome {
    /// The id: that of the scenario, `#`, and the check's name; the same on pass and fail.
    pub id: String,
    /// The requirement that it covers; none for the checks `story` and `lint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// The level of that requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it was skipped, inconclusive or not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The id of the check whose failure prevented this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because_of: Option<String>,
    /// What was found, if it did not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The reason that the baseline gives for its failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_failure: Option<String>,
}

/// One line of the transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TranscriptLine {
    /// When, in ms since the scenario began.
    pub at_ms: f64,
    /// The connection.
    pub connection: String,
    /// Who did it: the runner or the subject.
    pub by: By,
    /// What happened, in one line.
    pub what: String,
}

/// A party to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The runner.
    Runner,
    /// The subject.
    Subject,
}

/// One connection attempt of a client under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptLine {
    /// The client's name in the scenario.
    pub client: String,
    /// When it came, in ms since the scenario began.
    pub at_ms: f64,
    /// The time since the loss or failure that the client could detect, in ms; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<f64>,
    /// The shortest delay that the declared policy allows here, without tolerance, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_ms: Option<f64>,
    /// The longest delay that the declared policy allows here, without tolerance, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_ms: Option<f64>,
    /// How late the machine may have been while the runner waited for the attempt, in ms.
    pub noise_ms: f64,
    /// How it ended.
    pub fate: String,
}

/// The outcome of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioOutcome {
    /// Its id.
    pub id: ScenarioId,
    /// Its file.
    pub file: String,
    /// Its summary.
    pub summary: String,
    /// The worst verdict of its checks, except failures that the baseline expects.
    pub verdict: Verdict,
    /// Whether the script waits for timing parameters.
    pub waits: bool,
    /// How long it took, in ms.
    pub duration_ms: f64,
    /// How often it ran; rerun if no verdict was possible, or a late machine may have caused the failure.
    pub attempts: u32,
    /// The outcome of each check.
    pub checks: Vec<CheckOutcome>,
    /// The transcript, if a check did not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcript: Vec<TranscriptLine>,
    /// How many lines the transcript omits.
    #[serde(default)]
    pub transcript_left_out: usize,
    /// The connection attempts of clients under test, in the order of the clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connection_attempts: Vec<AttemptLine>,
    /// The end of the output of a subject started for this scenario, if a check did not pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
}

impl ScenarioOutcome {
    /// The worst verdict of the checks, except failures that a baseline expects.
    #[must_use]
    pub fn worst(checks: &[CheckOutcome]) -> Verdict {
        let counted = checks.iter().filter(|check| check.expected_failure.is_none());
        // A scenario that was skipped in part has the verdict of the rest.
        let verdicts: Vec<_> = counted.map(|check| check.verdict).collect();
        if verdicts.iter().all(|verdict| *verdict == Verdict::Skip) && !verdicts.is_empty() {
            return Verdict::Skip;
        }
        verdicts.into_iter().filter(|verdict| *verdict != Verdict::Skip).max().unwrap_or(Verdict::Pass)
    }
}

/// The number of checks by verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// All scenarios.
    pub scenarios: usize,
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed unexpectedly.
    pub failed: usize,
    /// Checks that warned unexpectedly.
    pub warned: usize,
    /// Checks that failed as the baseline expects, and those that were not reached because of it.
    pub expected: usize,
    /// Checks that were skipped.
    pub skipped: usize,
    /// Checks without a verdict.
    pub inconclusive: usize,
}

impl Summary {
    /// Adds the checks of a scenario.
    pub fn add(&mut self, outcome: &ScenarioOutcome) {
        self.scenarios += 1;
        for check in &outcome.checks {
            let counter = match (check.expected_failure.is_some(), check.verdict) {
                (true, _) => &mut self.expected,
                (_, Verdict::Pass) => &mut self.passed,
                (_, Verdict::Skip) => &mut self.skipped,
                (_, Verdict::Inconclusive) => &mut self.inconclusive,
                (_, Verdict::Warn) => &mut self.warned,
                (_, Verdict::Fail) => &mut self.failed,
            };
            *counter += 1;
        }
    }

    /// All checks.
    #[must_use]
    pub fn checks(&self) -> usize {
        self.passed + self.failed + self.warned + self.expected + self.skipped + self.inconclusive
    }
}

const fn real_time() -> f64 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_real_time(speed: &f64) -> bool {
    *speed == real_time()
}

/// The subject of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubjectInfo {
    /// The address of a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The command that started it, if the runner did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The family.
    pub family: String,
    /// The role under test.
    pub role: String,
    /// The timing parameters that were declared, by name.
    pub timing: BTreeMap<String, String>,
    /// How many seconds passed on its clock in one second of real time.
    #[serde(default = "real_time", skip_serializing_if = "is_real_time")]
    pub speed: f64,
    /// Why it ran in real time although acceleration was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_accelerated: Option<String>,
    /// The reconnection policy that a client declares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<String>,
}
