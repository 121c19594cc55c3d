//! Messages as order rules see them, and how rules match them.

use serde_json::Value;

use super::Sent;
use crate::protocol::names::{ANY, BINARY, Names};

/// So many values and messages of one kind are remembered for a connection; beyond that, rules that would need more report nothing.
pub(super) const MOST: usize = 200_000;

/// The side that sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The side that has connected.
    Client,
    /// The side that was connected to.
    Server,
}

/// A message as order rules see it: a whole one, however many frames it came in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed<'a> {
    /// Who sends it.
    pub by: Sender,
    /// Its name, as the protocol names messages; `None` if it has none.
    pub name: Option<&'a str>,
    /// Its JSON form; `None` for a binary message that has none. It may be invalid otherwise.
    pub json: Option<&'a Value>,
}

/// A message that came out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderViolation {
    /// The requirement that its sender violates.
    pub requirement: String,
    /// Why, in a few words.
    pub why: String,
}

impl OrderViolation {
    pub(super) fn new(requirement: &str, why: impl Into<String>) -> Self {
        Self { requirement: requirement.to_owned(), why: why.into() }
    }
}

impl Sent {
    /// Whether a message is among these.
    #[must_use]
    pub fn has(&self, message: &Observed<'_>) -> bool {
        let names = match message.by {
            Sender::Client => &self.client,
            Sender::Server => &self.server,
        };
        names.matches(message)
    }
}

impl Names {
    fn matches(&self, message: &Observed<'_>) -> bool {
        match (message.json, message.name) {
            (None, _) => self.has(BINARY),
            (Some(_), name) => self.has(ANY) || name.is_some_and(|name| self.has(name)),
        }
    }
}

/// Whether a value has these members: objects may have more, `null` is no member too, everything else is equal, numbers by value.
pub(super) fn is_like(expected: Option<&Value>, got: Option<&Value>) -> bool {
    match (expected, got) {
        (None, _) => true,
        (Some(Value::Null), got) => got.is_none_or(Value::is_null),
        (Some(_), None) => false,
        (Some(Value::Object(members)), Some(got)) => {
            members.iter().all(|(name, member)| is_like(Some(member), got.get(name)))
        }
        (Some(Value::Number(number)), Some(got)) => number.as_f64() == got.as_f64(),
        (Some(expected), Some(got)) => expected == got,
    }
}

/// A value as an id: numbers by value, whatever their form.
pub(super) fn key(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Number(number) if number.is_f64() => Some(number.as_f64()?.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(format!("\"{text}")),
        other => Some(other.to_string()),
    }
}

/// A message in words.
pub(super) fn shown(message: &Observed<'_>) -> String {
    const LONGEST: usize = 40;
    match message.name {
        Some(name) => format!("`{}`", name.chars().take(LONGEST).collect::<String>()),
        None if message.json.is_none() => "a binary message".to_owned(),
        None => "a message without a name".to_owned(),
    }
}
