//! The messages of the rpc family, one type each: the order of members is that of the bytes, the names are those of the JSON form.
//!
//! The binary layout is derived; nothing here may be reordered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use wincode::{SchemaRead, SchemaWrite};

use super::Scope;
use super::form::{base64, one_of, optional_whole_i32, optional_whole_u64, whole_i32, whole_u64};
use crate::text::word;
use crate::wire::from_object;

/// A session begins, or goes on after a lost connection (RPC-C1, RPC-10, RPC-11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct SessionStart {
    /// The session's id, any string.
    pub session_id: String,
    /// The session in which it was started; null without one.
    #[serde(default)]
    pub parent_session_id: Option<String>,
    /// When, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole_u64::deserialize")]
    #[schemars(schema_with = "whole_u64::schema")]
    pub timestamp_ms: u64,
    /// What else there is to say of it: names and texts.
    pub attrs: BTreeMap<String, String>,
}

/// A session ends (RPC-12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct SessionEnd {
    /// The session's id.
    pub session_id: String,
    /// When, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole_u64::deserialize")]
    #[schemars(schema_with = "whole_u64::schema")]
    pub timestamp_ms: u64,
    /// The exit status of the shell; null where there is none.
    #[serde(default, deserialize_with = "optional_whole_i32::deserialize")]
    #[schemars(schema_with = "optional_whole_i32::schema")]
    pub exit_code: Option<i32>,
}

/// Bytes went through a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct IoData {
    /// The session's id.
    pub session_id: String,
    /// Which way they went.
    #[serde(deserialize_with = "word")]
    pub direction: Direction,
    /// When, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole_u64::deserialize")]
    #[schemars(schema_with = "whole_u64::schema")]
    pub timestamp_ms: u64,
    /// The bytes, in base64.
    #[serde(with = "base64")]
    #[schemars(schema_with = "base64::schema")]
    pub data: Vec<u8>,
}

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub enum Direction {
    // Doc comments here would make the schema a list of alternatives.
    #[expect(missing_docs, reason = "the name says it")]
    Input,
    #[expect(missing_docs, reason = "the name says it")]
    Output,
}

/// Something worth noting happened in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct Event {
    /// The session's id.
    pub session_id: String,
    /// When, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole_u64::deserialize")]
    #[schemars(schema_with = "whole_u64::schema")]
    pub timestamp_ms: u64,
    /// What.
    pub event_type: EventType,
}

/// What happened in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub enum EventType {
    /// A command ended with this status, which is not 0.
    NonZeroExit(
        #[serde(deserialize_with = "whole_i32::deserialize")]
        #[schemars(schema_with = "whole_i32::schema")]
        i32,
    ),
    /// This pattern occurred.
    PatternMatch(String),
    /// A command begins or ends.
    #[serde(deserialize_with = "from_object")]
    CommandBoundary(CommandBoundary),
}

/// Where a command begins or ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct CommandBoundary {
    /// The command.
    pub command: String,
}

/// A question to the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct Request {
    /// What the client calls it; not the request id of the frame.
    pub request_id: String,
    /// The session from which it is asked.
    pub session_id: String,
    /// The question, as `sessions`.
    pub query: String,
    /// Of which sessions.
    pub scope: Scope,
}

/// The answer to a question (RPC-01).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct Response {
    /// That of the question.
    pub request_id: String,
    /// The answer; to `sessions` a JSON array.
    pub content: String,
    /// Whether the answer is given in pieces.
    pub is_streaming: bool,
    /// Whether this is the last piece.
    pub is_final: bool,
}

/// A command of a session has ended (RPC-13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct CommandComplete {
    /// The session's id.
    pub session_id: String,
    /// What is to be kept of it.
    #[serde(deserialize_with = "from_object")]
    pub record: CommandRecord,
}

/// A command that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct CommandRecord {
    /// The command's id.
    pub command_id: String,
    /// The session's id.
    pub session_id: String,
    /// What was typed; null where nobody knows.
    #[serde(default)]
    pub command_line: Option<String>,
    /// The folder in which it ran; null where nobody knows.
    #[serde(default)]
    pub cwd: Option<String>,
    /// When it began, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole_u64::deserialize")]
    #[schemars(schema_with = "whole_u64::schema")]
    pub started_at: u64,
    /// When it ended, in ms since the Unix epoch; null where nobody knows.
    #[serde(default, deserialize_with = "optional_whole_u64::deserialize")]
    #[schemars(schema_with = "optional_whole_u64::schema")]
    pub ended_at: Option<u64>,
    /// Its output in short.
    pub output_summary: String,
    /// Where its output begins in the stream of the session, in bytes.
    #[serde(deserialize_with = "whole_u64::deserialize")]
    #[schemars(schema_with = "whole_u64::schema")]
    pub stream_offset: u64,
    /// How long its output is, in bytes.
    #[serde(deserialize_with = "whole_u64::deserialize")]
    #[schemars(schema_with = "whole_u64::schema")]
    pub stream_length: u64,
    /// Its exit status; null where there is none.
    #[serde(default, deserialize_with = "optional_whole_i32::deserialize")]
    #[schemars(schema_with = "optional_whole_i32::schema")]
    pub exit_code: Option<i32>,
}

/// A message of either side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, SchemaWrite, SchemaRead)]
pub enum Message {
    /// See [`SessionStart`].
    SessionStart(SessionStart),
    /// See [`SessionEnd`].
    SessionEnd(SessionEnd),
    /// See [`IoData`].
    IoData(IoData),
    /// See [`Event`].
    Event(Event),
    /// See [`Request`].
    Request(Request),
    /// See [`Response`].
    Response(Response),
    /// See [`CommandComplete`].
    CommandComplete(CommandComplete),
    /// It has come, and is kept where it has to be (RPC-01).
    Ack,
}

impl Message {
    /// The name, as `SessionStart`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SessionStart(_) => "SessionStart",
            Self::SessionEnd(_) => "SessionEnd",
            Self::IoData(_) => "IoData",
            Self::Event(_) => "Event",
            Self::Request(_) => "Request",
            Self::Response(_) => "Response",
            Self::CommandComplete(_) => "CommandComplete",
            Self::Ack => "Ack",
        }
    }

    /// Whether it is for the daemon to send.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Response(_) | Self::Ack)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// All that have members. Derived code alone would also take an array for a struct, and `{"Ack":null}`.
        #[derive(Deserialize)]
        enum Named {
            #[serde(deserialize_with = "from_object")]
            SessionStart(SessionStart),
            #[serde(deserialize_with = "from_object")]
            SessionEnd(SessionEnd),
            #[serde(deserialize_with = "from_object")]
            IoData(IoData),
            #[serde(deserialize_with = "from_object")]
            Event(Event),
            #[serde(deserialize_with = "from_object")]
            Request(Request),
            #[serde(deserialize_with = "from_object")]
            Response(Response),
            #[serde(deserialize_with = "from_object")]
            CommandComplete(CommandComplete),
        }
        one_of(deserializer, &[("Ack", Self::Ack)], |named| match named {
            Named::SessionStart(message) => Self::SessionStart(message),
            Named::SessionEnd(message) => Self::SessionEnd(message),
            Named::IoData(message) => Self::IoData(message),
            Named::Event(message) => Self::Event(message),
            Named::Request(message) => Self::Request(message),
            Named::Response(message) => Self::Response(message),
            Named::CommandComplete(message) => Self::CommandComplete(message),
        })
    }
}
