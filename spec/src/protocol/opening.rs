//! How a connection becomes ready, what may come at any time, and how one asks whether the other side is still well.
//!
//! Messages are written as in scenarios: `$code` is a variable. To send a message, its variables are filled in; to receive one, it is a
//! pattern, and variables without a value take that of the message. So one definition serves both sides.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::names::Names;

/// How a connection of a client becomes ready.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpeningDefinition {
    /// The role of a client that is opened first, whose variables this one takes: a viewer joins with the code of a host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Who sends what, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Turn>,
    /// What has to be so for the opening to have succeeded; by default the last turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<Success>,
    /// The values of variables in what the runner sends.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub values: IndexMap<String, Value>,
}

/// One message of an opening.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// The client sends it.
    Client(Value),
    /// The server sends it.
    Server(Value),
}

/// When an opening has succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Success {
    /// Once the handshake has.
    Handshake,
    /// Once the last turn is over.
    LastTurn,
    /// Once the connection has been open for so long: a duration, or the name of a timing parameter.
    OpenFor(String),
}

/// A message that may come at any time, with the answer that it gets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsideDefinition {
    /// What a client may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Value>,
    /// What a server may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Value>,
    /// What either may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub either: Option<Value>,
    /// On the connections of which client roles; of all by default.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub roles: Names,
    /// The answer, if it gets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
}

/// A harmless request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// What the client sends; `$fresh` is a value that no request before had.
    pub send: Value,
    /// The answer. With `until` it is the last of several.
    pub answer: Value,
    /// What may come before the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipping: Option<Value>,
}

/// How either side finds out that the other is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Who sends heartbeats.
    pub by: Beater,
    /// The name of a message; Ping frames by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The time between two: the name of a timing parameter.
    pub interval: String,
    /// From one without an answer to the end of the connection: the name of a timing parameter.
    pub timeout: String,
}

/// Who sends heartbeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Beater {
    /// The client.
    Client,
    /// The server.
    Server,
    /// Both.
    Both,
}
