//! The example clients: their own tests, and the judge's verdict on each, by its manifest.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::sequence::Step;
use crate::{cargo, workspace};

/// The pairing host in Node, below the root.
const HOST: &str = "examples/pairing-host-node";

/// The terminal viewer in Python, below the root.
const VIEWER: &str = "examples/terminal-viewer-python";

/// The sync client in Python, below the root.
const SYNC: &str = "examples/sync-client-python";

/// The tests of the sync server's chat page in a browser, below the root.
const PAGE: &str = "reference/tests/page";

/// The browser that they drive.
const BROWSER: &str = "chromium";

/// The tunnel agent in Python, below the root.
const AGENT: &str = "examples/tunnel-agent-python";

/// The rpc client in Python, below the root.
const CALLER: &str = "examples/rpc-client-python";

/// The Python package that the clients share, below the root.
const PACKAGE: &str = "packages/pypi";

/// The steps of the pairing host.
pub(super) fn node(judge: &Path) -> Vec<Step> {
    vec![
        Step::command("host install", within(HOST, "npm", &["ci", "--no-audit", "--no-fund"])),
        Step::command("host tests", within(HOST, "npm", &["test"])),
        Step::command("host by manifest", judging(judge, HOST)),
    ]
}

/// The steps of the chat page, which is judged as a sync client too; left out where there is no browser.
pub(super) fn page(judge: &Path) -> Vec<Step> {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join(BROWSER)).find(|program| program.is_file())
    });
    let Some(browser) = found else {
        return vec![Step::skipped(
            "page tests",
            "no chromium here: nobody has tested the chat page (Debian: apt-get install chromium)",
        )];
    };
    let mut tests = within(PAGE, "npm", &["test"]);
    tests.env("CONFORMANCE_PROGRAM", judge).env("CHROMIUM", browser);
    vec![
        Step::command("page install", within(PAGE, "npm", &["ci", "--no-audit", "--no-fund"])),
        Step::command("page tests", tests),
    ]
}

/// The steps of the clients in Python. What each needs goes into an environment of its own, in its folder.
pub(super) fn python(judge: &Path) -> Vec<Step> {
    let environment = |folder| within(folder, "python3", &["-m", "venv", ".venv"]);
    let install = |folder| {
        let arguments =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"];
        within(folder, ".venv/bin/python", &arguments)
    };
    let tests = |folder| within(folder, ".venv/bin/python", &["-m", "unittest"]);
    vec![
        Step::command("python package environment", environment(PACKAGE)),
        Step::command("python package install", install(PACKAGE)),
        Step::command("python package tests", tests(PACKAGE)),
        Step::command("viewer environment", environment(VIEWER)),
        Step::command("viewer install", install(VIEWER)),
        Step::command("viewer tests", tests(VIEWER)),
        Step::command("viewer by manifest", judging(judge, VIEWER)),
        Step::command("agent environment", environment(AGENT)),
        Step::command("agent install", install(AGENT)),
        Step::command("agent tests", tests(AGENT)),
        Step::command("agent by manifest", judging(judge, AGENT)),
        Step::command("sync environment", environment(SYNC)),
        Step::command("sync install", install(SYNC)),
        Step::command("sync tests", tests(SYNC)),
        Step::command("sync by manifest", judging(judge, SYNC)),
        Step::command("rpc client environment", environment(CALLER)),
        Step::command("rpc client install", install(CALLER)),
        Step::command("rpc client tests", tests(CALLER)),
        Step::command("rpc client by manifest", judging(judge, CALLER)),
        Step::command("rpc vectors", within("fixtures/rpc", "python3", &["make.py", "--check"])),
    ]
}

/// The judge of the client in this folder, which has no baseline: nothing is excused.
fn judging(judge: &Path, folder: &str) -> Command {
    let mut command = cargo::program(judge);
    command.args(["client", "--manifest", &format!("{folder}/conformance.toml")]);
    command
}

/// A program that runs in a folder below the root.
pub(super) fn within(folder: &str, program: &str, arguments: &[&str]) -> Command {
    let mut command = cargo::program(program);
    let folder: PathBuf = workspace::root().join(folder);
    command.args(arguments).current_dir(folder);
    command
}
