//! What travels: frames, directions, messages, and why a text is no message.
//!
//! Decoding looks at the tag first and at the members second. So an error names the member and its place, unknown members are
//! skipped however deep they nest, and a JSON array is never taken for a message.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// One WebSocket message, or the end of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A Close frame, with its code where it has one.
    Close {
        /// The close code (RFC 6455, section 7.4), or `None` for an empty Close frame.
        code: Option<u16>,
        /// The reason; at most 123 bytes.
        reason: String,
    },
}

/// Who sends to whom, by role.
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

/// The members of one message, apart from its tag.
pub trait Message: Serialize + DeserializeOwned + JsonSchema {
    /// The value of the tag, `type`.
    const TYPE: &'static str;
}

/// Why a text is no message of its direction: place and cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong.
    pub cause: Cause,
    /// Line and column in the text, counted from 1; 0 where the whole text is meant.
    pub line: usize,
    /// See `line`.
    pub column: usize,
}

/// What is wrong with a text that should be a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It is no JSON (RFC 8259).
    NotJson(String),
    /// It is JSON, but no object.
    NotAnObject,
    /// The tag is missing or no string.
    NoType(String),
    /// The tag names no message of this direction.
    UnknownType(String),
    /// A member is missing, or has the wrong type or form.
    Member {
        /// The message's type.
        message: &'static str,
        /// What the parser says of it.
        problem: String,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::NotJson(problem) => write!(f, "not JSON: {problem}")?,
            Cause::NotAnObject => f.write_str("a message is a JSON object")?,
            Cause::NoType(problem) => write!(f, "no `type`: {problem}")?,
            Cause::UnknownType(name) => write!(f, "unknown `type` `{name}` in this direction")?,
            Cause::Member { message, problem } => write!(f, "`{message}`: {problem}")?,
        }
        if self.line > 0 { write!(f, " (line {}, column {})", self.line, self.column) } else { Ok(()) }
    }
}

impl std::error::Error for DecodeError {}

impl DecodeError {
    /// The tag names no message of the direction.
    pub(crate) fn unknown(tag: &str) -> Self {
        Self { cause: Cause::UnknownType(tag.chars().take(40).collect()), line: 0, column: 0 }
    }
}

/// Why bytes are no binary message of their direction: place and cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryError {
    /// What is wrong.
    pub cause: String,
    /// The byte at which it is seen, counted from 0.
    pub at: usize,
}

impl fmt::Display for BinaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.cause, self.at)
    }
}

impl std::error::Error for BinaryError {}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow, rename = "type")]
    tag: Cow<'a, str>,
}

/// The tag of a message; unknown members are skipped.
///
/// # Errors
/// Where the text is no JSON object (WIRE-01), or its `type` is missing or no string.
pub fn tag(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    object::<Tag<'_>>(text, Cause::NoType).map(|found| found.tag)
}

/// Reads an object that is no message of a family; `name` is what errors call it.
pub(crate) fn object_of<'a, T: Deserialize<'a>>(text: &'a str, name: &'static str) -> Result<T, DecodeError> {
    object(text, |problem| Cause::Member { message: name, problem })
}

/// Reads an object alone: derived code also takes an array for a struct.
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

/// The members of the message whose tag was read already.
///
/// # Errors
/// Where a member is missing, or has the wrong type or form.
pub fn members<M: Message>(text: &str) -> Result<M, DecodeError> {
    members_of(text, M::TYPE)
}

/// As [`members`], of what is told apart by another tag than `type`.
pub(crate) fn members_of<T: DeserializeOwned>(text: &str, name: &'static str) -> Result<T, DecodeError> {
    serde_json::from_str(text)
        .map_err(|error| located(&error, Cause::Member { message: name, problem: problem_of(&error) }))
}

/// Reads a struct from an object alone, for a member that is one: derived code also takes an array.
pub(crate) fn from_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(members))
        }
    }

    deserializer.deserialize_map(Object(PhantomData))
}

fn located(error: &serde_json::Error, cause: Cause) -> DecodeError {
    DecodeError { cause, line: error.line(), column: error.column() }
}

fn problem_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(problem, _)| problem).to_owned()
}

/// Gives messages their tags: `Join = "join"`.
macro_rules! types {
    ($($message:ident = $tag:literal),+ $(,)?) => {
        $(impl $crate::wire::Message for $message {
            const TYPE: &'static str = $tag;
        })+
    };
}

pub(crate) use types;

/// Declares the messages of one direction as an enum with decoder, encoder and schemas. The tags are the names of the messages in the given
/// case, as those of `types!`.
macro_rules! direction {
    (
        $(#[$doc:meta])*
        $name:ident: $from:literal => $to:literal, tags in $case:literal { $($(#[$variant_doc:meta])* $variant:ident,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(tag = "type", rename_all = $case)]
        pub enum $name {
            $($(#[$variant_doc])* $variant($variant),)+
        }

        impl $name {
            /// Who sends these messages to whom.
            pub const DIRECTION: $crate::wire::Direction = $crate::wire::Direction { from: $from, to: $to };

            /// Reads a message.
            ///
            /// # Errors
            /// Where the text is no message of this direction; the error names place and cause.
            pub fn decode(text: &str) -> Result<Self, $crate::wire::DecodeError> {
                let tag = $crate::wire::tag(text)?;
                $(if tag == <$variant as $crate::wire::Message>::TYPE {
                    return $crate::wire::members(text).map(Self::$variant);
                })+
                Err($crate::wire::DecodeError::unknown(&tag))
            }

            /// Writes the message as JSON text.
            #[must_use]
            pub fn encode(&self) -> String {
                serde_json::to_string(self).unwrap_or_default()
            }

            /// The schemas of the messages, without `$schema` and `$id`.
            #[must_use]
            pub fn schemas() -> Vec<$crate::schema::MessageSchema> {
                vec![$($crate::schema::MessageSchema::of::<$variant>(),)+]
            }
        }

        $(impl From<$variant> for $name {
            fn from(message: $variant) -> Self {
                Self::$variant(message)
            }
        })+
    };
}

pub(crate) use direction;
