//! Commands that are no client, or a bad one: one clear finding each, bounded output, and no process left behind.

use std::time::{Duration, Instant};

use conformance::outcome::Verdict;

use super::{assert_gone, ignoring_sigterm};
use crate::support::{BINARY, FLAWED, TestRun, assert_shown, file, folder, test_run};

/// Tests a host with this command, with the scenarios whose ids match.
async fn tested(name: &str, only: &[&str], more: &[&str], command: &[&str]) -> TestRun {
    let subject = ["client", "--role", "pairing.host", "--driver"];
    let policy = ["--reconnect", "base=100ms,factor=2,cap=400ms", "--set", "connect_timeout=1s"];
    let only = only.iter().flat_map(|which| ["--only", which]);
    let arguments = subject.into_iter().chain(policy).chain(only).chain(more.iter().copied());
    test_run(name, arguments.chain(["--"]).chain(command.iter().copied())).await
}

async fn shell(name: &str, more: &[&str], script: &str) -> TestRun {
    tested(name, &["*wire-ping"], more, &["sh", "-c", script]).await
}

#[tokio::test]
async fn it_cannot_be_run() {
    let folder = folder("client-cannot-be-run");
    let text = file(&folder, "client.txt", "Not a program.\n");
    let mut shown = String::new();
    for command in ["no-such-client", &text, &folder.display().to_string()] {
        let tested = tested("client-cannot-be-run-run", &["*wire-ping"], &[], &[command]).await;
        assert_eq!(tested.exits(3).report.summary.passed, 0);
        shown += &format!("# {command}\n{}\n", tested.ran.shown());
    }
    assert_shown!(shown);
}

#[tokio::test]
async fn it_ends_at_once() {
    let tested = shell("client-ends-at-once", &[], "echo reading config; exit 7").await;
    assert_shown!(tested.exits(3).ran.shown());
}

#[tokio::test]
async fn it_never_connects() {
    let pids = folder("client-never-connects").join("pids");
    let script = format!("echo thinking; sleep 60 & echo $$ $! > {}; wait", pids.display());
    let tested = shell("client-never-connects-run", &["--ready-within", "300ms"], &script).await;
    assert_shown!(tested.exits(3).ran.shown());
    assert_gone(&pids);
}

/// A child that holds the pipes open does not delay the runner.
#[tokio::test]
async fn it_forks_away() {
    let pids = folder("client-forks-away").join("pids");
    let start = Instant::now();
    let script = format!("sleep 300 & echo $! > {}; exit 0", pids.display());
    let tested = shell("client-forks-away-run", &[], &script).await;
    let problem = tested.exits(3).report.problem.as_deref();
    assert!(problem.is_some_and(|problem| problem.contains("ended before it connected")));
    assert!(start.elapsed() < Duration::from_secs(50), "the runner waited for a child that held its pipe");
    assert_gone(&pids);
}

#[tokio::test]
async fn its_children_are_ended() {
    let pids = folder("client-leaves-behind").join("pids");
    let script = format!("sleep 300 & echo $! >> {}; exec {BINARY} reference pairing-host --driver", pids.display());
    let only = ["*wire-ping", "*reconnect-stop-connected", "*reconnect-gives-up"];
    tested("client-leaves-behind-run", &only, &[], &["sh", "-c", &script]).await.exits(0);
    assert_gone(&pids);
}

#[tokio::test]
async fn it_may_ignore_sigterm() {
    let pids = folder("client-ignores-sigterm").join("pids");
    let script = ignoring_sigterm(&format!("{BINARY} reference pairing-host --driver"), &pids);
    shell("client-ignores-sigterm-run", &[], &script).await.exits(0);
    assert_gone(&pids);
}

#[tokio::test]
async fn a_flood_of_output_is_cut() {
    for command in ["yes flooded", "tr '\\0' x < /dev/zero"] {
        let tested = shell("client-flood", &["--ready-within", "500ms"], &format!("exec {command}")).await;
        tested.exits(3);
        assert!(tested.ran.out.len() < 100_000, "{} bytes are printed", tested.ran.out.len());
    }
}

/// The client works, but floods its output: that is a log, and is not kept.
#[tokio::test]
async fn a_flood_of_log_output_is_cut() {
    let script = format!("yes flooded & exec {FLAWED} host");
    let tested = tested("client-flood-beside", &["pairing/host-data"], &[], &["sh", "-c", &script]).await;
    let outcome = tested.report.scenarios.first().expect("a scenario");
    // A flooded pipe is slow, so a deadline may pass; nothing else may go wrong.
    let findings = outcome.checks.iter().flat_map(|check| &check.findings);
    let others: Vec<_> = findings.filter(|finding| !finding.what.contains("within")).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(tested.ran.out.len() < 100_000, "{} bytes are printed", tested.ran.out.len());
}

#[tokio::test]
async fn an_unfinished_line_is_reported() {
    let script =
        format!("printf '{{\"event\":\"conn'; [ $CONFORMANCE_SCENARIO != trial ] || exec {FLAWED} host; exit 0");
    let tested = shell("client-half-a-line", &[], &script).await;
    let lint = tested.exits(1).check("lint");
    assert_eq!((lint.verdict, lint.requirement.as_deref()), (Verdict::Fail, Some("DRV-02")));
    assert!(lint.findings[0].what.contains("an unfinished line: {\"event\":\"conn"), "{lint:?}");
    assert!(tested.check("story").findings[0].what.contains("exited instead of connecting"));
}
