//! Server commands that do not start: exit status 3, with what they printed. No process is left.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use super::{assert_gone, ignoring_sigterm};
use crate::support::{BINARY, TestRun, assert_shown, conformance, file, folder, test_run};

const RELAY: &str = concat!(env!("CARGO_BIN_EXE_conformance"), " reference pairing-relay --port {port}");

async fn tested(name: &str, command: &str) -> TestRun {
    let tested = test_run(name, ["server", "--command", command, "--ready-within", "300ms"]).await;
    assert_eq!((tested.ran.status, tested.ran.err.as_str()), (3, ""), "{}", tested.ran.out);
    assert_eq!((tested.report.subjects.len(), tested.report.scenarios.len()), (0, 0));
    tested
}

/// Tests a command with one scenario, which passes.
async fn passes(name: &str, script: &str) {
    let command = format!("sh -c '{script}'");
    test_run(name, ["server", "--command", &command, "--only", "register"]).await.exits(0);
}

#[tokio::test]
async fn it_ends_at_once() {
    let command = "sh -c 'echo reading config; echo \"port {port}: no such key\" >&2; exit 7'";
    let tested = tested("ends-at-once", command).await;
    let problem = tested.report.problem.as_deref().expect("a problem");
    for part in ["ended before it listened on ws://", "(exit status: 7)"] {
        assert!(problem.contains(part), "`{part}` is not in {problem}");
    }
    let out = &tested.ran.out;
    let junit = tested.junit.test_suites[0].system_out.as_ref().expect("an output").as_str();
    // Its two streams arrive in either order.
    for printed in ["reading config\n", ": no such key\n"] {
        assert!(tested.report.output.contains(printed), "{:?}", tested.report.output);
        assert!(junit.contains(printed.trim_end()), "{junit}");
        // The command in the problem has the same words, but in quotes.
        assert_eq!(out.matches(printed).count(), 1, "{out}");
        assert!(!problem.contains(printed), "{problem}");
    }
    assert_eq!(out.matches("output of the subject:").count(), 1, "{out}");
}

#[tokio::test]
async fn hides_secrets_in_its_command_and_its_output() {
    let pin = ["--family", "sync", "--param", "pin=000042", "--command"];
    let command = "sh -c 'echo the PIN 000042 is used up; exit 7' {port} 000042";
    let tested = test_run("secret-at-start", ["server"].iter().chain(&pin).chain(&[command])).await;
    let fuzzed = conformance(["fuzz"].iter().chain(&pin).chain(&[command])).await;
    assert_eq!((tested.ran.status, fuzzed.status), (3, 3), "{}{}", tested.ran.shown(), fuzzed.shown());
    for shown in [tested.ran.shown(), fuzzed.shown(), format!("{:?}", tested.report)] {
        assert!(shown.contains("the PIN ‹pin› is used up") && !shown.contains("000042"), "{shown}");
    }
    let reference = format!("{BINARY} reference sync-server --port {{port}} --pin 000042");
    let only = [&reference, "--only", "SYNC-01"];
    let tested = test_run("secret-command", ["server"].iter().chain(&pin).chain(&only)).await;
    let command = tested.report.subjects[0].command.as_deref().unwrap_or_default();
    assert!(command.ends_with(" --pin ‹pin›"), "{command}");
    assert!(!tested.ran.shown().contains("000042"), "{}", tested.ran.shown());
}

#[tokio::test]
async fn it_is_killed_at_once() {
    assert_shown!(tested("killed-at-once", "sh -c 'kill -9 $$ # {port}'").await.ran.shown());
}

#[tokio::test]
async fn it_never_listens() {
    let pids = folder("never-listens").join("pids");
    let script = format!("echo warming up; sleep 60 & echo $$ $! > {}; exec sleep 60 # {{port}}", pids.display());
    assert_shown!(tested("never-listens-run", &format!("sh -c '{script}'")).await.ran.shown());
    assert_gone(&pids);
}

#[tokio::test]
async fn it_rejects_an_option() {
    assert_shown!(tested("no-relay", &format!("{RELAY} --prot 1")).await.ran.shown());
}

#[tokio::test]
async fn reports_its_output_if_it_does_not_answer() {
    let command = format!("sh -c 'echo no TLS today; exec {RELAY}'");
    let tested = test_run("no-tls-run", ["server", "wss://127.0.0.1:{port}", "--command", &command]).await;
    let output = &tested.exits(3).report.output;
    assert!(output.contains("no TLS today"), "{output}");
}

#[tokio::test]
async fn it_cannot_be_run() {
    let folder = folder("cannot-be-run");
    let text = file(&folder, "relay.txt", "Not a program.\n");
    let mut shown = String::new();
    for program in ["no-such-relay --port", &text, &folder.display().to_string()] {
        let command = format!("{program} {{port}}");
        shown += &format!("# {command}\n{}\n", tested("cannot-be-run-run", &command).await.ran.shown());
    }
    assert_shown!(shown);
}

/// The command of a manifest runs in the manifest's folder, one on the command line in the current folder.
#[tokio::test]
async fn it_runs_in_the_folder_of_its_manifest() {
    let folder = folder("in-its-folder");
    let script = format!("#!/bin/sh\necho $PWD\nexec {BINARY} reference pairing-relay --port $1\n");
    let relay = file(&folder, "relay.sh", &script);
    std::fs::set_permissions(&relay, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let manifest = file(&folder, "relay.toml", "command = './relay.sh {port}'\n");
    let by_manifest = ["server", "--manifest", &manifest, "--only", "register"];
    test_run("in-its-folder-run", by_manifest).await.exits(0);
    let by_flag = by_manifest.iter().chain(&["--command", "./relay.sh {port}"]);
    test_run("in-this-folder-run", by_flag).await.exits(3);
    let lost = file(&folder, "lost.toml", "command = './lost.sh {port}'\n");
    assert_shown!(test_run("lost-run", ["server", "--manifest", &lost]).await.exits(3).ran.shown());
}

#[tokio::test]
async fn its_output_is_escaped() {
    let command = r#"sh -c 'printf "\033[31mred\033[0m \033[2J\007 \377 \302\205 end\n"; exit 1 # {port}'"#;
    assert_shown!(tested("escapes", command).await.ran.shown());
}

#[tokio::test]
async fn a_flood_of_output_is_cut() {
    let tested = tested("flood", "sh -c 'yes flooded | head -c 3000000; echo the end; exit 1 # {port}'").await;
    assert!(tested.ran.out.len() < 100_000, "{} bytes are printed", tested.ran.out.len());
    assert!(tested.ran.out.contains("the end"), "{}", tested.ran.out);
}

#[tokio::test]
async fn its_children_are_ended() {
    let pid = folder("left-behind").join("pid");
    let start = Instant::now();
    passes("left-behind-run", &format!("sleep 300 & echo $! > {}; exec {RELAY}", pid.display())).await;
    assert!(start.elapsed() < Duration::from_secs(60), "the runner waited for a child that held its pipe");
    assert_gone(&pid);
}

#[tokio::test]
async fn it_may_ignore_sigterm() {
    let pids = folder("ignores-sigterm").join("pid");
    passes("ignores-sigterm-run", &ignoring_sigterm(RELAY, &pids)).await;
    let ids = std::fs::read_to_string(&pids).expect("pids");
    assert_eq!(ids.lines().count(), 2, "the shell goes on after SIGTERM");
    assert_gone(&pids);
}

#[tokio::test]
async fn the_reference_reports_why_it_does_not_start() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let ran = conformance(["reference", "pairing-relay", "--port", &port]).await;
    ran.exits(3);
    assert_shown!(ran.shown());
}
