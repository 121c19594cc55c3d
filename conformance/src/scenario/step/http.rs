//! Steps that speak HTTP beside the connections of the family: a server that the script answers for, and clients of others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::given;
use crate::scenario::{Bytes, CheckName, Span, Term};

/// Opens an HTTP server on loopback, for which the script answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// The name of the server in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The variable that takes its URL.
    pub url: String,
    /// The variable that takes its host and port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The address that it listens at; 127.0.0.1 where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Waits for a request to a server of the script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The name of the request in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The server.
    pub at: String,
    /// Which request it has to be, among those that come in whatever order; the next one where it is not said.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub pick: Option<Term>,
    /// What it has to be: `method`, `target`, `headers`, `body` (base64).
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub like: Option<Term>,
    /// Within which time; `notify_deadline` where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Answers a request. Exactly one of `status` and `raw` says how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Respond {
    /// The request.
    pub to: String,
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
    /// The reason phrase.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The header lines beside those of the framing: an object from names to a string, or to a list of strings.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub headers: Option<Term>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
    /// How the end of the body is told.
    #[serde(default, skip_serializing_if = "Framing::is_length")]
    pub framing: Framing,
    /// Instead: bytes as they are, perhaps not all of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Bytes>,
}

/// How the end of a body is told (RFC 9112, section 6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// By `content-length`.
    #[default]
    Length,
    /// In chunks.
    Chunked,
    /// By the end of the connection; of answers alone.
    End,
}

impl Framing {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_length(&self) -> bool {
        *self == Self::Length
    }
}

/// Sends a request to an HTTP server, on a connection of its own. Exactly one of `target` and `raw` says which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// The name of the request in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The base URL of the server.
    pub from: Term,
    /// The method; `GET` where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The request target.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub target: Option<Term>,
    /// The header lines beside `host` and those of the framing: an object from names to a string, or to a list of strings.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub headers: Option<Term>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
    /// How the end of the body is told.
    #[serde(default, skip_serializing_if = "Framing::is_length")]
    pub framing: Framing,
    /// Instead: bytes as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Bytes>,
}

/// Waits for the answer to a request that was sent with `fetch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The request.
    pub of: String,
    /// What it has to be: `status`, `reason`, `headers`, `body` (base64).
    pub like: Term,
    /// Within which time; `notify_deadline` where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Nobody may connect to a server of the script for a while, nor have connected before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unvisited {
    /// The server.
    pub at: String,
    /// For how long.
    #[serde(rename = "for")]
    pub span: Span,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// A text may not stand in what the subject's process has printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// What may not stand there.
    pub lacks: Term,
    /// The check that this decides.
    pub check: CheckName,
}
