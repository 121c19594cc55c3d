//! `tidy`: the rules of the house that no compiler knows. Each rule is one function from a view of the tree to findings, and
//! reads neither disk nor clock; so each is tested on made-up trees, one that passes and one that fails.

mod finding;
mod rust;
mod tree;

mod ban;
mod effects;
mod imports;
mod manifests;

mod citations;
mod headers;
mod leftovers;
mod links;
mod places;
mod size;

use anyhow::{Result, bail};

use finding::Finding;
use tree::Tree;

/// A rule's name, and the function that applies it.
type Rule = (&'static str, fn(&Tree) -> Vec<Finding>);

const RULES: &[Rule] = &[
    ("imports", imports::check),
    ("manifests", manifests::check),
    ("effects", effects::check),
    ("size", size::check),
    ("headers", headers::check),
    ("leftovers", leftovers::check),
    ("links", links::check),
    ("citations", citations::check),
    ("places", places::check),
];

/// Applies all rules to the tree.
///
/// # Errors
/// Where the tree cannot be read, or a rule finds something.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::of_workspace()?;
    let mut count = 0;
    for (name, rule) in RULES {
        let mut findings = rule(&tree);
        findings.sort();
        for finding in &findings {
            println!("{finding} [{name}]");
        }
        count += findings.len();
    }
    println!("{}", size::summary(&tree));
    if count > 0 {
        bail!("tidy found {count} problem{}", if count == 1 { "" } else { "s" });
    }
    Ok(())
}
