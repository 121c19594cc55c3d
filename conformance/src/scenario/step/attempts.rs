//! Steps that check when a client under test connects, and when it does not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::definition::{StepDefinition, UnderTest, decides_check};
use super::error::{StepError, in_range};
use crate::scenario::scope::Scope;
use crate::scenario::{CheckName, Span, Term};

/// Requires the client not to connect for some time. It may exit in the meantime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Idle {
    /// The client.
    pub of: String,
    /// How long.
    #[serde(rename = "for")]
    pub span: Span,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl StepDefinition for Idle {
    const EXAMPLE: &'static str = "{ of: client, for: 2 reconnect_cap, check: gives-up }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(scope.client(&self.of)?)
    }
}

/// Checks all attempts of the client so far against a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempts {
    /// The client.
    pub of: String,
    /// The rule.
    pub rule: Rule,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Attempts {
    const EXAMPLE: &'static str = "{ of: client, rule: growth, check: delays-grow }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(scope.client(&self.of)?)
    }
}

/// A rule for attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Each delay lies within its nominal value and jitter.
    Envelope,
    /// Delays grow by the factor, and stay at the cap.
    Growth,
    /// No two attempts start closer together than half of the base.
    Apart,
    /// No delay is longer than the longest that any policy may have.
    Bounded,
    /// No attempt starts while another is under way.
    Alone,
    /// None was under way without success for longer than `connect_timeout`.
    Timely,
}

/// Requires delays to be spread over part of the range that the declared jitter allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The delays, in ms.
    pub values: Term,
    /// Which delay of the sequence they are, counted from 0.
    pub attempt: u32,
    /// The fraction of the envelope that they must cover, from 0 to 1.
    pub at_least: f64,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Spread {
    const EXAMPLE: &'static str = "{ values: $delays, attempt: 0, at_least: 0.3, check: delays-differ }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.can_fill(&self.values)?;
        in_range("at_least", self.at_least, 0.0..=1.0)
    }
}

/// Records the client's latest delay, in ms, from the loss that it could detect to the start of its attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// The client.
    pub of: String,
    /// The variable to set.
    #[serde(rename = "as")]
    pub name: String,
}

impl StepDefinition for Delay {
    const EXAMPLE: &'static str = "{ of: client, as: delay }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Client);

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.client(&self.of)?;
        Ok(scope.set(&self.name)?)
    }
}
