//! The types of values with variables and matchers, and of binary messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A value in which variables and matchers may occur.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Term {
    /// `null`, a boolean or a number.
    Plain(Value),
    /// A string, made of literal text and variables.
    Text(Vec<Piece>),
    /// The value of a variable, of any type.
    Variable(String),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Object(Vec<(String, Self)>),
    /// A repeated string (only in what is sent).
    Repeat {
        /// The string.
        text: Vec<Piece>,
        /// The number of repetitions.
        times: usize,
    },
    /// A slightly changed string (only in what is sent).
    Change {
        /// The change.
        change: Change,
        /// The string.
        of: Vec<Piece>,
    },
    /// Bytes in base64 (RFC 4648, section 4).
    Base64(Bytes),
    /// A string of this length over an alphabet (only in what is expected).
    MadeOf {
        /// The characters that may occur.
        alphabet: String,
        /// The number of characters.
        length: usize,
    },
    /// Any value of a kind (only in what is expected).
    Is(Kind),
    /// A string that contains this (only in what is expected).
    Contains(Vec<Piece>),
    /// Any value that does not match (only in what is expected).
    Not(Box<Self>),
    /// Any value that matches one of these (only in what is expected).
    AnyOf(Vec<Self>),
    /// Exactly this value, without further members (only in what is expected).
    Equals(Box<Self>),
    /// A string that is JSON, whose value matches (only in what is expected).
    JsonText(Box<Self>),
    /// A list of which exactly one element matches, and that one matches a second pattern too (only in what is expected).
    One {
        /// The pattern that exactly one element matches.
        like: Box<Self>,
        /// The second pattern for that element.
        being: Box<Self>,
    },
    /// A list that begins with these elements (only in what is expected).
    BeginsWith(Vec<Self>),
    /// A list that ends with these elements (only in what is expected).
    EndsWith(Vec<Self>),
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text as it is.
    Literal(String),
    /// The text of a variable.
    Variable(String),
}

/// A change that makes a string nearly right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Lower case.
    Lower,
    /// Without its last character.
    Shorter,
    /// Lower case and upper case swapped (ASCII).
    OtherCase,
    /// ASCII characters as their full-width forms.
    FullWidth,
}

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A string that is not empty.
    Text,
    /// Any string.
    String,
    /// A number.
    Number,
    /// Any value.
    Anything,
    /// `null`, an empty string, or an absent member.
    Nothing,
}

/// The longest string that a scenario may make, in bytes.
pub(super) const LONGEST_TEXT: usize = 64 << 20;

/// The variables of a step.
pub trait Variables {
    /// The value of a variable, if it has one.
    fn get(&self, name: &str) -> Option<Value>;
}

/// Variables with their values.
pub type Bindings = BTreeMap<String, Value>;

impl Variables for Bindings {
    fn get(&self, name: &str) -> Option<Value> {
        Self::get(self, name).cloned()
    }
}

/// The bytes of a binary message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Bytes(pub(super) Vec<BytePart>);

/// One part of a binary message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum BytePart {
    /// Bytes, repeated this many times.
    Hex(Vec<u8>, usize),
    /// A string in UTF-8.
    Text(Term),
    /// Any bytes, or none (only in what is expected, and only once).
    Anything,
}
