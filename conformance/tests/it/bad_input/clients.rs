//! Commands that are no client, or bad ones: one clear finding each, nothing that grows without bound, and no process left behind.

use std::path::Path;
use std::time::{Duration, Instant};

use conformance::outcome::Verdict;

use crate::support::{BINARY, FLAWED, Judged, assert_told, file, folder, is_gone, judge};

/// Judges a host of this command, by scenarios whose ids match.
async fn judged(name: &str, only: &[&str], more: &[&str], command: &[&str]) -> Judged {
    let subject = ["client", "--role", "pairing.host", "--driver"];
    let policy = ["--reconnect", "base=100ms,factor=2,cap=400ms", "--set", "connect_timeout=1s"];
    let only = only.iter().flat_map(|which| ["--only", which]);
    let arguments = subject.into_iter().chain(policy).chain(only).chain(more.iter().copied());
    judge(name, arguments.chain(["--"]).chain(command.iter().copied())).await
}

async fn shell(name: &str, more: &[&str], script: &str) -> Judged {
    judged(name, &["*wire-ping"], more, &["sh", "-c", script]).await
}

fn gone(pids: &Path) {
    let ids = std::fs::read_to_string(pids).expect("pids");
    assert!(!ids.trim().is_empty(), "somebody was started");
    for id in ids.split_whitespace() {
        assert!(is_gone(id.parse().expect("a pid")), "{id} is left running");
    }
}

#[tokio::test]
async fn it_cannot_be_run() {
    let folder = folder("client-cannot-be-run");
    let text = file(&folder, "client.txt", "I am no program.\n");
    let mut told = String::new();
    for command in ["no-such-client", &text, &folder.display().to_string()] {
        let judged = judged("client-cannot-be-run-run", &["*wire-ping"], &[], &[command]).await;
        assert_eq!((judged.ran.status, judged.report.summary.passed), (3, 0), "{}", judged.ran.told());
        told += &format!("# {command}\n{}\n", judged.ran.told());
    }
    assert_told!(told);
}

#[tokio::test]
async fn it_ends_at_once() {
    let judged = shell("client-ends-at-once", &[], "echo reading config; exit 7").await;
    assert_eq!(judged.ran.status, 3, "{}", judged.ran.told());
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn it_never_connects() {
    let folder = folder("client-never-connects");
    let pids = folder.join("pids");
    let script = format!("echo thinking; sleep 60 & echo $$ $! > {}; wait", pids.display());
    let judged = shell("client-never-connects-run", &["--ready-within", "300ms"], &script).await;
    assert_eq!(judged.ran.status, 3, "{}", judged.ran.told());
    assert_told!(judged.ran.told());
    gone(&pids);
}

/// Who leaves a child behind that holds the pipes does not keep the runner waiting.
#[tokio::test]
async fn it_forks_away() {
    let folder = folder("client-forks-away");
    let pids = folder.join("pids");
    let start = Instant::now();
    let script = format!("sleep 300 & echo $! > {}; exit 0", pids.display());
    let judged = shell("client-forks-away-run", &[], &script).await;
    assert_eq!(judged.ran.status, 3, "{}", judged.ran.told());
    assert!(judged.report.problem.as_deref().is_some_and(|problem| problem.contains("ended before it connected")));
    assert!(start.elapsed() < Duration::from_secs(50), "the runner waited for somebody who held its pipe");
    gone(&pids);
}

#[tokio::test]
async fn what_it_leaves_behind_is_ended() {
    let folder = folder("client-leaves-behind");
    let pids = folder.join("pids");
    let script = format!("sleep 300 & echo $! >> {}; exec {BINARY} reference pairing-host --driver", pids.display());
    let only = ["*wire-ping", "*reconnect-stop-connected", "*reconnect-gives-up"];
    let judged = judged("client-leaves-behind-run", &only, &[], &["sh", "-c", &script]).await;
    assert_eq!(judged.ran.status, 0, "{}", judged.ran.told());
    gone(&pids);
}

#[tokio::test]
async fn it_may_ignore_sigterm() {
    let folder = folder("client-ignores-sigterm");
    let pids = folder.join("pids");
    let client = format!("{BINARY} reference pairing-host --driver");
    let script = format!("trap '' TERM; echo $$ >> {}; {client}; sleep 300 & echo $! >> {0}; wait", pids.display());
    let judged = shell("client-ignores-sigterm-run", &[], &script).await;
    assert_eq!(judged.ran.status, 0, "{}", judged.ran.told());
    gone(&pids);
}

#[tokio::test]
async fn a_flood_that_it_prints_is_cut() {
    for command in ["yes flooded", "tr '\\0' x < /dev/zero"] {
        let judged = shell("client-flood", &["--ready-within", "500ms"], &format!("exec {command}")).await;
        assert_eq!(judged.ran.status, 3, "{}", judged.ran.told());
        assert!(judged.ran.out.len() < 100_000, "{} bytes are printed", judged.ran.out.len());
    }
}

/// The client works, and prints without end beside: that is log output, and is not kept.
#[tokio::test]
async fn a_flood_beside_its_work_is_log_output() {
    let script = format!("yes flooded & exec {FLAWED} host");
    let judged = judged("client-flood-beside", &["pairing/host-data"], &[], &["sh", "-c", &script]).await;
    let outcome = judged.report.scenarios.first().expect("a scenario");
    // Where a flooded pipe is slow, a deadline may pass; nothing else may go wrong.
    let findings = outcome.checks.iter().flat_map(|check| &check.findings);
    let others: Vec<_> = findings.filter(|finding| !finding.what.contains("within")).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(judged.ran.out.len() < 100_000, "{} bytes are printed", judged.ran.out.len());
}

#[tokio::test]
async fn half_a_line_is_told() {
    let script =
        format!("printf '{{\"event\":\"conn'; [ $CONFORMANCE_SCENARIO != trial ] || exec {FLAWED} host; exit 0");
    let judged = shell("client-half-a-line", &[], &script).await;
    assert_eq!(judged.ran.status, 1, "{}", judged.ran.told());
    let lint = judged.check("lint");
    assert_eq!((lint.verdict, lint.requirement.as_deref()), (Verdict::Fail, Some("DRV-02")));
    assert!(lint.findings[0].what.contains("half a line: {\"event\":\"conn"), "{lint:?}");
    assert!(judged.check("story").findings[0].what.contains("ended instead of connecting"));
}
