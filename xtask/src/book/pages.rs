//! The pages of the book: Markdown by path below the root.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

use crate::workspace;

/// Pages by path.
pub(super) type Pages = BTreeMap<String, String>;

/// Reads a file of the tree.
pub(super) fn text(path: &str) -> Result<String> {
    fs::read_to_string(workspace::root().join(path)).with_context(|| format!("cannot read {path}"))
}
