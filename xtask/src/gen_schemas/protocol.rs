//! The built-in protocols in the form that the runner loads: `protocol.json` from `spec/protocols/`, with the messages of the Rust types, and
//! `requirements.md` from the chapter.

use std::fs;

use anyhow::{Context, Result};
use relayspec::family::FAMILIES;
use relayspec::protocol::Definition;
use relayspec::protocol::message::MessageDefinition;
use relayspec::requirement;

use super::Files;
use crate::workspace;

/// Both files of every built-in protocol, by their path below `schemas/`.
///
/// # Errors
/// If a definition cannot be read, or lacks a direction that the types have.
pub(super) fn files() -> Result<Files> {
    let mut files = Files::new();
    for family in FAMILIES {
        let path = workspace::root().join("spec/protocols").join(format!("{}.yaml", family.name));
        let written = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut definition: Definition =
            serde_saphyr::from_str(&written).with_context(|| path.display().to_string())?;
        for channel in family.channels {
            let direction = definition
                .messages
                .directions
                .get_mut(&channel.direction.to_string())
                .with_context(|| format!("{} lacks the direction {}", path.display(), channel.direction))?;
            for message in (channel.schemas)() {
                let form = direction.messages.entry(message.name.to_owned()).or_default();
                *form = MessageDefinition { schema: Some(format!("{}.json", message.name)), ..form.clone() };
            }
        }
        // In the order in which people write it.
        let json = serde_json::to_string_pretty(&definition).context("a definition as JSON")?;
        files.insert(format!("{}/protocol.json", family.name), format!("{json}\n"));
        files.insert(format!("{}/requirements.md", family.name), requirements(family.name));
    }
    Ok(files)
}

/// The requirements of a chapter, a line each.
fn requirements(chapter: &str) -> String {
    let own = requirement::all().iter().filter(|requirement| requirement.chapter == chapter);
    let lines = own.map(|one| format!("**{}** {} · {} · {}\n", one.id, one.level, one.roles.join(", "), one.text));
    format!("The requirements of the chapter `{chapter}`.\n\n{}", lines.collect::<Vec<_>>().join("\n"))
}
