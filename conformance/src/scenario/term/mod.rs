//! Values with holes: what a scenario sends and what it expects.
//!
//! `$name` stands for a variable, `${name}` inside a longer string for its text, `$$` for a dollar sign. In what is sent,
//! `{ repeat: "x", times: 1000 }` makes a long string. In what is expected, `{ is: text }`, `{ not: … }`, `{ any_of: […] }` and
//! `{ equals: … }` are matchers, an object matches when it has at least the members named, and a variable that has no value
//! yet takes the one that it meets.

mod matching;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Bytes;
pub use matching::{Mismatch, same};
pub(crate) use text::is_name;

/// A value with holes.
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
    /// A string repeated (only in what is sent).
    Repeat {
        /// The string.
        text: Vec<Piece>,
        /// How many times.
        times: usize,
    },
    /// A string that was changed a little (only in what is sent).
    Change {
        /// How.
        change: Change,
        /// The string.
        of: Vec<Piece>,
    },
    /// Bytes in base64 (RFC 4648, section 4).
    Base64(Bytes),
    /// A string of so many characters of an alphabet (only in what is expected).
    MadeOf {
        /// The characters that may occur.
        alphabet: String,
        /// How many there are.
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
    /// Exactly this value, members not named included (only in what is expected).
    Equals(Box<Self>),
    /// A string that is JSON, whose value matches (only in what is expected).
    JsonText(Box<Self>),
    /// A list of which exactly one element is like this, and that one is so too (only in what is expected).
    One {
        /// What exactly one element matches.
        like: Box<Self>,
        /// What this one matches besides.
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

/// How a string can be changed, so that it is nearly right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Small letters instead of capitals.
    Lower,
    /// Without its last character.
    Shorter,
    /// Small letters instead of capitals, and capitals instead of small letters (ASCII).
    OtherCase,
    /// ASCII characters as their full-width forms.
    FullWidth,
}

/// What a value can be asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A string that is not empty.
    Text,
    /// Any string.
    String,
    /// A number.
    Number,
    /// Any value at all.
    Anything,
    /// `null`, an empty string, or no member at all.
    Nothing,
}

/// The longest string that a scenario may make, in bytes.
pub(in crate::scenario) const LONGEST_TEXT: usize = 64 << 20;

/// The variables that are in sight of a step.
pub trait Variables {
    /// The value of a variable, if it has one.
    fn get(&self, name: &str) -> Option<Value>;
}

/// Variables and their values, as a match gives them.
pub type Bindings = BTreeMap<String, Value>;

impl Variables for Bindings {
    fn get(&self, name: &str) -> Option<Value> {
        Self::get(self, name).cloned()
    }
}

impl Term {
    /// The value, with every variable filled in.
    ///
    /// # Errors
    /// Where a variable has no value, or a matcher stands in what should be sent.
    pub fn fill(&self, variables: &dyn Variables) -> Result<Value, String> {
        Ok(match self {
            Self::Plain(value) => value.clone(),
            Self::Text(pieces) => Value::String(text(pieces, variables)?),
            Self::Variable(name) => variables.get(name).ok_or_else(|| format!("`${name}` has no value here"))?,
            Self::List(terms) => terms.iter().map(|term| term.fill(variables)).collect::<Result<_, _>>()?,
            Self::Object(members) => {
                let filled = members.iter().map(|(name, term)| Ok((name.clone(), term.fill(variables)?)));
                Value::Object(filled.collect::<Result<_, String>>()?)
            }
            Self::Repeat { text: pieces, times } => Value::String(text(pieces, variables)?.repeat(*times)),
            Self::Change { change, of } => Value::String(change.apply(text(of, variables)?)),
            Self::Base64(bytes) => Value::String(STANDARD.encode(bytes.fill(variables)?)),
            Self::Is(_)
            | Self::Not(_)
            | Self::AnyOf(_)
            | Self::Equals(_)
            | Self::JsonText(_)
            | Self::One { .. }
            | Self::BeginsWith(_)
            | Self::EndsWith(_)
            | Self::MadeOf { .. }
            | Self::Contains(_) => {
                return Err(format!("`{}` is a matcher and cannot be sent", self.print()));
            }
        })
    }

    /// The plain text of a member of an object.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&str> {
        let Self::Object(members) = self else { return None };
        match members.iter().find(|(known, _)| known == name) {
            Some((_, Self::Text(pieces))) => match pieces.as_slice() {
                [Piece::Literal(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The term as a scenario writes it, on one line.
    #[must_use]
    pub fn print(&self) -> String {
        Value::from(self.clone()).to_string()
    }

    /// The term with its variables filled in where they have values, for people.
    #[must_use]
    pub fn shown(&self, variables: &dyn Variables) -> String {
        self.fill(variables).map_or_else(|_| self.print(), |value| value.to_string())
    }

    /// Calls `see` with the name of every variable.
    pub fn each_variable(&self, see: &mut dyn FnMut(&str)) {
        match self {
            Self::Variable(name) => see(name),
            Self::Text(pieces)
            | Self::Repeat { text: pieces, .. }
            | Self::Change { of: pieces, .. }
            | Self::Contains(pieces) => {
                for piece in pieces {
                    if let Piece::Variable(name) = piece {
                        see(name);
                    }
                }
            }
            Self::List(terms) | Self::AnyOf(terms) | Self::BeginsWith(terms) | Self::EndsWith(terms) => {
                terms.iter().for_each(|term| term.each_variable(see));
            }
            Self::Object(members) => members.iter().for_each(|(_, term)| term.each_variable(see)),
            Self::Not(term) | Self::Equals(term) | Self::JsonText(term) => term.each_variable(see),
            Self::One { like, being } => [like, being].into_iter().for_each(|term| term.each_variable(see)),
            Self::Base64(bytes) => bytes.each_variable(see),
            Self::Plain(_) | Self::Is(_) | Self::MadeOf { .. } => {}
        }
    }
}

impl Change {
    fn apply(self, text: String) -> String {
        let wide = |c: char| c.is_ascii_graphic().then(|| char::from_u32(u32::from(c) + 0xFEE0)).flatten().unwrap_or(c);
        let other = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        match self {
            Self::Lower => text.to_lowercase(),
            Self::OtherCase => text.chars().map(other).collect(),
            Self::Shorter => text.chars().take(text.chars().count().saturating_sub(1)).collect(),
            Self::FullWidth => text.chars().map(wide).collect(),
        }
    }
}

fn text(pieces: &[Piece], variables: &dyn Variables) -> Result<String, String> {
    let mut made = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => made.push_str(literal),
            Piece::Variable(name) => match variables.get(name) {
                Some(Value::String(value)) => made.push_str(&value),
                Some(value) => made.push_str(&value.to_string()),
                None => return Err(format!("`${name}` has no value here")),
            },
        }
    }
    Ok(made)
}

impl schemars::JsonSchema for Term {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Term".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Any value, with holes: $name is a variable, ${name} its text inside a string, $$ a dollar sign. Sent: { repeat: text, times: n }, { change: lower | other_case | shorter | full_width, of: text }, { base64: bytes }. Expected: { is: text | string | number | anything | nothing }, { made_of: alphabet, length: n }, { contains: text }, { not: … }, { any_of: […] }, { equals: … }, { begins_with: […] }, { ends_with: […] }, { json_text: … }, { one: …, being: … }; an object matches when it has at least the members named."
        })
    }
}
