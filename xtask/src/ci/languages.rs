//! What is generated for other languages, held against the tools of those: the parser of AsyncAPI, and the compiler of TypeScript.

use super::clients::within;
use super::sequence::Step;

/// The tests, below the root.
const FOLDER: &str = "xtask/node";

/// The steps. What is installed runs no scripts of its own.
pub(super) fn steps() -> Vec<Step> {
    let install = within(FOLDER, "npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    vec![
        Step::command("schema tools install", install),
        Step::command("schema tools", within(FOLDER, "npm", &["test"])),
    ]
}
