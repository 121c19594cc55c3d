//! Steps that send: messages, valid and invalid frames, floods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::definition::StepDefinition;
use super::error::{MAX_FRAGMENTS, MAX_MESSAGES, MAX_POURED, StepError, in_range, one_of};
use crate::scenario::scope::Scope;
use crate::scenario::term::given;
use crate::scenario::{Bytes, Size, Span, Term, hex};

/// Sends a message. Exactly one of `json`, `text`, `binary`, `hex`, `ping` and `pong` is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// The connection.
    pub on: String,
    /// A message: this value, as JSON or in the family's other encoding.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// The encoding of `json`; text by default.
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
    #[schemars(range(min = 2, max = MAX_FRAGMENTS))]
    pub fragments: Option<usize>,
    /// Sends several messages at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeated>,
    /// Why the message is deliberately invalid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

impl StepDefinition for Send {
    const EXAMPLE: &'static str = "{ on: viewer, json: { type: join, code: K7QX4M } }";

    fn websocket_only(&self) -> Option<&'static str> {
        match self {
            Self { ping: Some(_), .. } | Self { pong: Some(_), .. } => Some("sending Ping or Pong"),
            Self { text: Some(_), .. } => Some("sending `text`"),
            _ => None,
        }
    }

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.connection(&self.on)?;
        one_of(&[
            ("json", self.json.is_some()),
            ("text", self.text.is_some()),
            ("binary", self.binary.is_some()),
            ("hex", self.hex.is_some()),
            ("ping", self.ping.is_some()),
            ("pong", self.pong.is_some()),
        ])?;
        self.fragments.map_or(Ok(()), |fragments| in_range("fragments", fragments, 2..=MAX_FRAGMENTS))?;
        let mut counted = scope.clone();
        if let Some(repeated) = &self.repeated {
            if self.json.is_none() {
                return Err(StepError::Needs("`repeated`", "`json`"));
            }
            in_range("times", repeated.times, 1..=MAX_MESSAGES)?;
            counted.set(&repeated.counter)?;
        }
        self.hex.iter().try_for_each(|text| hex(text).map(drop))?;
        self.binary.iter().try_for_each(|bytes| scope.can_send(bytes))?;
        Ok([&self.json, &self.text].into_iter().flatten().try_for_each(|term| counted.can_fill(term))?)
    }
}

/// How many times a message is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeated {
    /// The number of messages.
    #[schemars(range(min = 1, max = MAX_MESSAGES))]
    pub times: usize,
    /// The variable that counts the messages, from 1.
    #[serde(rename = "as")]
    pub counter: String,
}

/// The encoding of a message that has a JSON form, in families with two encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As JSON, in a text message.
    Text,
    /// As the family defines it, in a binary message.
    Binary,
}

/// Sends one frame exactly as written.
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
    /// Whether the payload is masked; by default as RFC 6455 requires of the sending side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<bool>,
    /// The payload as text; the parts of a list are joined.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub text: Option<Term>,
    /// The payload in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
    /// The payload length that the header claims, if it is not the real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Size>,
    /// Why the frame is deliberately invalid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

impl StepDefinition for FrameStep {
    const EXAMPLE: &'static str = "{ on: host, opcode: text, text: \"{}\", rsv: 4, invalid: a reserved bit }";

    fn websocket_only(&self) -> Option<&'static str> {
        Some("`frame`")
    }

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.connection(&self.on)?;
        one_of(&[("text", self.text.is_some()), ("hex", self.hex.is_some())])?;
        self.text.iter().try_for_each(|term| scope.can_fill(term))?;
        self.hex.iter().try_for_each(|text| hex(text).map(drop))?;
        in_range("rsv", self.rsv, 0..=7)
    }
}

/// The opcode of a frame (RFC 6455, section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Value", into = "Value")]
#[schemars(with = "Value")]
pub struct Opcode(pub u8);

/// Sends a message again and again. Exactly one of `json`, `binary`, `fragment` and `raw` is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pour {
    /// The connection.
    pub on: String,
    /// The message, as JSON.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub json: Option<Term>,
    /// A binary message: its parts, joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<Bytes>,
    /// The payload of the fragments of one endless text message.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub fragment: Option<Term>,
    /// Bytes as they are, to continue a frame whose header claims more than was sent.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub raw: Option<Term>,
    /// The most to send, up to 16 GiB.
    pub total: Size,
    /// Stops when nothing could be written for this long.
    pub until_blocked_for: Span,
}

impl StepDefinition for Pour {
    const EXAMPLE: &'static str = "{ on: host, json: { type: ping, ts: 1 }, total: 64 MiB, until_blocked_for: 2s }";

    fn websocket_only(&self) -> Option<&'static str> {
        self.fragment.is_some().then_some("pouring a `fragment`")
    }

    fn validate(&self, scope: &mut Scope) -> Result<(), StepError> {
        scope.connection(&self.on)?;
        one_of(&[
            ("json", self.json.is_some()),
            ("binary", self.binary.is_some()),
            ("fragment", self.fragment.is_some()),
            ("raw", self.raw.is_some()),
        ])?;
        in_range("total", self.total, Size(0)..=MAX_POURED)?;
        let terms = [&self.json, &self.fragment, &self.raw];
        terms.into_iter().flatten().try_for_each(|term| scope.can_fill(term))?;
        Ok(self.binary.iter().try_for_each(|bytes| scope.can_send(bytes))?)
    }
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

/// An invalid opcode.
#[derive(Debug, thiserror::Error)]
#[error("invalid opcode {0}: expected continuation, text, binary, close, ping, pong, or a number from 0 to 15")]
pub struct OpcodeError(Value);

/// The opcodes that have names in scenarios.
const NAMES: [(&str, u8); 6] =
    [("continuation", 0), ("text", 1), ("binary", 2), ("close", 8), ("ping", 9), ("pong", 10)];

impl TryFrom<Value> for Opcode {
    type Error = OpcodeError;

    fn try_from(value: Value) -> Result<Self, OpcodeError> {
        let named = value.as_str().and_then(|text| NAMES.iter().find(|(name, _)| *name == text)).map(|(_, code)| *code);
        let numbered = value.as_u64().filter(|number| *number < 16).map(|number| number as u8);
        named.or(numbered).map(Self).ok_or(OpcodeError(value))
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
