//! General tools that check the tree, as Python wheels: `cargo deny`, `typos` and `rumdl`. Their rules are in `deny.toml`, `typos.toml` and
//! `.rumdl.toml`.

use std::process::Command;

use super::sequence::{Status, Step};
use crate::cargo;

/// Where they are installed, below the root.
const FOLDER: &str = "target/tools";

/// The steps, with the installation first.
pub(super) fn steps() -> Vec<Step> {
    let (mut environment, mut install) = (cargo::program("python3"), tool("python"));
    environment.args(["-m", "venv", FOLDER]);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]);
    install.args(["--requirement", ".ci/requirements.txt"]);
    let mut dependencies = deny();
    dependencies.args(["check", "--allow", "unused-wrapper", "bans", "licenses", "sources"]);
    let mut links = tool("rumdl");
    links.args(["check", "--no-cache", "."]);
    let mut advisories = deny();
    advisories.args(["check", "advisories"]);
    vec![
        Step::command("tools environment", environment),
        Step::command("tools install", install),
        Step::command("spelling", tool("typos")),
        Step::command("links", links),
        Step::command("dependencies", dependencies),
        Step::new("advisories", cargo::shown(&advisories), move || {
            if cargo::output(deny().args(["fetch", "db"])).is_err() {
                return Ok(Status::Skipped("the advisory database cannot be fetched"));
            }
            cargo::run(&mut advisories).map(|()| Status::Passed)
        }),
    ]
}

fn deny() -> Command {
    tool("cargo-deny")
}

fn tool(name: &str) -> Command {
    cargo::program(format!("{FOLDER}/bin/{name}"))
}
