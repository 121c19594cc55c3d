//! Who connects to whom, where, and with what.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The roles of a protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// The role that accepts connections.
    pub server: String,
    /// The roles that connect, and where.
    pub clients: IndexMap<String, ClientEndpoint>,
}

/// Where the clients of a role connect, and what their handshake says. On a stream without handshakes it is empty.
///
/// Strings may have holes: `${token}` is the value of a parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientEndpoint {
    /// The path: `/rooms/{room}`, in which `{room}` stands for one segment, the value of the parameter `room`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Members of the query.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub query: IndexMap<String, String>,
    /// The subprotocols that the client offers, best first (RFC 6455, section 1.9); the server selects one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subprotocols: Vec<String>,
    /// Header lines of the request, beside those of every handshake.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, String>,
}

/// A value that depends on the system under test.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// What it is, in a few words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// What a client under test is handed, and a server under test has by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether a server may do without it: what needs it is then left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether it is kept out of reports.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}
