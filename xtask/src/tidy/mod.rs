//! `cargo xtask tidy`: rules of the project that no general tool checks. It needs neither network nor installed programs.
//!
//! Each rule is a function from a [`Tree`] to findings. It reads neither disk nor clock, so its tests run on made-up trees.

mod files;
mod imports;
mod tree;
mod types;
mod words;

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use tree::{Finding, Tree};

const RULES: &[fn(&Tree) -> Vec<Finding>] =
    &[files::check, imports::forbidden, imports::circles, types::check, words::check];

/// Applies all rules to the workspace and prints what they find, with a total for each topic.
///
/// # Errors
/// If the tree cannot be read, or a rule finds something.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::of_workspace()?;
    let mut findings: Vec<_> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.sort();
    let mut totals = BTreeMap::new();
    for finding in &findings {
        println!("{finding}");
        *totals.entry(&finding.topic).or_insert(0) += 1;
    }
    totals.iter().for_each(|(topic, total)| println!("{total:6} {topic}"));
    println!("{}", files::summary(&tree));
    match findings.len() {
        0 => Ok(()),
        1 => bail!("tidy found 1 problem"),
        count => bail!("tidy found {count} problems"),
    }
}
