//! Steps that play the server to a client under test: start it, wait for its attempts to connect, and speak with its user's voice.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MOST_FRAGMENTS, given};
use crate::scenario::term::Piece;
use crate::scenario::{CheckName, Span, Term};

/// Starts the client under test, at an address of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The name of the client in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// What is handed over beside the timing parameters and the policy, as `code`.
    #[serde(default, rename = "with", skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Term>,
    /// After how many failed attempts in a row it has to give up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
}

/// Waits for the client's next attempt to connect, and accepts it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The name of the connection in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The client.
    pub of: String,
    /// What the request target has to match; its path has to be that of the role anyway.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub target: Option<Term>,
    /// Within which time; when the policy has it due where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that the attempt decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Waits for the client's next attempt to connect, accepts it, and brings it to the family's own success.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// The name of the connection in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The client.
    pub of: String,
    /// Members that each message of the server has besides.
    #[serde(default, rename = "with", skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, Term>,
    /// Into how many fragments each message of the server is split; a Ping with the text `between` follows the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = MOST_FRAGMENTS))]
    pub fragments: Option<usize>,
    /// Within which time the attempt comes; when the policy has it due where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Waits for the client's next attempt to connect, and lets it fail. Exactly one of `status` and `by` says how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TurnAway {
    /// The client.
    pub of: String,
    /// The HTTP status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How it fails without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<FailBy>,
    /// How many attempts in a row; one where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Instead: as many attempts in a row as bring the delay to its cap, and so many more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past_cap: Option<u32>,
    /// Within which time each; when the policy has it due where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that the attempts decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// How an attempt fails without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailBy {
    /// By a TCP reset in place of an answer.
    Reset,
    /// By the end of the stream in place of an answer.
    Fin,
    /// As a server that is not ready refuses: by HTTP 503, or by the end of the stream where there is no handshake.
    Refusal,
    /// No answer comes; the client has to give up by itself.
    Hang,
    /// The handshake succeeds, and the connection is closed at once with code 1011.
    Close,
    /// The handshake succeeds, and the connection ends at once without a Close frame.
    Drop,
    /// The handshake succeeds, and nothing follows; the client has to give up by itself.
    Silence,
}

/// The client may not try to connect for a while. That it ends meanwhile is no fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Idle {
    /// The client.
    pub of: String,
    /// For how long.
    #[serde(rename = "for")]
    pub span: Span,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Judges all attempts of the client so far by a rule.
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

/// What attempts have to fulfil.
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

/// Values have to be spread over a part of what the declared jitter allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The delays, in ms.
    pub values: Term,
    /// Which delay of the sequence they are, from 0.
    pub attempt: u32,
    /// The part of the envelope that they have to cover at least, from 0 to 1.
    pub at_least: f64,
    /// The check that this decides.
    pub check: CheckName,
}

/// Notes the client's latest delay, in ms, from the loss that it could know of to the start of its attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// The client.
    pub of: String,
    /// The variable that takes it.
    #[serde(rename = "as")]
    pub name: String,
}

/// Writes a command of the driver protocol to the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tell {
    /// The client.
    pub to: String,
    /// The command.
    pub json: Term,
}

/// Waits for an event of the driver protocol. Events of another name that come before it stay for other steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventStep {
    /// The client.
    pub of: String,
    /// What the event has to match; its `event` is a plain name.
    pub json: Term,
    /// Whether it has to be the very next event, whatever its name.
    #[serde(default, skip_serializing_if = "is_false")]
    pub next: bool,
    /// Within which time; `notify_deadline` where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

impl EventStep {
    /// The name of the event.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        let Term::Object(members) = &self.json else { return None };
        match members.iter().find(|(name, _)| name == "event") {
            Some((_, Term::Text(pieces))) => match &pieces[..] {
                [Piece::Literal(name)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }
}

/// No event of these names may come for a while, nor may one have come that no step has looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoEvent {
    /// The client.
    pub of: String,
    /// The names.
    pub named: Vec<String>,
    /// For how long.
    #[serde(rename = "for")]
    pub span: Span,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}
