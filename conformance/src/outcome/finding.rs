//! What a subject did wrong, as data.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::Place;

/// What a subject did wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The violated requirement, if it is not that of the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was observed instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
    /// The connection on which it was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The place of the step in the scenario's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// When, in ms since the scenario began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<f64>,
    /// The least lateness of the machine that could be the cause instead, in ms; none if it cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused_from_ms: Option<f64>,
    /// If time matters: how late the machine was at most while the step ran, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise_ms: Option<f64>,
}

impl Finding {
    /// A finding with this description.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }

    /// Names the violated requirement.
    #[must_use]
    pub fn violating(self, requirement: impl Into<String>) -> Self {
        Self { requirement: Some(requirement.into()), ..self }
    }

    /// States what was expected.
    #[must_use]
    pub fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    /// States what was observed instead.
    #[must_use]
    pub fn got(self, got: impl Into<String>) -> Self {
        Self { got: Some(got.into()), ..self }
    }

    /// Names the connection.
    #[must_use]
    pub fn on(self, connection: impl Into<String>) -> Self {
        Self { connection: Some(connection.into()), ..self }
    }

    /// States the time, in ms since the scenario began.
    #[must_use]
    pub fn at(self, ms: f64) -> Self {
        Self { at_ms: Some(ms), ..self }
    }

    /// Allows lateness of the machine as the cause of a missed deadline.
    #[must_use]
    pub fn excused_for(self, within: Duration) -> Self {
        Self { excused_from_ms: Self::excuse_for(within), ..self }
    }

    /// The lateness that excuses missing a deadline: a quarter of the time allowed, in ms.
    #[must_use]
    pub fn excuse_for(within: Duration) -> Option<f64> {
        Some((within.as_secs_f64() * 250.0).max(Self::LEAST_EXCUSE_MS))
    }

    /// Less lateness excuses nothing, in ms.
    pub const LEAST_EXCUSE_MS: f64 = 10.0;

    /// The lateness that excuses a failure near the moment that a scenario has waited for, in ms: scenarios keep this distance.
    pub const EDGE_EXCUSE_MS: f64 = 30.0;
}
