//! Runs the conformance runner against this crate's server. It is `conformance` on the path, or what CONFORMANCE_PROGRAM names.

use std::process::Command;

/// The server with short times, so that a run takes seconds.
const SERVER: &str = concat!(
    "'",
    env!("CARGO_BIN_EXE_my-relay"),
    "' --port {port} --code-lifetime 3s --heartbeat-interval 1s --heartbeat-timeout 500ms"
);

/// The same times, declared to the runner.
const TIMING: &[&str] = &["code_lifetime=3s", "heartbeat_interval=1s", "heartbeat_timeout=500ms"];

/// Panics with the report if the server does not conform.
fn check(selection: &[&str]) {
    let program = std::env::var_os("CONFORMANCE_PROGRAM").unwrap_or_else(|| "conformance".into());
    let times = TIMING.iter().flat_map(|time| ["--set", time]);
    let mut command = Command::new(&program);
    command.args(["server", "--command", SERVER]).args(times).args(selection);
    let output = command.output().unwrap_or_else(|error| {
        panic!("cannot start `{}`: {error}; install it with `cargo install --path conformance`", program.display())
    });
    let (report, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{report}{errors}", output.status);
}

#[test]
fn server_conforms() {
    check(&[]);
}

#[test]
fn keeps_nothing_for_late_viewers() {
    check(&["--scenario", "tests/late-data.yaml"]);
}
