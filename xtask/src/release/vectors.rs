//! The accepted vectors of `fixtures/`, as a release keeps them: the messages that a peer of that version may send.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::vectors::{self, Validity, Vector};

/// A message that a peer may send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleasedVector {
    pub(super) id: String,
    /// A text message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    /// A binary message, as hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binary: Option<String>,
}

/// The files to release, by path below the release's folder. Vectors that are written in parts are left out for their size.
///
/// # Errors
/// If a file cannot be read, or is not a list of vectors.
pub(super) fn accepted() -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for (family, channel) in vectors::channels() {
        let all = vectors::of(family, channel)?;
        let kept = all.iter().filter(|vector| vector.validity == Validity::Accept).filter_map(released);
        let lines: Vec<_> = kept.map(|vector| serde_json::to_string(&vector)).collect::<Result<_, _>>()?;
        let path = format!("fixtures/{}", vectors::path(family, channel));
        files.push((path, format!("[\n  {}\n]\n", lines.join(",\n  "))));
    }
    Ok(files)
}

fn released(vector: &Vector) -> Option<ReleasedVector> {
    let (text, binary) = (vector.text().map(str::to_owned), vector.hex().map(str::to_owned));
    (text.is_some() || binary.is_some()).then(|| ReleasedVector { id: vector.id.clone(), text, binary })
}
