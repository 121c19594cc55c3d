//! The golden vectors below `fixtures/`, for whoever shows what a message looks like. Judging them is the tests' business.

use std::fs;

use anyhow::{Context, Result};
use relayspec::family::{Channel, Family};
use serde::Deserialize;
use serde_json::Value;

use crate::workspace;

/// One vector. What is too long to be shown has neither text nor bytes here.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Vector {
    /// Kebab-case, unique in its file.
    pub(crate) id: String,
    /// What it is.
    pub(crate) verdict: Verdict,
    /// The requirement that decides it.
    pub(crate) rule: String,
    /// Why, in one sentence.
    pub(crate) why: String,
    text: Option<String>,
    binary: Option<Value>,
    message: Option<Value>,
    /// What the bytes of a binary message without a JSON form say.
    pub(crate) frame: Option<Value>,
}

/// Whether a vector is a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// It is one.
    Accept,
    /// It is none.
    Reject,
    /// It means nothing, and is no mistake.
    Ignore,
}

impl Vector {
    /// What comes as a text message.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// What comes as a binary message, as hexadecimal digits.
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
}

/// The vectors of one direction, in the order of their file.
///
/// # Errors
/// Where the file cannot be read.
pub(crate) fn of(family: &Family, channel: &Channel) -> Result<Vec<Vector>> {
    at(&format!("{}/{}.json", family.name, channel.direction))
}

/// The vectors of a file below `fixtures/`, in their order.
///
/// # Errors
/// Where the file cannot be read.
pub(crate) fn at(path: &str) -> Result<Vec<Vector>> {
    let path = format!("fixtures/{path}");
    let text = fs::read_to_string(workspace::root().join(&path)).with_context(|| format!("cannot read {path}"))?;
    serde_json::from_str(&text).with_context(|| format!("{path} is no list of vectors"))
}

/// The vectors with this verdict that show a message, in their order; at most `count`, and none that is long.
pub(crate) fn showing(
    vectors: &[Vector],
    verdict: Verdict,
    count: usize,
    shows: impl Fn(&Vector) -> bool,
) -> Vec<&Vector> {
    let short = |vector: &&Vector| vector.text().or(vector.hex()).is_some_and(|shown| shown.len() <= LONGEST);
    let found = vectors.iter().filter(|vector| vector.verdict == verdict).filter(short);
    found.filter(|vector| shows(vector)).take(count).collect()
}

/// What is longer than this, in characters, is no example.
const LONGEST: usize = 600;

#[cfg(test)]
mod tests {
    use relayspec::family::FAMILIES;

    use super::*;

    #[test]
    fn every_message_of_every_direction_has_an_example() {
        for family in FAMILIES {
            for channel in family.channels {
                let vectors = of(family, channel).expect("vectors");
                for message in (channel.schemas)() {
                    let named = |vector: &Vector| {
                        vector.value().is_some_and(|value| (family.naming.name)(&value) == Some(message.name))
                    };
                    let found = showing(&vectors, Verdict::Accept, 2, named);
                    assert!(!found.is_empty(), "{} {} {}", family.name, channel.direction, message.name);
                }
            }
        }
    }
}
