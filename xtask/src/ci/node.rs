//! The relay in Node: its own tests, and the runner against it, once by URL and once by command.

use std::path::Path;
use std::process::Command;

use super::clients::within;
use super::sequence::Step;
use super::server::ServerProcess;
use crate::{cargo, workspace};

/// The example's folder, below the root.
const FOLDER: &str = "examples/pairing-relay-node";

/// The timing that the example runs with and that is passed to the runner. A flag is the parameter with hyphens.
const TIMING: &[(&str, &str)] =
    &[("code_lifetime", "1500ms"), ("heartbeat_interval", "300ms"), ("heartbeat_timeout", "100ms")];

/// The steps of the example.
pub(super) fn steps(runner: &Path) -> Vec<Step> {
    let by_url = format!(
        "(cd {FOLDER} && node src/main.js {}), then with the address that it prints: {}",
        flags("0").join(" "),
        cargo::shown(&test(runner, &["ws://127.0.0.1:PORT"]))
    );
    let start = format!("node {FOLDER}/src/main.js {}", flags("{port}").join(" "));
    let by_command = test(runner, &["--command", &start]);
    let runner = runner.to_owned();
    vec![
        Step::command("relay install", within(FOLDER, "npm", &["ci", "--no-audit", "--no-fund"])),
        Step::command("relay tests", within(FOLDER, "npm", &["test"])),
        Step::function("relay by url", by_url, move || {
            let mut command = within(FOLDER, "node", &["src/main.js"]);
            command.args(flags("0"));
            let server = ServerProcess::start(command)?;
            cargo::run(&mut test(&runner, &[server.url()]))
        }),
        Step::command("relay by command", by_command),
    ]
}

/// The runner against the example, with its timing and its baseline, if any.
fn test(runner: &Path, server: &[&str]) -> Command {
    let mut command = cargo::program(runner);
    command.arg("server").args(server);
    for (parameter, value) in TIMING {
        command.args(["--set", &format!("{parameter}={value}")]);
    }
    let baseline = format!("{FOLDER}/baseline.toml");
    if workspace::root().join(&baseline).is_file() {
        command.args(["--baseline", &baseline]);
    }
    command
}

fn flags(port: &str) -> Vec<String> {
    let timing = TIMING.iter().flat_map(|(name, value)| [format!("--{}", name.replace('_', "-")), (*value).to_owned()]);
    ["--port".to_owned(), port.to_owned()].into_iter().chain(timing).collect()
}
