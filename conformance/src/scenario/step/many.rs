//! Steps that contain steps: iterations, and where they meet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::definition::StepDefinition;
use super::error::{MAX_AT_ONCE, MAX_ITERATIONS, StepError};
use super::{Step, validate};
use crate::scenario::At;
use crate::scenario::scope::Scope;

/// Runs steps several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Many {
    /// The variable that counts the iterations, from 1.
    #[serde(rename = "as")]
    pub name: String,
    /// The variable that counts them backwards, down to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<String>,
    /// The number of iterations.
    #[schemars(range(min = 1, max = MAX_ITERATIONS))]
    pub count: usize,
    /// How many of them run at once; all by default. An iteration that reaches its first `meet` no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_AT_ONCE))]
    pub at_once: Option<usize>,
    /// The steps. Variables that they set become lists; connections that they open are closed at the end.
    pub steps: Vec<At<Step>>,
}

impl Many {
    /// Whether the iterations wait for each other.
    #[must_use]
    pub fn meets(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.value, Step::Meet(_)))
    }

    /// How many iterations there are at once, including those that wait at a `meet`.
    #[must_use]
    pub fn width(&self) -> usize {
        if self.meets() { self.count } else { self.at_once.unwrap_or(self.count).min(self.count) }
    }
}

impl StepDefinition for Many {
    const EXAMPLE: &'static str =
        "{ as: i, count: 20, steps: [{ connect: { as: viewer, to: /browser } }, { meet: {} }] }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        if self.count == 0 || self.at_once == Some(0) {
            return Err(StepError::Range("count` and `at_once", "at least 1".to_owned()));
        }
        let mut inner = scope.clone();
        inner.in_many = true;
        inner.iterations = scope.iterations.saturating_mul(self.count);
        inner.at_once = scope.at_once.saturating_mul(self.width());
        if inner.iterations > MAX_ITERATIONS {
            let around = if scope.in_many { ", multiplied by that of the enclosing `many`" } else { "" };
            return Err(StepError::Range("count", format!("at most {MAX_ITERATIONS}{around}")));
        }
        if inner.at_once > MAX_AT_ONCE {
            let remedy = if self.meets() { "iterations that `meet` all do" } else { "limit them with `at_once`" };
            return Err(StepError::AtOnce(remedy));
        }
        inner.set(&self.name)?;
        self.down.iter().try_for_each(|name| inner.set(name))?;
        validate(&self.steps, &mut inner)?;
        scope.variables.extend(inner.variables);
        Ok(())
    }
}

/// Waits for the other iterations.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meet {
    /// Steps that one of the iterations runs when all have arrived; the others continue when these are done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one: Vec<At<Step>>,
    /// The order in which they continue.
    #[serde(default, skip_serializing_if = "Leave::is_as_they_came")]
    pub leave: Leave,
}

impl StepDefinition for Meet {
    const EXAMPLE: &'static str = "{ leave: last_first }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        if !scope.in_many {
            return Err(StepError::MeetAlone);
        }
        // The steps of one iteration introduce no names for the others.
        validate(&self.one, &mut scope.clone())
    }
}

/// The order in which iterations continue after they have met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Leave {
    /// In the order of their arrival.
    #[default]
    AsTheyCame,
    /// In reverse order.
    LastFirst,
}

impl Leave {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_as_they_came(&self) -> bool {
        *self == Self::AsTheyCame
    }
}
