//! `cargo xtask tidy`: rules of the project that no general tool checks. It needs neither network nor installed programs.

mod files;
mod imports;
mod tree;
mod types;
mod words;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use tree::{SourceTree, TidyFinding, shown};

const RULES: &[fn(&SourceTree) -> Vec<TidyFinding>] =
    &[files::check, imports::forbidden, imports::circles, types::check, words::check];

/// Applies all rules to the workspace and prints what they find, with a total for each topic.
///
/// # Errors
/// If the tree cannot be read, or a rule finds something.
pub(crate) fn run() -> Result<()> {
    let tree = SourceTree::of_workspace()?;
    let mut findings: Vec<_> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.sort();
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    for finding @ (.., topic, _) in &findings {
        println!("{}", shown(finding));
        *totals.entry(topic).or_default() += 1;
    }
    totals.iter().for_each(|(topic, total)| println!("{total:6} {topic}"));
    ensure!(findings.is_empty(), "tidy found {} problems", findings.len());
    Ok(())
}
