//! The example clients: their own tests, and the judge's verdict on each, by its manifest.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::sequence::Step;
use crate::{cargo, workspace};

/// The pairing host in Node, below the root.
const HOST: &str = "examples/pairing-host-node";

/// The terminal viewer in Python, below the root.
const VIEWER: &str = "examples/terminal-viewer-python";

/// The tunnel agent in Python, below the root.
const AGENT: &str = "examples/tunnel-agent-python";

/// The rpc client in Python, below the root.
const CALLER: &str = "examples/rpc-client-python";

/// The steps of the pairing host.
pub(super) fn node(judge: &Path) -> Vec<Step> {
    vec![
        Step::command("host install", within(HOST, "npm", &["ci", "--no-audit", "--no-fund"])),
        Step::command("host tests", within(HOST, "npm", &["test"])),
        Step::command("host by manifest", judging(judge, HOST)),
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
        Step::command("viewer environment", environment(VIEWER)),
        Step::command("viewer install", install(VIEWER)),
        Step::command("viewer tests", tests(VIEWER)),
        Step::command("viewer by manifest", judging(judge, VIEWER)),
        Step::command("agent environment", environment(AGENT)),
        Step::command("agent install", install(AGENT)),
        Step::command("agent tests", tests(AGENT)),
        Step::command("agent by manifest", judging(judge, AGENT)),
        // It needs nothing but Python.
        Step::command("rpc client tests", within(CALLER, "python3", &["-m", "unittest"])),
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

fn within(folder: &str, program: &str, arguments: &[&str]) -> Command {
    let mut command = cargo::program(program);
    let folder: PathBuf = workspace::root().join(folder);
    command.args(arguments).current_dir(folder);
    command
}
