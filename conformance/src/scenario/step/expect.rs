//! Steps that wait for what has to come, and for what must not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Encoding, MOST_MESSAGES, given};
use crate::scenario::{Bytes, CheckName, Span, Term};

/// Waits for what has to come next. Exactly one of `json`, `binary`, `ping`, `pong`, `close`, `end`, `loss` and `any_of` says what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The connection.
    pub on: String,
    /// A message that matches, in whichever encoding of the family.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// How `json` has to travel, where it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// A binary message of exactly these bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<Bytes>,
    /// A Ping frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping: Option<Any>,
    /// A Pong frame with this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pong: Option<String>,
    /// A Close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<CloseIs>,
    /// The end of the TCP connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Any>,
    /// The end of the connection in whatever way: a Close frame of any code, FIN or RST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Any>,
    /// One of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Choice>,
    /// The variable that takes the name of the choice that came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// Text messages that may come before and are passed over.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Term>,
    /// Binary messages that may come before and are passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipping_binary: Option<Bytes>,
    /// Within which time; `notify_deadline` where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Waits for several messages, in whatever order they come. What the pattern binds are lists afterwards, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// The connection.
    pub on: String,
    /// How many.
    #[schemars(range(min = 1, max = MOST_MESSAGES))]
    pub count: usize,
    /// What each of them has to match.
    pub json: Term,
    /// Messages that may come between them and are passed over.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Term>,
    /// Within which time all of them; `notify_deadline` where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// One of several things that may come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// Its name, for `bind`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// A text message that matches.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// A binary message of exactly these bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<Bytes>,
    /// A Close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<CloseIs>,
    /// The end of the connection in whatever way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Any>,
    /// An event of a client's driver protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventIs>,
}

/// What an event of the driver protocol has to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventIs {
    /// The client.
    pub of: String,
    /// What the event has to match.
    pub json: Term,
}

/// Says that any of its kind will do; written `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Any {}

/// What a Close frame has to be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseIs {
    /// The codes that are right; any where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<u16>,
    /// The reason, where it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Nothing may come for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// The connection.
    pub on: String,
    /// For how long.
    #[serde(rename = "for")]
    pub span: Span,
    /// Text messages that may come all the same.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Term>,
    /// Binary messages that may come all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipping_binary: Option<Bytes>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}
