//! The judge's verdict on this crate's server. It is looked for as `conformance` on the path, or where CONFORMANCE_PROGRAM says.

use std::process::Command;

/// The server with short times, so that a run takes seconds.
const SERVER: &str = concat!(
    "'",
    env!("CARGO_BIN_EXE_my-relay"),
    "' --port {port} --code-lifetime 3s --heartbeat-interval 1s --heartbeat-timeout 500ms"
);

/// The same times, declared to the judge.
const TIMING: &[&str] = &["code_lifetime=3s", "heartbeat_interval=1s", "heartbeat_timeout=500ms"];

/// Runs the judge, and fails with its report where the server does not conform.
fn judge(selection: &[&str]) {
    let program = std::env::var_os("CONFORMANCE_PROGRAM").unwrap_or_else(|| "conformance".into());
    let times = TIMING.iter().flat_map(|time| ["--set", time]);
    let mut command = Command::new(&program);
    command.args(["server", "--command", SERVER]).args(times).args(selection);
    let output = command.output().unwrap_or_else(|error| {
        panic!(
            "`{}` does not start: {error}; `cargo install --path conformance` puts it on the path",
            program.display()
        )
    });
    let (report, problems) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{report}{problems}", output.status);
}

#[test]
fn the_server_conforms() {
    judge(&[]);
}

#[test]
fn nothing_is_kept_for_those_who_join_late() {
    judge(&["--scenario", "tests/late-data.yaml"]);
}
