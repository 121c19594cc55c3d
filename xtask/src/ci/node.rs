//! The relay in Node: its own tests, and the judge's verdict on it, once as a server by URL and once as a server by command.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::sequence::Step;
use super::server::Server;
use crate::{cargo, workspace};

/// The example's folder, below the root.
const FOLDER: &str = "examples/pairing-relay-node";

/// The timing that the example runs with and that the judge is told of, by its parameter. A flag is the same with hyphens.
const TIMING: &[(&str, &str)] =
    &[("code_lifetime", "1500ms"), ("heartbeat_interval", "300ms"), ("heartbeat_timeout", "100ms")];

/// The steps of the example.
pub(super) fn steps(judge: &Path) -> Vec<Step> {
    let by_url = format!(
        "(cd {FOLDER} && node src/main.js {}), then with the address that it prints: {}",
        flags("0").join(" "),
        cargo::shown(&judging(judge, &["ws://127.0.0.1:PORT"]))
    );
    let start = format!("node {FOLDER}/src/main.js {}", flags("{port}").join(" "));
    let by_command = judging(judge, &["--command", &start]);
    let judge = judge.to_owned();
    vec![
        Step::command("relay install", npm(&["ci", "--no-audit", "--no-fund"])),
        Step::command("relay tests", npm(&["test"])),
        Step::function("relay by url", by_url, move || judge_by_url(&judge)),
        Step::command("relay by command", by_command),
    ]
}

fn judge_by_url(judge: &Path) -> Result<()> {
    let mut command = cargo::program("node");
    command.current_dir(folder()).arg("src/main.js").args(flags("0"));
    let server = Server::start(command)?;
    cargo::run(&mut judging(judge, &[server.url()]))
}

/// The judge of this subject, told of the example's timing and of its known failures.
fn judging(judge: &Path, subject: &[&str]) -> Command {
    let mut command = cargo::program(judge);
    command.arg("server").args(subject);
    for (parameter, value) in TIMING {
        command.args(["--set", &format!("{parameter}={value}")]);
    }
    if folder().join("baseline.toml").is_file() {
        command.args(["--baseline", &format!("{FOLDER}/baseline.toml")]);
    }
    command
}

fn flags(port: &str) -> Vec<String> {
    let timing = TIMING.iter().flat_map(|(name, value)| [format!("--{}", name.replace('_', "-")), (*value).to_owned()]);
    ["--port".to_owned(), port.to_owned()].into_iter().chain(timing).collect()
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = cargo::program("npm");
    command.args(arguments).current_dir(folder());
    command
}

fn folder() -> PathBuf {
    workspace::root().join(FOLDER)
}
