//! The files that git tracks or would track, read once, and what rules find in them. Rules read neither disk nor clock, so their tests run on
//! made-up trees.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::{cargo, workspace};

/// Texts by path below the root, with `/` between the parts. A binary file has an empty text.
pub(super) struct SourceTree {
    pub(super) files: BTreeMap<String, String>,
}

/// Path, line, topic and message of a violation.
pub(super) type TidyFinding = (String, usize, String, String);

pub(super) fn finding(path: &str, line: usize, topic: &str, message: impl Into<String>) -> TidyFinding {
    (path.to_owned(), line, topic.to_owned(), message.into())
}

pub(super) fn shown((path, line, topic, message): &TidyFinding) -> String {
    format!("{path}:{line}: {message} [{topic}]")
}

impl SourceTree {
    /// Reads the workspace.
    ///
    /// # Errors
    /// If git cannot list the files, or one of them cannot be read.
    pub(super) fn of_workspace() -> Result<Self> {
        let root = workspace::root();
        // In a container the clone may belong to another user.
        let trust = format!("safe.directory={}", root.display());
        let mut list = cargo::program("git");
        list.args(["-c", &trust, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let mut files = BTreeMap::new();
        for path in cargo::output(&mut list)?.split_terminator('\0') {
            let file = root.join(path);
            // A file that is deleted but not yet staged is still listed.
            if file.is_file() {
                let bytes = std::fs::read(&file).with_context(|| format!("cannot read {path}"))?;
                files.insert(path.to_owned(), String::from_utf8(bytes).unwrap_or_default());
            }
        }
        Ok(Self { files })
    }

    /// The files with one of these extensions.
    pub(super) fn with_extension(&self, extensions: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        let has = |path: &str| path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension));
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).filter(move |(path, _)| has(path))
    }
}

/// What a rule finds in a made-up tree.
#[cfg(test)]
pub(super) fn found(rule: fn(&SourceTree) -> Vec<TidyFinding>, files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let mut findings = rule(&SourceTree { files });
    findings.sort();
    findings.iter().map(shown).collect()
}
