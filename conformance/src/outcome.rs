//! Verdicts as data: what each check of each scenario came to, and the summary of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use relayspec::requirement::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::{Place, ScenarioId};

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The subject keeps the requirement, as far as this check sees.
    Pass,
    /// The check does not apply to the subject, or would wait for longer than allowed.
    Skip,
    /// The runner could not judge.
    Inconclusive,
    /// A SHOULD is broken.
    Warn,
    /// A MUST is broken.
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

    /// The verdict on a broken requirement of a level.
    #[must_use]
    pub fn broken(level: Level) -> Self {
        if level == Level::Must { Self::Fail } else { Self::Warn }
    }
}

/// What was seen that should not be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The requirement that is broken, where it is not the check's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
    /// The connection that it was seen on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The step, by line and column of the scenario's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// When, in ms since the scenario began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<f64>,
    /// From which lateness of the machine on it could be the cause instead of the subject, in ms; none where it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused_from_ms: Option<f64>,
    /// Where time matters: by how much the machine was late at most while the step ran, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_ms: Option<f64>,
}

impl Finding {
    /// The lateness that excuses a failure to do something within a time: a quarter of it, in ms.
    #[must_use]
    pub fn excuse_for(within: Duration) -> Option<f64> {
        Some((within.as_secs_f64() * 250.0).max(Self::LEAST_EXCUSE_MS))
    }

    /// Less lateness excuses nothing.
    pub const LEAST_EXCUSE_MS: f64 = 10.0;

    /// The lateness that excuses something wrong near the moment that a scenario has waited for: scenarios keep a distance of as much.
    pub const EDGE_EXCUSE_MS: f64 = 30.0;
}

/// What a check came to, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckOutcome {
    /// The id: the scenario's, `#`, and the check's name. It is the same on pass and fail.
    pub id: String,
    /// The requirement that it judges; none for the checks `story` and `lint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// The level of that requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it was skipped, is inconclusive, or was not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The id of the check whose failure kept this one from being reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because_of: Option<String>,
    /// What was found, where it did not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The reason that the baseline gives for its failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_failure: Option<String>,
}

/// One line of what went over the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TranscriptLine {
    /// When, in ms since the scenario began.
    pub at_ms: f64,
    /// The connection.
    pub connection: String,
    /// Who: the runner, or the subject.
    pub by: By,
    /// What, in one line.
    pub what: String,
}

/// Who did something on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The runner.
    Runner,
    /// The subject.
    Subject,
}

/// One attempt of a client under test to connect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptLine {
    /// The client's name in the scenario.
    pub client: String,
    /// When it came, in ms since the scenario began.
    pub at_ms: f64,
    /// How long after the loss or failure that it could know of, in ms; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<f64>,
    /// The shortest delay that the declared policy allows here, without tolerance, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_ms: Option<f64>,
    /// The longest delay that the declared policy allows here, without tolerance, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_ms: Option<f64>,
    /// How far off the machine may have been while the attempt was waited for, in ms.
    pub noise_ms: f64,
    /// What became of it.
    pub fate: String,
}

/// What a scenario came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioOutcome {
    /// Its id.
    pub id: ScenarioId,
    /// Its file.
    pub file: String,
    /// Its summary.
    pub summary: String,
    /// The worst verdict of its checks, those that the baseline expects left out.
    pub verdict: Verdict,
    /// Whether the script waits for timing parameters.
    pub waits: bool,
    /// How long it took, in ms.
    pub duration_ms: f64,
    /// How often it was played: again where nobody could tell, or a late machine may have been the cause of a failure.
    pub attempts: u32,
    /// What each check came to.
    pub checks: Vec<CheckOutcome>,
    /// What went over the wire, where a check did not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcript: Vec<TranscriptLine>,
    /// Lines that the transcript does not show for want of room.
    #[serde(default)]
    pub transcript_left_out: usize,
    /// The attempts of clients under test to connect, in the order of the clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connection_attempts: Vec<AttemptLine>,
    /// What a subject that was started for this scenario alone printed last, where a check did not pass.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub output: String,
}

impl ScenarioOutcome {
    /// The worst verdict of the checks, those that a baseline expects left out.
    #[must_use]
    pub fn worst(checks: &[CheckOutcome]) -> Verdict {
        let counted = checks.iter().filter(|check| check.expected_failure.is_none());
        // A scenario of which only a part was skipped passes for the rest.
        let verdicts: Vec<_> = counted.map(|check| check.verdict).collect();
        if verdicts.iter().all(|verdict| *verdict == Verdict::Skip) && !verdicts.is_empty() {
            return Verdict::Skip;
        }
        verdicts.into_iter().filter(|verdict| *verdict != Verdict::Skip).max().unwrap_or(Verdict::Pass)
    }
}

/// How many checks came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Scenarios in all.
    pub scenarios: usize,
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed and are in no baseline.
    pub failed: usize,
    /// Checks that warn and are in no baseline.
    pub warned: usize,
    /// Checks that failed as the baseline expects, and those that could not be reached for it.
    pub expected: usize,
    /// Checks that were skipped.
    pub skipped: usize,
    /// Checks that the runner could not judge.
    pub inconclusive: usize,
}

impl Summary {
    /// Counts a scenario's checks in.
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

    /// Checks in all.
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

/// The subject, as a run meets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubjectInfo {
    /// The address of a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The command that started it, where the runner did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The family.
    pub family: String,
    /// The role that is judged.
    pub role: String,
    /// The timing parameters that were declared, by name.
    pub timing: BTreeMap<String, String>,
    /// How many seconds passed for it in one of the machine.
    #[serde(default = "real_time", skip_serializing_if = "is_real_time")]
    pub speed: f64,
    /// Why it ran in real time though it should have been accelerated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_accelerated: Option<String>,
    /// How a client declares that it comes back after a loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect: Option<String>,
}
