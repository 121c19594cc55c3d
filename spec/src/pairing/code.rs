//! Session codes, error codes and close codes of pairing.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::text::formed_string;

/// The 28 characters of a session code; no two look alike (chapter `pairing`, "Messages").
pub const ALPHABET: &str = "346789ABCDEFGHJKLMNPQRTUVWXY";

/// The number of characters of a session code.
pub const CODE_LENGTH: usize = 6;

/// The close code for a path without an endpoint (PAIR-02).
pub const CLOSE_INVALID_PATH: u16 = 4000;

/// The close reason for a path without an endpoint (PAIR-02).
pub const INVALID_PATH_REASON: &str = "Invalid path";

/// The close code of a server that shuts down (WIRE-08; RFC 6455, section 7.4.1).
pub const CLOSE_GOING_AWAY: u16 = 1001;

/// The close code after too many failed joins (PAIR-91; RFC 6455, section 7.4.1).
pub const CLOSE_POLICY: u16 = 1008;

formed_string! {
    /// A session code: 6 characters of [`ALPHABET`] (PAIR-11).
    SessionCode,
    expected "a session code of 6 characters of 346789ABCDEFGHJKLMNPQRTUVWXY",
    valid |text| text.len() == CODE_LENGTH && text.chars().all(|c| ALPHABET.contains(c)),
    schema {
        "type": "string",
        "maxLength": 6, // `$` of some regular expressions also matches before a line feed at the end
        "pattern": "^[346789ABCDEFGHJKLMNPQRTUVWXY]{6}$"
    }
}

formed_string! {
    /// What a viewer sends as a code: any 6 characters. The relay decides whether it is a code (PAIR-24).
    JoinCode,
    expected "a string of 6 characters",
    valid |text| text.chars().count() == CODE_LENGTH,
    schema { "type": "string", "minLength": 6, "maxLength": 6 }
}

/// Why a relay refuses a message, or what it reports (chapter `pairing`, "Messages").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "see the chapter's table; doc comments would turn the schema's `enum` into `oneOf`")]
pub enum ErrorCode {
    InvalidCode,
    ExpiredCode,
    AlreadyJoined,
    NotFound,
    MacDisconnected,
    InvalidMessage,
}
