//! Steps about time: waiting, moments, heartbeats, latency.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::definition::{StepDefinition, UnderTest, decides_check};
use super::error::{MAX_ROUNDS, StepError, in_range, one_of};
use super::expect::Expect;
use super::send::Send;
use crate::scenario::scope::Scope;
use crate::scenario::term::given;
use crate::scenario::{CheckName, Span, Term};

/// Waits: either `for` a span, or `until` a moment with `plus` or `minus`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// A span from now.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// A moment in ms since the Unix epoch.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub until: Option<Term>,
    /// After that moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus: Option<Span>,
    /// Before that moment. If the runner wakes too late for that, the scenario is inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minus: Option<Span>,
}

impl StepDefinition for Wait {
    const EXAMPLE: &'static str = "{ until: $expiry, plus: 30ms }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        one_of(&[("for", self.span.is_some()), ("until", self.until.is_some())])?;
        if self.span.is_some() && (self.plus.is_some() || self.minus.is_some()) {
            return Err(StepError::Needs("`plus` and `minus`", "`until`"));
        }
        Ok(self.until.iter().try_for_each(|term| scope.can_fill(term))?)
    }
}

/// Records the current time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The variable.
    #[serde(rename = "as")]
    pub name: String,
}

impl StepDefinition for Mark {
    const EXAMPLE: &'static str = "{ as: start }";

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        Ok(scope.set(&self.name)?)
    }
}

/// Requires two moments to be close together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Near {
    /// The moment to check, in ms since the Unix epoch.
    pub value: Term,
    /// The moment that it must be close to.
    pub to: Term,
    /// Added to `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus: Option<Span>,
    /// How far it may be off, in either direction.
    pub tolerance: Span,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Near {
    const EXAMPLE: &'static str =
        "{ value: $expiry, to: $start, plus: code_lifetime, tolerance: 2s, check: right-expiry }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.can_fill(&self.value)?;
        Ok(scope.can_fill(&self.to)?)
    }
}

/// Requires the Ping frames of a connection to come at regular intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The connection.
    pub on: String,
    /// How many Pings are timed.
    #[schemars(range(min = 1, max = MAX_ROUNDS))]
    pub count: usize,
    /// The interval between them; the first comes at most one interval after the connection opened.
    pub every: Span,
    /// How far each may be off, as a percentage of the interval.
    pub tolerance_percent: f64,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Heartbeat {
    const EXAMPLE: &'static str =
        "{ on: host, count: 3, every: heartbeat_interval, tolerance_percent: 10, check: regular-pings }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Server);
    decides_check!();

    fn websocket_only(&self) -> Option<&'static str> {
        Some("`heartbeat`")
    }

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.connection(&self.on)?;
        in_range("count", self.count, 1..=MAX_ROUNDS)?;
        in_range("tolerance_percent", self.tolerance_percent, 0.0..=100.0)
    }
}

/// Requires a message to be answered or forwarded quickly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// The message.
    pub send: Send,
    /// Its answer, or the message as its receiver gets it.
    pub expect: Expect,
    /// The number of rounds.
    #[schemars(range(min = 1, max = MAX_ROUNDS))]
    pub rounds: usize,
    /// The idle time before each round.
    pub apart: Span,
    /// The longest acceptable median of the rounds.
    pub median_at_most: Span,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Latency {
    const EXAMPLE: &'static str = "{ send: { on: host, ping: a }, expect: { on: host, pong: a }, rounds: 5, apart: 50ms, \
         median_at_most: 20ms, check: answers-soon }";
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        self.send.validate(scope)?;
        self.expect.validate(scope)?;
        in_range("rounds", self.rounds, 1..=MAX_ROUNDS)
    }
}

/// Sends a message repeatedly until the right answer comes: for effects that may take a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The message.
    pub send: Send,
    /// The right answer.
    pub expect: Term,
    /// The answer that may come before it.
    pub meanwhile: Term,
    /// The time between two attempts.
    pub every: Span,
    /// The deadline for the right answer.
    pub within: Span,
    /// The check that this decides.
    pub check: CheckName,
}

impl StepDefinition for Poll {
    const EXAMPLE: &'static str = "{ send: { on: viewer, json: { type: join, code: $code } }, expect: { type: joined }, \
         meanwhile: { type: error }, every: 20ms, within: 1s, check: free-again }";
    const UNDER_TEST: Option<UnderTest> = Some(UnderTest::Server);
    decides_check!();

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        self.send.validate(scope)?;
        [&self.expect, &self.meanwhile].into_iter().for_each(|term| scope.bind(term));
        Ok(())
    }
}
