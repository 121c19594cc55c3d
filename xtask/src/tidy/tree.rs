//! A view of the tree: the files that git knows or would know, by path, and the Rust sources among them, read once.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::rust::Source;
use crate::{cargo, workspace};

/// Files by their path below the root, with `/` between the parts.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, String>,
    sources: Vec<Source>,
}

impl Tree {
    /// The tree of this workspace: what is tracked, and what is new and not ignored.
    ///
    /// # Errors
    /// Where git cannot list the files, or one of them cannot be read.
    pub(super) fn of_workspace() -> Result<Self> {
        let root = workspace::root();
        // In a container the clone may belong to another user than the one who checks it.
        let trust = format!("safe.directory={}", root.display());
        let mut list = cargo::program("git");
        list.args(["-c", &trust, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let mut files = BTreeMap::new();
        for path in cargo::output(&mut list)?.split_terminator('\0') {
            let place = root.join(path);
            // A file that is deleted but not yet staged is still listed.
            if place.is_file() {
                let bytes = std::fs::read(&place).with_context(|| format!("cannot read {path}"))?;
                // What is no text has a path, for links to it, and no lines.
                files.insert(path.to_owned(), String::from_utf8(bytes).unwrap_or_default());
            }
        }
        Ok(Self::new(files))
    }

    fn new(files: BTreeMap<String, String>) -> Self {
        let rust = files.iter().filter(|(path, _)| path.ends_with(".rs"));
        let mut sources: Vec<_> = rust.map(|(path, text)| Source::parse(path, text)).collect();
        let tests: BTreeSet<_> = sources.iter().flat_map(Source::test_files).collect();
        for source in &mut sources {
            source.is_test |= tests.contains(&source.path);
        }
        Self { files, sources }
    }

    /// A made-up tree.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        Self::new(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// All files with their texts, by path.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The files whose name ends like this.
    pub(super) fn files_ending(&self, end: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| path.ends_with(end))
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Whether there is such a file, or a folder that holds one.
    pub(super) fn contains(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        path.is_empty() || self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    /// The Rust sources, by path.
    pub(super) fn sources(&self) -> &[Source] {
        &self.sources
    }
}

/// Whether a path is this module, or lies in this folder or module: `engine` holds `engine.rs` and `engine/run.rs`.
pub(super) fn is_under(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest == ".rs" || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_holds_its_module_its_folder_and_itself() {
        for path in ["a/cli", "a/cli.rs", "a/cli/mod.rs"] {
            assert!(is_under(path, "a/cli"), "{path}");
        }
        for path in ["a/client.rs", "a/cli_x.rs", "b/cli.rs"] {
            assert!(!is_under(path, "a/cli"), "{path}");
        }
    }

    #[test]
    fn a_folder_is_there_when_it_holds_a_file() {
        let tree = Tree::of(&[("spec/text/wire.md", "")]);
        assert!(tree.contains("spec/text") && tree.contains("spec/text/") && tree.contains("spec/text/wire.md"));
        assert!(!tree.contains("spec/te") && !tree.contains("spec/text/wire"));
    }
}
