//! The messages of rpc, one type each. Members are in the order of the binary layout, which is derived: nothing may be reordered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use wincode::{SchemaRead, SchemaWrite};

use super::Scope;
use super::form::{
    base64, i32_schema, one_of, optional_i32_schema, optional_u64_schema, optional_whole, u64_schema, whole,
};
use crate::text::word;
use crate::wire::from_object;

/// A session starts, or continues after a lost connection (RPC-C1, RPC-10, RPC-11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct SessionStart {
    /// The session's id, any string.
    pub session_id: String,
    /// The session from which it was started; null without one.
    #[serde(default)]
    pub parent_session_id: Option<String>,
    /// When it started, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole")]
    #[schemars(schema_with = "u64_schema")]
    pub timestamp_ms: u64,
    /// Other properties: names and values.
    pub attrs: BTreeMap<String, String>,
}

/// A session ends (RPC-12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct SessionEnd {
    /// The session's id.
    pub session_id: String,
    /// When it ended, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole")]
    #[schemars(schema_with = "u64_schema")]
    pub timestamp_ms: u64,
    /// The exit status of the shell; null if there is none.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schemars(schema_with = "optional_i32_schema")]
    pub exit_code: Option<i32>,
}

/// Bytes that went through a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct IoData {
    /// The session's id.
    pub session_id: String,
    /// Their direction.
    #[serde(deserialize_with = "word")]
    pub direction: IoDirection,
    /// When, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole")]
    #[schemars(schema_with = "u64_schema")]
    pub timestamp_ms: u64,
    /// The bytes, in base64.
    #[serde(with = "base64")]
    #[schemars(schema_with = "base64::schema")]
    pub data: Vec<u8>,
}

/// The direction of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
#[expect(missing_docs, reason = "doc comments would turn the schema into a list of alternatives")]
pub enum IoDirection {
    Input,
    Output,
}

/// A notable event in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct Event {
    /// The session's id.
    pub session_id: String,
    /// When, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole")]
    #[schemars(schema_with = "u64_schema")]
    pub timestamp_ms: u64,
    /// The event.
    pub event_type: EventType,
}

/// An event in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub enum EventType {
    /// A command ended with this status, which is not 0.
    NonZeroExit(
        #[serde(deserialize_with = "whole")]
        #[schemars(schema_with = "i32_schema")]
        i32,
    ),
    /// This pattern matched.
    PatternMatch(String),
    /// A command starts or ends.
    #[serde(deserialize_with = "from_object")]
    CommandBoundary(CommandBoundary),
}

/// The start or end of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct CommandBoundary {
    /// The command.
    pub command: String,
}

/// A query to the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct Request {
    /// The client's id of the query; not the request id of the frame.
    pub request_id: String,
    /// The session that the query comes from.
    pub session_id: String,
    /// The query, such as `sessions`.
    pub query: String,
    /// The sessions that the query is about.
    pub scope: Scope,
}

/// The answer to a query (RPC-01).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct Response {
    /// The id of the query.
    pub request_id: String,
    /// The answer; for `sessions` a JSON array.
    pub content: String,
    /// Whether the answer is sent in parts.
    pub is_streaming: bool,
    /// Whether this is the last part.
    pub is_final: bool,
}

/// A command in a session has ended (RPC-13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct CommandComplete {
    /// The session's id.
    pub session_id: String,
    /// The record to keep.
    #[serde(deserialize_with = "from_object")]
    pub record: CommandRecord,
}

/// The record of a command that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SchemaWrite, SchemaRead)]
pub struct CommandRecord {
    /// The command's id.
    pub command_id: String,
    /// The session's id.
    pub session_id: String,
    /// The command line; null if unknown.
    #[serde(default)]
    pub command_line: Option<String>,
    /// The working directory; null if unknown.
    #[serde(default)]
    pub cwd: Option<String>,
    /// When it started, in ms since the Unix epoch.
    #[serde(deserialize_with = "whole")]
    #[schemars(schema_with = "u64_schema")]
    pub started_at: u64,
    /// When it ended, in ms since the Unix epoch; null if unknown.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schemars(schema_with = "optional_u64_schema")]
    pub ended_at: Option<u64>,
    /// A summary of its output.
    pub output_summary: String,
    /// The offset of its output in the stream of the session, in bytes.
    #[serde(deserialize_with = "whole")]
    #[schemars(schema_with = "u64_schema")]
    pub stream_offset: u64,
    /// The length of its output, in bytes.
    #[serde(deserialize_with = "whole")]
    #[schemars(schema_with = "u64_schema")]
    pub stream_length: u64,
    /// Its exit status; null if there is none.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schemars(schema_with = "optional_i32_schema")]
    pub exit_code: Option<i32>,
}

/// Declares the messages that have members, besides `Ack`.
macro_rules! messages {
    ($($name:ident)+) => {
        /// A message of either side.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, SchemaWrite, SchemaRead)]
        pub enum Message {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)+
            /// Acknowledges a message, which is stored if it has to be (RPC-01).
            Ack,
        }

        impl Message {
            /// The name, such as `SessionStart`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)+
                    Self::Ack => "Ack",
                }
            }
        }

        impl<'de> Deserialize<'de> for Message {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                /// Derived code alone would also accept an array for a struct, and `{"Ack":null}`.
                #[derive(Deserialize)]
                enum WithMembers {
                    $(#[serde(deserialize_with = "from_object")] $name($name),)+
                }
                one_of(deserializer, &[("Ack", Self::Ack)], |named| match named {
                    $(WithMembers::$name(message) => Self::$name(message),)+
                })
            }
        }
    };
}

messages! { SessionStart SessionEnd IoData Event Request Response CommandComplete }

impl Message {
    /// Whether the daemon sends it.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Response(_) | Self::Ack)
    }
}
