//! Steps that send: messages, frames right and wrong, floods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{MOST_FRAGMENTS, MOST_MESSAGES, given};
use crate::scenario::{Bytes, Size, Span, Term};

/// Sends a message. Exactly one of `json`, `text`, `binary`, `hex`, `ping` and `pong` says what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The connection.
    pub on: String,
    /// A message: this value, as JSON or in the family's other encoding.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// How `json` travels; as text where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// A text message: this text; the parts of a list are joined.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub text: Option<Term>,
    /// A binary message: its parts, joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<Bytes>,
    /// A binary message, all of it in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// A Ping frame with this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping: Option<String>,
    /// A Pong frame with this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pong: Option<String>,
    /// Into how many fragments the message is split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = MOST_FRAGMENTS))]
    pub fragments: Option<usize>,
    /// Instead of one message so many of them, all at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeated>,
    /// Why the message is deliberately none that this side may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

/// How often a message is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeated {
    /// So many times.
    #[schemars(range(min = 1, max = MOST_MESSAGES))]
    pub times: usize,
    /// The variable that counts the messages, from 1.
    #[serde(rename = "as")]
    pub counter: String,
}

/// How a message travels that has a JSON form, in families that have two encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As JSON, in a text message.
    Text,
    /// As the family has it, in a binary message.
    Binary,
}

/// Sends one frame as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameStep {
    /// The connection.
    pub on: String,
    /// `text`, `binary`, `continuation`, `close`, `ping`, `pong`, or a number from 0 to 15.
    pub opcode: Opcode,
    /// Whether it is the last frame of its message.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub fin: bool,
    /// The three reserved bits, 0 to 7.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rsv: u8,
    /// Whether the payload is masked; as its side has to where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<bool>,
    /// The payload as text; the parts of a list are joined.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub text: Option<Term>,
    /// The payload in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// The payload length that the header claims, where it is not the real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Size>,
    /// Why the frame is deliberately wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

/// The opcode of a frame (RFC 6455, section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Value", into = "Value")]
#[schemars(with = "Value")]
pub struct Opcode(pub u8);

/// Sends message after message. Exactly one of `json`, `binary`, `fragment` and `raw` says what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pour {
    /// The connection.
    pub on: String,
    /// The message, as JSON.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// Instead: a binary message, whose parts are joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<Bytes>,
    /// Instead: the payload of a fragment of one endless text message.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub fragment: Option<Term>,
    /// Instead: bytes as they are, to go on with a frame whose header claims more than it brought.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub raw: Option<Term>,
    /// How much is sent at most; no more than 16 GiB.
    pub total: Size,
    /// The peer takes no more when nothing could be written for so long.
    pub until_blocked_for: Span,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(value: &u8) -> bool {
    *value == 0
}

/// The opcodes that have names, as scenarios write them.
const NAMES: [(&str, u8); 6] =
    [("continuation", 0), ("text", 1), ("binary", 2), ("close", 8), ("ping", 9), ("pong", 10)];

impl TryFrom<Value> for Opcode {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let named = value.as_str().and_then(|text| NAMES.iter().find(|(name, _)| *name == text)).map(|(_, code)| *code);
        let numbered = value.as_u64().filter(|number| *number < 16).map(|number| number as u8);
        named.or(numbered).map(Self).ok_or_else(|| {
            format!(
                "{value} is no opcode: write continuation, text, binary, close, ping, pong, or a number from 0 to 15"
            )
        })
    }
}

impl From<Opcode> for Value {
    fn from(opcode: Opcode) -> Self {
        match NAMES.iter().find(|(_, code)| *code == opcode.0) {
            Some((name, _)) => (*name).into(),
            None => opcode.0.into(),
        }
    }
}
