//! The golden vectors below `fixtures/`, as examples of messages. The tests of the other crates check them.

use std::fs;

use anyhow::{Context, Result};
use relayspec::family::{Channel, FAMILIES, Family};
use serde::Deserialize;
use serde_json::Value;

use crate::workspace;

/// One vector. If it is written in parts because of its length, it has neither text nor bytes here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Vector {
    /// Kebab-case, unique in its file.
    pub(crate) id: String,
    /// Whether it is valid.
    #[serde(rename = "verdict")]
    pub(crate) validity: Validity,
    /// The requirement that decides it.
    pub(crate) rule: String,
    /// Why, in one sentence.
    pub(crate) why: String,
    text: Option<String>,
    binary: Option<Value>,
    message: Option<Value>,
    /// The meaning of the bytes of a binary message without a JSON form.
    pub(crate) frame: Option<Value>,
}

/// Whether a vector is a valid message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Validity {
    /// It is valid.
    Accept,
    /// It violates a requirement.
    Reject,
    /// It has no meaning, but violates no requirement.
    Ignore,
}

impl Vector {
    /// The text message.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The binary message, as hexadecimal digits.
    pub(crate) fn hex(&self) -> Option<&str> {
        self.binary.as_ref()?.as_str()
    }

    /// The value on the wire: that of the text, or the JSON form of the bytes.
    pub(crate) fn value(&self) -> Option<Value> {
        match self.text() {
            Some(text) => serde_json::from_str(text).ok(),
            None => self.hex().and(self.message.clone()),
        }
    }

    /// Whether it is a message of this name.
    pub(crate) fn is_named(&self, family: &Family, name: &str) -> bool {
        self.value().is_some_and(|value| (family.naming.name)(&value) == Some(name))
    }
}

/// All channels with their families.
pub(crate) fn channels() -> impl Iterator<Item = (&'static Family, &'static Channel)> {
    FAMILIES.iter().flat_map(|family| family.channels.iter().map(move |channel| (family, channel)))
}

/// The path of a channel's vectors below `fixtures/`, and of its schema below `schemas/`.
pub(crate) fn path(family: &Family, channel: &Channel) -> String {
    format!("{}/{}.json", family.name, channel.direction)
}

/// The vectors of one direction, in the order of their file.
pub(crate) fn of(family: &Family, channel: &Channel) -> Result<Vec<Vector>> {
    at(&path(family, channel))
}

/// The vectors of a file below `fixtures/`, in their order.
pub(crate) fn at(path: &str) -> Result<Vec<Vector>> {
    let path = format!("fixtures/{path}");
    let text = fs::read_to_string(workspace::root().join(&path)).with_context(|| format!("cannot read {path}"))?;
    serde_json::from_str(&text).with_context(|| format!("{path} is not a list of vectors"))
}

/// The first `count` vectors of this validity that match and are short enough for an example.
pub(crate) fn examples(
    vectors: &[Vector],
    validity: Validity,
    count: usize,
    matches: impl Fn(&Vector) -> bool,
) -> Vec<&Vector> {
    let is_short = |vector: &&Vector| vector.text().or(vector.hex()).is_some_and(|shown| shown.len() <= LONGEST);
    let found = vectors.iter().filter(|vector| vector.validity == validity).filter(is_short);
    found.filter(|vector| matches(vector)).take(count).collect()
}

/// The longest example, in characters.
const LONGEST: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_every_direction_has_an_example() {
        for (family, channel) in channels() {
            let vectors = of(family, channel).expect("vectors");
            for message in (channel.schemas)() {
                let found = examples(&vectors, Validity::Accept, 2, |vector| vector.is_named(family, message.name));
                assert!(!found.is_empty(), "{} {} {}", family.name, channel.direction, message.name);
            }
        }
    }
}
