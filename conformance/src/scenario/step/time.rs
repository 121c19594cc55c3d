//! Steps of time and rhythm.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Expect, MOST_ROUNDS, Send, given};
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
    /// Before that moment. Where the machine wakes the runner too late for that, the scenario is inconclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minus: Option<Span>,
}

/// Notes the present moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// The variable.
    #[serde(rename = "as")]
    pub name: String,
}

/// Two moments have to lie close together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Near {
    /// The moment to judge, in ms since the Unix epoch.
    pub value: Term,
    /// The moment that it should be close to.
    pub to: Term,
    /// That much later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plus: Option<Span>,
    /// How far it may be off, on either side.
    pub tolerance: Span,
    /// The check that this decides.
    pub check: CheckName,
}

/// The Ping frames of a connection have to keep time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The connection.
    pub on: String,
    /// How many Pings are timed.
    #[schemars(range(min = 1, max = MOST_ROUNDS))]
    pub count: usize,
    /// The interval between them; the first comes at most one interval after the opening.
    pub every: Span,
    /// How far each may be off, in percent of the interval.
    pub tolerance_percent: f64,
    /// The check that this decides.
    pub check: CheckName,
}

/// A message has to be answered or passed on quickly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// The message.
    pub send: Send,
    /// Its answer, or the message as its receiver sees it.
    pub expect: Expect,
    /// How many rounds.
    #[schemars(range(min = 1, max = MOST_ROUNDS))]
    pub rounds: usize,
    /// The idle time before each round.
    pub apart: Span,
    /// What the median of the rounds may be at most.
    pub median_at_most: Span,
    /// The check that this decides.
    pub check: CheckName,
}

/// Sends a message again and again until its answer is the right one: for effects that may take a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poll {
    /// The message.
    pub send: Send,
    /// The right answer.
    pub expect: Term,
    /// The answer that may come until then.
    pub meanwhile: Term,
    /// Between two attempts.
    pub every: Span,
    /// Within which time the right answer has to come.
    pub within: Span,
    /// The check that this decides.
    pub check: CheckName,
}
