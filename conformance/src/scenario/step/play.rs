//! Steps that play other steps, and those that concern the subject's process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MOST_AT_ONCE, MOST_ITERATIONS, Step};
use crate::scenario::{At, CheckName, Size, Span};

/// Plays steps several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Many {
    /// The variable that counts the iterations, from 1.
    #[serde(rename = "as")]
    pub name: String,
    /// The variable that counts them backwards, down to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<String>,
    /// How many.
    #[schemars(range(min = 1, max = MOST_ITERATIONS))]
    pub count: usize,
    /// How many of them run at once; all where it is not said. One that has come to its first `meet` makes room for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MOST_AT_ONCE))]
    pub at_once: Option<usize>,
    /// The steps. Variables that they bind are lists afterwards; connections that they open are closed.
    pub steps: Vec<At<Step>>,
}

impl Many {
    /// True where the iterations wait for each other.
    #[must_use]
    pub fn meets(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.value, Step::Meet(_)))
    }

    /// How many iterations there are at once, those that wait at a `meet` included.
    #[must_use]
    pub fn width(&self) -> usize {
        if self.meets() { self.count } else { self.at_once.unwrap_or(self.count).min(self.count) }
    }
}

/// Waits for the other iterations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meet {
    /// Steps that one of the iterations plays when all are here; the others go on when they are over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one: Vec<At<Step>>,
    /// In which order they then go on.
    #[serde(default, skip_serializing_if = "Leave::is_as_they_came")]
    pub leave: Leave,
}

/// In which order iterations that have met go on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Leave {
    /// In that in which they came.
    #[default]
    AsTheyCame,
    /// In the reverse one.
    LastFirst,
}

impl Leave {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_as_they_came(&self) -> bool {
        *self == Self::AsTheyCame
    }
}

/// Watches the memory of the subject's process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// What it may have grown by at most since the watch began; where it is not said, the watch begins here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grows_at_most: Option<Size>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Sends SIGTERM to the subject's process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terminate {
    /// The client, where a client is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// The subject's process has to end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exit {
    /// The client, where a client is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Within which time.
    pub within: Span,
    /// What its exit status has to be, where it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The check that this decides.
    pub check: CheckName,
}

/// What an exit status has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 0.
    Success,
    /// Any other than 0, and no signal.
    Failure,
}
