//! A subject that the runner shall start and that does not start: exit status 3, with what it printed. Nothing of it is left.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::support::{BINARY, Judged, assert_told, conformance, file, folder, is_gone, judge};

async fn judged(name: &str, command: &str) -> Judged {
    let judged = judge(name, ["server", "--command", command, "--ready-within", "300ms"]).await;
    assert_eq!((judged.ran.status, judged.ran.err.as_str()), (3, ""), "{}", judged.ran.out);
    assert_eq!((judged.report.subjects.len(), judged.report.scenarios.len()), (0, 0));
    judged
}

#[tokio::test]
async fn it_ends_at_once() {
    let command = "sh -c 'echo reading config; echo \"port {port}: no such key\" >&2; exit 7'";
    let judged = judged("ends-at-once", command).await;
    let problem = judged.report.problem.as_deref().expect("a problem");
    for part in ["ended before it listened on ws://", "(exit status: 7)"] {
        assert!(problem.contains(part), "`{part}` is not in {problem}");
    }
    let out = &judged.ran.out;
    let junit = judged.junit.test_suites[0].system_out.as_ref().expect("an output").as_str();
    // Its two streams come in either order.
    for printed in ["reading config\n", ": no such key\n"] {
        assert!(judged.report.output.contains(printed), "{:?}", judged.report.output);
        assert!(junit.contains(printed.trim_end()), "{junit}");
        // Once in the command, which is named in the problem, where it stands between quotes.
        assert_eq!(out.matches(printed).count(), 1, "{out}");
        assert!(!problem.contains(printed), "{problem}");
    }
    assert_eq!(out.matches("what the subject printed last:").count(), 1, "{out}");
}

#[tokio::test]
async fn what_is_secret_is_hidden_in_its_command_and_in_what_it_printed() {
    let command = "sh -c 'echo the PIN 000042 is used up; exit 7' {port} 000042";
    let words = ["--family", "sync", "--param", "pin=000042", "--command", command];
    let judged = judge("secret-at-start", ["server"].into_iter().chain(words)).await;
    let fuzzed = conformance(["fuzz"].into_iter().chain(words)).await;
    assert_eq!((judged.ran.status, fuzzed.status), (3, 3), "{}{}", judged.ran.told(), fuzzed.told());
    for told in [judged.ran.told(), fuzzed.told(), format!("{:?}", judged.report)] {
        assert!(told.contains("the PIN ‹pin› is used up") && !told.contains("000042"), "{told}");
    }
    let reference = format!("{BINARY} reference sync-server --port {{port}} --pin 000042");
    let words = ["--family", "sync", "--param", "pin=000042", "--command", &reference, "--only", "SYNC-01"];
    let judged = judge("secret-command", ["server"].into_iter().chain(words)).await;
    let command = judged.report.subjects[0].command.as_deref().unwrap_or_default();
    assert!(command.ends_with(" --pin ‹pin›"), "{command}");
    assert!(!judged.ran.told().contains("000042"), "{}", judged.ran.told());
}

#[tokio::test]
async fn it_is_killed_at_once() {
    let judged = judged("killed-at-once", "sh -c 'kill -9 $$ # {port}'").await;
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn it_never_listens() {
    let folder = folder("never-listens");
    let pids = folder.join("pids").display().to_string();
    let script = format!("echo warming up; sleep 60 & echo $$ $! > {pids}; exec sleep 60 # {{port}}");
    let judged = judged("never-listens-run", &format!("sh -c '{script}'")).await;
    assert_told!(judged.ran.told());
    for id in std::fs::read_to_string(&pids).expect("pids").split_whitespace() {
        assert!(is_gone(id.parse().expect("a pid")), "{id} is left running");
    }
}

#[tokio::test]
async fn it_listens_and_is_no_relay() {
    // The first thing that any machine has that listens and speaks no HTTP: this very test, by a second binary.
    let told =
        judged("no-relay", &format!("{BINARY} reference pairing-relay --port {{port}} --prot 1")).await.ran.told();
    assert_told!(told);
}

#[tokio::test]
async fn what_it_printed_is_told_where_it_listens_and_does_not_answer() {
    let command = format!("sh -c 'echo no TLS today; exec {BINARY} reference pairing-relay --port {{port}}'");
    let judged = judge("no-tls-run", ["server", "wss://127.0.0.1:{port}", "--command", &command]).await;
    assert_eq!(judged.ran.status, 3, "{}", judged.ran.told());
    assert!(judged.report.output.contains("no TLS today"), "{:?}", judged.report);
}

#[tokio::test]
async fn it_cannot_be_run() {
    let folder = folder("cannot-be-run");
    let text = file(&folder, "relay.txt", "I am no program.\n");
    let mut told = String::new();
    for command in
        ["no-such-relay --port {port}".to_owned(), format!("{text} {{port}}"), format!("{} {{port}}", folder.display())]
    {
        told += &format!("# {command}\n{}\n", judged("cannot-be-run-run", &command).await.ran.told());
    }
    assert_told!(told);
}

/// The command of a manifest is meant from the manifest's folder; one on the command line from the current folder.
#[tokio::test]
async fn it_runs_in_the_folder_of_its_manifest() {
    let folder = folder("in-its-folder");
    let script = format!("#!/bin/sh\necho $PWD\nexec {BINARY} reference pairing-relay --port $1\n");
    let relay = file(&folder, "relay.sh", &script);
    std::fs::set_permissions(&relay, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let manifest = file(&folder, "relay.toml", "command = './relay.sh {port}'\n");
    let by_manifest = ["server", "--manifest", &manifest, "--only", "register"];
    let judged = judge("in-its-folder-run", by_manifest).await;
    assert_eq!(judged.ran.status, 0, "{}", judged.ran.told());
    let by_flag = judge("in-this-folder-run", by_manifest.iter().chain(&["--command", "./relay.sh {port}"])).await;
    assert_eq!(by_flag.ran.status, 3, "{}", by_flag.ran.told());
    let lost = file(&folder, "lost.toml", "command = './lost.sh {port}'\n");
    let lost = judge("lost-run", ["server", "--manifest", &lost]).await;
    assert_eq!(lost.ran.status, 3);
    assert_told!(lost.ran.told());
}

#[tokio::test]
async fn what_it_prints_is_escaped() {
    let command = r#"sh -c 'printf "\033[31mred\033[0m \033[2J\007 \377 \302\205 end\n"; exit 1 # {port}'"#;
    let judged = judged("escapes", command).await;
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn a_flood_that_it_prints_is_cut() {
    let judged = judged("flood", "sh -c 'yes flooded | head -c 3000000; echo the end; exit 1 # {port}'").await;
    assert!(judged.ran.out.len() < 100_000, "{} bytes are printed", judged.ran.out.len());
    assert!(judged.ran.out.contains("the end"), "{}", judged.ran.out);
}

#[tokio::test]
async fn what_it_leaves_behind_is_ended() {
    let folder = folder("left-behind");
    let pid = folder.join("pid").display().to_string();
    let script = format!("sleep 300 & echo $! > {pid}; exec {BINARY} reference pairing-relay --port {{port}}");
    let start = Instant::now();
    let judged =
        judge("left-behind-run", ["server", "--command", &format!("sh -c '{script}'"), "--only", "register"]).await;
    assert_eq!(judged.ran.status, 0, "{}", judged.ran.out);
    assert!(start.elapsed() < Duration::from_secs(60), "the runner waited for somebody who held its pipe");
    let id = std::fs::read_to_string(&pid).expect("a pid");
    assert!(is_gone(id.trim().parse().expect("a pid")), "{id} is left running");
}

#[tokio::test]
async fn it_may_ignore_sigterm() {
    let folder = folder("ignores-sigterm");
    let pid = folder.join("pid").display().to_string();
    // The shell ignores the signal, and so does what it starts but for the reference, which handles it.
    let reference = format!("{BINARY} reference pairing-relay --port {{port}}");
    let script = format!("trap \"\" TERM; echo $$ > {pid}; {reference}; sleep 300 & echo $! >> {pid}; wait");
    let command = format!("sh -c '{script}'");
    let judged = judge("ignores-sigterm-run", ["server", "--command", &command, "--only", "register"]).await;
    assert_eq!(judged.ran.status, 0, "{}", judged.ran.out);
    let ids = std::fs::read_to_string(&pid).expect("pids");
    assert_eq!(ids.lines().count(), 2, "the shell goes on after SIGTERM");
    for id in ids.lines() {
        assert!(is_gone(id.parse().expect("a pid")), "{id} is left running");
    }
}

#[tokio::test]
async fn the_reference_says_why_it_does_not_start() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let ran = conformance(["reference", "pairing-relay", "--port", &port]).await;
    assert_eq!(ran.status, 3, "{}", ran.told());
    assert_told!(ran.told());
}
