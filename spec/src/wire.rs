//! Directions and messages, and why a text is not a message.
//!
//! Decoding reads the tag first and the members second. So an error names the member and its place, unknown members are skipped at any
//! depth, and a JSON array is never accepted as a message.
//!
//! ```
//! use relayspec::pairing::FromViewer;
//!
//! let error = FromViewer::decode(r#"{"type":"join","code":7}"#).expect_err("a number");
//! assert_eq!(error.to_string(), "`join`: invalid type: integer `7`, expected a string (line 1, column 23)");
//! ```

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The sending and the receiving role of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Direction {
    /// The role that sends.
    pub from: &'static str,
    /// The role that receives.
    pub to: &'static str,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-to-{}", self.from, self.to)
    }
}

/// The members of one message, without its tag.
pub trait Tagged: Serialize + DeserializeOwned + JsonSchema {
    /// The value of the tag `type`.
    const TYPE: &'static str;
}

/// Why a text is not a message of its direction: place and cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}{}", place(*line, *column))]
pub struct DecodeError {
    /// The cause.
    pub cause: Cause,
    /// The line in the text, from 1; 0 if the error is about the whole text.
    pub line: usize,
    /// The column in the text, from 1; 0 if the error is about the whole text.
    pub column: usize,
}

fn place(line: usize, column: usize) -> String {
    if line > 0 { format!(" (line {line}, column {column})") } else { String::new() }
}

/// The cause of a [`DecodeError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The text is not JSON (RFC 8259).
    #[error("not JSON: {0}")]
    NotJson(String),
    /// The JSON value is not an object.
    #[error("a message is a JSON object")]
    NotAnObject,
    /// The tag is missing or not a string.
    #[error("no `type`: {0}")]
    NoType(String),
    /// No message of this direction has the tag.
    #[error("unknown `type` `{0}` in this direction")]
    UnknownType(String),
    /// A member is missing, or has the wrong type or form.
    #[error("`{message}`: {problem}")]
    Member {
        /// The message's type.
        message: &'static str,
        /// The parser's description.
        problem: String,
    },
}

impl DecodeError {
    pub(crate) fn unknown(tag: &str) -> Self {
        Self { cause: Cause::UnknownType(tag.chars().take(40).collect()), line: 0, column: 0 }
    }
}

/// Why bytes are not a binary message of their direction: place and cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause} (byte {at})")]
pub struct BinaryError {
    /// The cause.
    pub cause: String,
    /// The offset of the byte, from 0.
    pub at: usize,
}

#[derive(Deserialize)]
struct MessageTag<'a> {
    #[serde(borrow, rename = "type")]
    tag: Cow<'a, str>,
}

/// The tag of a message; unknown members are skipped.
/// Fails if the text is not a JSON object (WIRE-01), or its `type` is missing or not a string.
pub fn tag(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    object::<MessageTag<'_>>(text, Cause::NoType).map(|found| found.tag)
}

/// Reads an object that is not a message of a family; `name` is its name in errors.
pub(crate) fn object_of<'a, T: Deserialize<'a>>(text: &'a str, name: &'static str) -> Result<T, DecodeError> {
    object(text, |problem| Cause::Member { message: name, problem })
}

/// Reads a value from an object only: derived code also reads a struct from an array.
fn object<'a, T: Deserialize<'a>>(text: &'a str, wrong: impl Fn(String) -> Cause) -> Result<T, DecodeError> {
    let is_object = text.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{');
    if !is_object {
        return Err(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => DecodeError { cause: Cause::NotAnObject, line: 0, column: 0 },
            Err(error) => located(&error, Cause::NotJson(problem_of(&error))),
        });
    }
    serde_json::from_str(text).map_err(|error| {
        let problem = problem_of(&error);
        let cause = if error.is_data() { wrong(problem) } else { Cause::NotJson(problem) };
        located(&error, cause)
    })
}

/// The members of a message whose tag is known; fails if a member is missing, or has the wrong type or form.
pub fn members<M: Tagged>(text: &str) -> Result<M, DecodeError> {
    members_of(text, M::TYPE)
}

/// Like [`members`], for a tag of another name than `type`.
pub(crate) fn members_of<T: DeserializeOwned>(text: &str, name: &'static str) -> Result<T, DecodeError> {
    serde_json::from_str(text)
        .map_err(|error| located(&error, Cause::Member { message: name, problem: problem_of(&error) }))
}

/// Reads a value from an object only, for a member: derived code also reads a struct from an array.
pub(crate) fn from_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct ObjectVisitor<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(members))
        }
    }

    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

/// A value from an object only, as [`from_object`] reads it.
pub(crate) struct ObjectOnly<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ObjectOnly<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_object(deserializer).map(Self)
    }
}

fn located(error: &serde_json::Error, cause: Cause) -> DecodeError {
    DecodeError { cause, line: error.line(), column: error.column() }
}

fn problem_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(problem, _)| problem).to_owned()
}
