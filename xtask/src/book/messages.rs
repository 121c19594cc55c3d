//! The messages of a family as a page: who sends them, their members with type and requirement, and examples from the golden vectors.

mod driver;
mod members;

use std::fmt::Write as _;

use anyhow::Result;
use relayspec::family::{FAMILIES, Family};
use serde_json::Value;

use super::Pages;
use crate::gen_schemas::layout;
use crate::vectors::{self, Vector, Verdict};

/// So many messages are shown that are accepted, and so many that are none.
const ACCEPTED: usize = 2;
const REJECTED: usize = 3;

/// The path of the page of a family.
pub(super) fn path(family: &str) -> String {
    format!("spec/messages/{family}.md")
}

/// A page for each family, and one for the driver protocol.
///
/// # Errors
/// Where vectors cannot be read.
pub(super) fn pages() -> Result<Pages> {
    let mut pages = FAMILIES.iter().map(|family| Ok((path(family.name), page(family)?))).collect::<Result<Pages>>()?;
    pages.insert(path("driver"), driver::page()?);
    Ok(pages)
}

/// A message as the book shows it.
struct Entry {
    name: String,
    schema: Value,
    /// Who sends it, from whom to whom.
    sent: Vec<String>,
    /// The vectors of each direction that has it.
    vectors: Vec<Vec<Vector>>,
}

fn page(family: &'static Family) -> Result<String> {
    let mut entries: Vec<Entry> = Vec::new();
    for channel in family.channels {
        let vectors = vectors::of(family, channel)?;
        let sent = format!("{} to {}", channel.direction.from, channel.direction.to);
        for message in (channel.schemas)() {
            let named = |vector: &&Vector| {
                vector.value().is_some_and(|value| (family.naming.name)(&value) == Some(message.name))
            };
            let own: Vec<_> = vectors.iter().filter(named).cloned().collect();
            match entries.iter_mut().find(|known| known.name == message.name) {
                Some(known) => {
                    known.sent.push(sent.clone());
                    known.vectors.push(own);
                }
                None => entries.push(Entry {
                    name: message.name.to_owned(),
                    schema: message.schema,
                    sent: vec![sent.clone()],
                    vectors: vec![own],
                }),
            }
        }
    }
    let name = family.name;
    let mut page = format!(
        "# Messages: {name}\n\nThe forms of all messages, from the types that judge and reference read, and examples from `fixtures/{name}/`. \
         The chapter [{name}](../text/{name}.md) says when they are sent. The same stands in `schemas/{name}/` as JSON Schema, in \
         `schemas/asyncapi/{name}.yaml`, and in `schemas/typescript/{name}.d.ts`.\n\n"
    );
    directions(&mut page, family);
    entries.iter().for_each(|entry| section(&mut page, entry));
    bytes(&mut page, family)?;
    Ok(page)
}

/// Who may send what, in a table.
fn directions(page: &mut String, family: &Family) {
    page.push_str("| from | to | messages |\n| --- | --- | --- |\n");
    for channel in family.channels {
        let mut names: Vec<_> = (channel.schemas)().iter().map(|message| format!("`{}`", message.name)).collect();
        if channel.binary.is_some_and(|binary| binary.packing.is_none()) {
            names.push("binary messages".to_owned());
        }
        let _ = writeln!(page, "| {} | {} | {} |", channel.direction.from, channel.direction.to, names.join(", "));
    }
}

fn section(page: &mut String, Entry { name, schema, sent, vectors }: &Entry) {
    let about = schema["description"].as_str().unwrap_or_default();
    let _ = write!(page, "\n## {name}\n\n{about}\n\nSent from {}.", sent.join(", from "));
    if let Some(requirement) = schema["x-requirement"].as_str() {
        let _ = write!(page, " Another form breaks {requirement}, where that binds the sender.");
    }
    page.push_str("\n\n");
    members::table(page, schema);
    for (verdict, count) in [(Verdict::Accept, ACCEPTED), (Verdict::Reject, REJECTED)] {
        let mut shown: Vec<&Vector> = Vec::new();
        for vector in vectors.iter().flat_map(|own| vectors::showing(own, verdict, count, |_| true)) {
            if shown.len() < count && shown.iter().all(|known| known.id != vector.id) {
                shown.push(vector);
            }
        }
        shown.into_iter().for_each(|vector| example(page, vector));
    }
}

/// A vector: why it is a message or none, and what goes over the wire.
fn example(page: &mut String, vector: &Vector) {
    let (mark, word) = match vector.verdict {
        Verdict::Accept => ("accept", "Valid"),
        Verdict::Reject => ("reject", "Not valid"),
        Verdict::Ignore => ("reject", "Ignored"),
    };
    let (why, rule) = (&vector.why, &vector.rule);
    let _ = write!(page, "\n<div class=\"example {mark}\">\n\n{word}: {why} ({rule})\n\n");
    if let Some(value) = vector.text().map(str::to_owned).or_else(|| Some(vector.value()?.to_string())) {
        let _ = write!(page, "```json\n{}\n```\n\n", value.trim());
    }
    if let Some(hex) = vector.hex() {
        let _ = write!(page, "```text\n{}\n```\n\n", spaced(hex));
    }
    if let Some(frame) = &vector.frame {
        let _ = write!(page, "What it says: `{frame}`\n\n");
    }
    page.push_str("</div>\n");
}

/// The binary messages that have no JSON form.
fn bytes(page: &mut String, family: &Family) -> Result<()> {
    let words = layout::of(family.name);
    if words.is_empty() {
        return Ok(());
    }
    let _ = write!(page, "\n## Bytes\n\n{words}\n");
    for channel in family.channels.iter().filter(|channel| channel.binary.is_some_and(|it| it.packing.is_none())) {
        let vectors = vectors::of(family, channel)?;
        let _ = write!(page, "\n### From {} to {}\n", channel.direction.from, channel.direction.to);
        for (verdict, count) in [(Verdict::Accept, ACCEPTED), (Verdict::Reject, REJECTED)] {
            for vector in vectors::showing(&vectors, verdict, count, |vector| vector.hex().is_some()) {
                example(page, vector);
            }
        }
    }
    Ok(())
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
    fn each_message_has_members_and_examples() {
        for family in FAMILIES {
            let page = page(family).expect("a page");
            for message in family.channels.iter().flat_map(|channel| (channel.schemas)()) {
                let (_, section) = page.split_once(&format!("\n## {}\n", message.name)).expect("a section");
                let section = section.split("\n## ").next().expect("its text");
                assert!(section.contains("\nValid: ") && section.contains("| member |"), "{} {section}", family.name);
            }
        }
    }

    #[test]
    fn bytes_stand_in_pairs() {
        assert_eq!(spaced("000102"), "00 01 02");
        assert_eq!(spaced(&"ff".repeat(25)).lines().count(), 2);
    }
}
