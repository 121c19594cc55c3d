//! A protocol as data: roles, endpoints, messages, opening, order, timing and reconnection. [`Definition`] is what a `protocol.yaml` says.
//!
//! Types, and the evaluation of order rules. Where a definition comes from, and whether its parts fit together, is for the runner.

mod built_in;
mod layout;
pub mod message;
pub mod names;
pub mod opening;
pub mod order;
pub mod reconnection;
pub mod role;
pub mod transport;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use built_in::{BUILT_IN_RULES, built_in_rule};
pub use layout::{json_to_message_pack, message_pack_to_json};

use message::Messages;
use opening::{AsideDefinition, Ask, Heartbeat, OpeningDefinition};
use order::Order;
use reconnection::Reconnection;
use role::{Param, Roles};
use transport::Transport;

/// A protocol, as its `protocol.yaml` defines it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The name, in small letters, digits and hyphens: `pairing`. Reports and ids of scenarios begin with it.
    pub name: String,
    /// What the protocol is for, in half a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The protocol that this one is a dialect of: the name of a built-in one, or the path of a folder or file. Its definition is taken over,
    /// then changed as a JSON Merge Patch changes it (RFC 7396): members replace those of the same name, `null` takes one away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// The version of the protocol, as its owner counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How messages become bytes of a stream; `websocket` by default.
    #[serde(default)]
    pub transport: Transport,
    /// Who connects to whom, and where.
    pub roles: Roles,
    /// What a server under test declares of itself, and what a client under test is handed: a token, a code, a room.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub params: IndexMap<String, Param>,
    /// The messages of each direction.
    #[serde(default)]
    pub messages: Messages,
    /// How a connection becomes ready, by the role of the client. A role without an entry is ready once the handshake has succeeded.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub opening: IndexMap<String, OpeningDefinition>,
    /// Messages that may come at any time and that no scenario has to expect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asides: Vec<AsideDefinition>,
    /// A harmless request for each client role, which shows that a connection still works.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub ask: IndexMap<String, Ask>,
    /// How either side finds out that the other is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<Heartbeat>,
    /// Which message may come when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub order: Order,
    /// Timing parameters and their defaults: a duration, such as `30s`, or the name of another parameter.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub timing: IndexMap<String, String>,
    /// How clients come back after a loss, unless they declare otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnection: Option<Reconnection>,
    /// Close codes that the protocol defines or uses.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub close_codes: IndexMap<String, Code>,
    /// Codes of error messages.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub error_codes: IndexMap<String, Code>,
    /// What a server does for one client depends on which others there are: its scenarios run one at a time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exclusive: bool,
    /// The Markdown file with the requirements; `requirements.md` by default, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<String>,
    /// Requirements that the protocol does without, each with a reason: for a dialect of another protocol.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub absent: IndexMap<String, String>,
}

/// What a code means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// What it means, in a few words.
    pub meaning: String,
    /// Whether a client that gets it stays away.
    #[serde(default, rename = "final", skip_serializing_if = "std::ops::Not::not")]
    pub is_final: bool,
}
