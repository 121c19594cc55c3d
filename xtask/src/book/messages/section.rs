//! A message of the book: description, members, and examples from the golden vectors.

use std::fmt::Write as _;

use serde_json::Value;

use super::members;
use crate::vectors::{self, Validity, Vector};

/// At most this many examples are shown for each validity.
const SHOWN: &[(Validity, usize)] = &[(Validity::Accept, 2), (Validity::Reject, 3)];

/// A message as the book shows it.
pub(super) struct MessageEntry {
    pub(super) name: String,
    pub(super) schema: Value,
    /// Its directions: `relay to host`.
    pub(super) sent: Vec<String>,
    /// The vectors of each direction.
    pub(super) vectors: Vec<Vec<Vector>>,
}

/// Writes the section of a message.
pub(super) fn write(page: &mut String, MessageEntry { name, schema, sent, vectors }: &MessageEntry) {
    let about = schema["description"].as_str().unwrap_or_default();
    let _ = write!(page, "\n## {name}\n\n{about}\n\nSent from {}.", sent.join(", from "));
    if let Some(requirement) = schema["x-requirement"].as_str() {
        let _ = write!(page, " Any other form violates {requirement}, if that binds the sender.");
    }
    page.push_str("\n\n");
    members::table(page, schema);
    examples(page, vectors, |_| true);
}

/// Writes the first examples of each validity, each once.
pub(super) fn examples(page: &mut String, vectors: &[Vec<Vector>], matches: fn(&Vector) -> bool) {
    for (validity, count) in SHOWN {
        let mut shown: Vec<&Vector> = Vec::new();
        for vector in vectors.iter().flat_map(|own| vectors::examples(own, *validity, *count, matches)) {
            if shown.len() < *count && shown.iter().all(|known| known.id != vector.id) {
                shown.push(vector);
                example(page, vector);
            }
        }
    }
}

/// Writes a vector: whether it is valid and why, and what is sent.
fn example(page: &mut String, vector: &Vector) {
    let (class, word) = match vector.validity {
        Validity::Accept => ("accept", "Valid"),
        Validity::Reject => ("reject", "Invalid"),
        Validity::Ignore => ("reject", "Ignored"),
    };
    let _ = write!(page, "\n<div class=\"example {class}\">\n\n{word}: {} ({})\n\n", vector.why, vector.rule);
    if let Some(value) = vector.text().map(str::to_owned).or_else(|| Some(vector.value()?.to_string())) {
        let _ = write!(page, "```json\n{}\n```\n\n", value.trim());
    }
    if let Some(hex) = vector.hex() {
        let _ = write!(page, "```text\n{}\n```\n\n", spaced(hex));
    }
    if let Some(frame) = &vector.frame {
        let _ = write!(page, "Meaning: `{frame}`\n\n");
    }
    page.push_str("</div>\n");
}

/// Hexadecimal digits in pairs, 24 bytes a line.
fn spaced(hex: &str) -> String {
    let pairs: Vec<_> = hex.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
    pairs.chunks(24).map(|line| line.join(" ")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_bytes_in_pairs() {
        assert_eq!(spaced("000102"), "00 01 02");
        assert_eq!(spaced(&"ff".repeat(25)).lines().count(), 2);
    }
}
