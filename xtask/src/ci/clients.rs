//! The example clients: their own tests, and the runner against each, by its manifest.

use std::path::Path;
use std::process::Command;

use super::sequence::Step;
use crate::{cargo, workspace};

/// The pairing host in Node, below the root.
const HOST: &str = "examples/pairing-host-node";

/// The tests of the sync server's chat page in a browser, below the root.
const PAGE: &str = "reference/tests/page";

/// The browser that they drive.
const BROWSER: &str = "chromium";

/// The steps of the pairing host.
pub(super) fn node(runner: &Path) -> Vec<Step> {
    vec![
        Step::command("host install", within(HOST, "npm", &["ci", "--no-audit", "--no-fund"])),
        Step::command("host tests", within(HOST, "npm", &["test"])),
        Step::command("host by manifest", test(runner, HOST)),
    ]
}

/// The steps of the chat page, which is tested as a sync client too.
pub(super) fn page(runner: &Path) -> Vec<Step> {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join(BROWSER)).find(|program| program.is_file())
    });
    let Some(browser) = found else {
        return vec![Step::skipped("page tests", "chromium is missing (Debian: apt-get install chromium)")];
    };
    let mut tests = within(PAGE, "npm", &["test"]);
    tests.env("CONFORMANCE_PROGRAM", runner).env("CHROMIUM", browser);
    vec![
        Step::command("page install", within(PAGE, "npm", &["ci", "--no-audit", "--no-fund"])),
        Step::command("page tests", tests),
    ]
}

/// The steps of the Python package and of the clients that use it. Each has an environment in its folder.
pub(super) fn python(runner: &Path) -> Vec<Step> {
    let packages = [
        (["python package environment", "python package install", "python package tests"], "packages/pypi", None),
        (
            ["viewer environment", "viewer install", "viewer tests"],
            "examples/terminal-viewer-python",
            Some("viewer by manifest"),
        ),
        (
            ["agent environment", "agent install", "agent tests"],
            "examples/tunnel-agent-python",
            Some("agent by manifest"),
        ),
        (["sync environment", "sync install", "sync tests"], "examples/sync-client-python", Some("sync by manifest")),
        (
            ["rpc client environment", "rpc client install", "rpc client tests"],
            "examples/rpc-client-python",
            Some("rpc client by manifest"),
        ),
    ];
    let python = ".venv/bin/python";
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"];
    let mut steps = Vec::new();
    for ([environment, install, tests], folder, by_manifest) in packages {
        steps.push(Step::command(environment, within(folder, "python3", &["-m", "venv", ".venv"])));
        steps.push(Step::command(install, within(folder, python, &pip)));
        steps.push(Step::command(tests, within(folder, python, &["-m", "unittest"])));
        steps.extend(by_manifest.map(|name| Step::command(name, test(runner, folder))));
    }
    steps.push(Step::command("rpc vectors", within("fixtures/rpc", "python3", &["make.py", "--check"])));
    steps
}

/// The runner against the client in this folder, without a baseline.
fn test(runner: &Path, folder: &str) -> Command {
    let mut command = cargo::program(runner);
    command.args(["client", "--manifest", &format!("{folder}/conformance.toml")]);
    command
}

/// A program that runs in a folder below the root.
pub(super) fn within(folder: &str, program: &str, arguments: &[&str]) -> Command {
    let mut command = cargo::program(program);
    command.args(arguments).current_dir(workspace::root().join(folder));
    command
}
