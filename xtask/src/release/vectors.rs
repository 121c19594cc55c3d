//! The accepted vectors of `fixtures/`, as a release keeps them: what a peer of that version may send, without the reasons.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use relayspec::family::{Channel, FAMILIES, Family};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a peer may send as one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vector {
    pub(super) id: String,
    /// The text of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    /// The bytes of a binary one, as hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binary: Option<String>,
}

/// The frozen files, by path below the release's folder. Vectors that are written in parts are left out: they are large, not different.
///
/// # Errors
/// Where a file cannot be read, or is none of vectors.
pub(super) fn accepted(fixtures: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for (family, channel) in channels() {
        let path = path(family, channel);
        let file = fixtures.join(&path);
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let all: Vec<Value> = serde_json::from_str(&text).with_context(|| format!("{} is no list", file.display()))?;
        let kept = all.iter().filter(|vector| vector["verdict"] == "accept").filter_map(kept).collect::<Vec<_>>();
        let lines: Vec<_> = kept.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        files.push((format!("fixtures/{path}"), format!("[\n  {}\n]\n", lines.join(",\n  "))));
    }
    Ok(files)
}

/// All channels.
pub(super) fn channels() -> impl Iterator<Item = (&'static Family, &'static Channel)> {
    FAMILIES.iter().flat_map(|family| family.channels.iter().map(move |channel| (family, channel)))
}

/// The file of a channel's vectors, and of its schema.
pub(super) fn path(family: &Family, channel: &Channel) -> String {
    format!("{}/{}.json", family.name, channel.direction)
}

fn kept(vector: &Value) -> Option<Vector> {
    let word = |name: &str| vector[name].as_str().map(str::to_owned);
    let kept = Vector { id: word("id")?, text: word("text"), binary: word("binary") };
    (kept.text.is_some() || kept.binary.is_some()).then_some(kept)
}
