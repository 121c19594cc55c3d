//! The messages of a family as a page: directions, members with type and requirement, and examples from the golden vectors.

use std::fmt::Write as _;

use anyhow::Result;
use relayspec::family::Family;

use super::section::{self, MessageEntry};
use crate::gen_schemas::layout;
use crate::vectors;

/// The page.
pub(super) fn page(family: &Family) -> Result<String> {
    let mut entries: Vec<MessageEntry> = Vec::new();
    for channel in family.channels {
        let all = vectors::of(family, channel)?;
        let sent = format!("{} to {}", channel.direction.from, channel.direction.to);
        for message in (channel.schemas)() {
            let name = message.name.to_owned();
            let own: Vec<_> = all.iter().filter(|vector| vector.is_named(family, &name)).cloned().collect();
            match entries.iter_mut().find(|known| known.name == name) {
                Some(known) => {
                    known.sent.push(sent.clone());
                    known.vectors.push(own);
                }
                None => entries.push(MessageEntry {
                    name,
                    schema: message.schema,
                    sent: vec![sent.clone()],
                    vectors: vec![own],
                }),
            }
        }
    }
    let name = family.name;
    let mut page = format!(
        "# Messages: {name}\n\nAll messages with their members, from the types that the runner and the reference implementations use, and examples from \
         `fixtures/{name}/`. The chapter [{name}](../text/{name}.md) states when they are sent. `schemas/{name}/` has the same as JSON Schema, \
         `schemas/asyncapi/{name}.yaml` as AsyncAPI, and `schemas/typescript/{name}.d.ts` as types.\n\n"
    );
    directions(&mut page, family);
    entries.iter().for_each(|entry| section::write(&mut page, entry));
    bytes(&mut page, family)?;
    Ok(page)
}

/// Writes the table of directions and their messages.
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

/// Writes the binary messages that have no JSON form.
fn bytes(page: &mut String, family: &Family) -> Result<()> {
    let layout = layout::of(family.name);
    if layout.is_empty() {
        return Ok(());
    }
    let _ = write!(page, "\n## Bytes\n\n{layout}\n");
    for channel in family.channels.iter().filter(|channel| channel.binary.is_some_and(|it| it.packing.is_none())) {
        let _ = write!(page, "\n### From {} to {}\n", channel.direction.from, channel.direction.to);
        section::examples(page, &[vectors::of(family, channel)?], |vector| vector.hex().is_some());
    }
    Ok(())
}
