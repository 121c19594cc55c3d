//! Runs that end early: by a signal, by the end of the subject, or by a limit that the user set.

use std::path::{Path, PathBuf};

use conformance::outcome::Verdict;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;

use crate::support::peer::UpgradeRequest;
use crate::support::{
    BINARY, ReferenceProcess, RunningBinary, TcpServer, TestRun, assert_shown, file, folder, is_alive, is_gone,
    test_run,
};

/// A run of two scenarios, the second of which waits for the lifetime of a code.
struct LongRun {
    folder: PathBuf,
    running: RunningBinary,
    address: String,
}

impl LongRun {
    async fn start(name: &str, lifetime: &str) -> Self {
        let folder = folder(name);
        let script = format!(
            "echo $$ > {}; exec {BINARY} reference pairing-relay --port {{port}} --code-lifetime {lifetime}",
            pid(&folder).display()
        );
        let command = format!("sh -c '{script}'");
        let only = ["--only", "register", "--only", "expired-code"];
        let setting = format!("code_lifetime={lifetime}");
        let arguments = ["server", "--command", &command, "--set", &setting].into_iter().chain(only);
        let mut running = TestRun::start(&folder, arguments);
        let line = running.line_with("testing the pairing relay at ws://").await;
        let address =
            line.split("ws://").nth(1).and_then(|rest| rest.split(',').next()).expect("an address").to_owned();
        running.line_with("pass  pairing/register ").await;
        Self { folder, running, address }
    }

    fn subject(&self) -> i32 {
        std::fs::read_to_string(pid(&self.folder)).expect("a file").trim().parse().expect("a pid")
    }

    async fn end(self) -> TestRun {
        let ran = self.running.end().await;
        TestRun::read(&self.folder, ran)
    }
}

fn pid(folder: &Path) -> PathBuf {
    folder.join("pid")
}

#[tokio::test]
async fn interrupted_runs_report_their_results() {
    for (name, signal) in [("sigint", Signal::INT), ("sigterm", Signal::TERM)] {
        let long = LongRun::start(name, "1h").await;
        let (subject, address) = (long.subject(), long.address.clone());
        assert!(is_alive(subject) && TcpStream::connect(&address).await.is_ok());
        long.running.signal(signal);
        let tested = long.end().await;
        tested.exits(1);
        let problem = "the run was interrupted; not finished: pairing/expired-code";
        assert_eq!(tested.report.problem.as_deref(), Some(problem));
        assert_eq!(tested.check("story").verdict, Verdict::Pass, "the finished scenario is in the report");
        assert!(is_gone(subject), "the subject is left running");
        assert!(TcpStream::connect(&address).await.is_err(), "{address} still accepts");
        assert!(tested.ran.out.trim_end().ends_with("inconclusive"), "{}", tested.ran.out);
    }
}

#[tokio::test]
async fn a_killed_run_leaves_no_subject_behind() {
    let long = LongRun::start("killed", "1h").await;
    let (subject, folder) = (long.subject(), long.folder.clone());
    long.running.killed().await;
    assert!(is_gone(subject), "the subject is left running");
    assert!(!folder.join("report.json").exists(), "no process was left to write it");
}

#[tokio::test]
async fn runs_interrupted_during_the_start_report_that() {
    let folder = folder("interrupted-start");
    let pid = pid(&folder);
    let command = format!("sh -c 'echo $$ > {}; exec sleep 300 # {{port}}'", pid.display());
    let running = TestRun::start(&folder, ["server", "--command", &command, "--ready-within", "1h"]);
    let subject: i32 = loop {
        match std::fs::read_to_string(&pid).ok().and_then(|text| text.trim().parse().ok()) {
            Some(id) => break id,
            None => tokio::task::yield_now().await,
        }
    };
    running.signal(Signal::INT);
    let tested = TestRun::read(&folder, running.end().await);
    assert!(is_gone(subject), "the subject is left running");
    tested.exits(3);
    assert_shown!(tested.ran.shown());
}

#[tokio::test]
async fn reports_a_subject_that_dies() {
    let long = LongRun::start("dies", "2s").await;
    kill_process(Pid::from_raw(long.subject()).expect("a pid"), Signal::KILL).expect("a signal");
    let tested = long.end().await;
    tested.exits(1);
    let problem = tested.report.problem.as_deref().expect("a problem");
    assert!(problem.starts_with("the subject's process ended during the run (signal: 9"), "{problem}");
}

#[tokio::test]
async fn reports_a_server_that_disappears() {
    let reference = ReferenceProcess::start(&["--code-lifetime", "2s"]).await;
    let folder = folder("goes-away");
    let arguments =
        ["server", &reference.url(), "--only", "register", "--only", "PAIR-31", "--set", "code_lifetime=2s"];
    let mut running = TestRun::start(&folder, arguments);
    running.line_with("pass  pairing/register ").await;
    reference.kill().await;
    let tested = TestRun::read(&folder, running.end().await);
    tested.exits(1);
}

/// Answers one handshake, that of the preflight, and then refuses all connections.
#[tokio::test]
async fn a_server_that_disappears_at_once_is_not_tested() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        drop(listener);
        UpgradeRequest::read(stream).await.expect("a handshake").accept().await.idle().await;
    });
    let tested = test_run("only-at-first", ["server", &url, "--only", "register", "--only", "ping"]).await;
    server.await.expect("a server");
    tested.exits(3);
    assert_eq!(tested.report.summary.passed, 0, "nothing was exercised, nothing passes");
    assert_shown!(tested.ran.shown());
}

#[tokio::test]
async fn skips_scenarios_that_wait_too_long() {
    let reference = ReferenceProcess::start(&[]).await;
    let url = reference.url();
    let both =
        test_run("some-wait", ["server", &url, "--only", "register", "--only", "expired-code", "--max-wait", "100ms"])
            .await;
    both.exits(0);
    assert_shown!("some_wait_too_long", both.ran.shown());
    let all = test_run("all-wait", ["server", &url, "--only", "expired-code", "--max-wait", "100ms"]).await;
    assert_eq!(all.ran.status, 1, "nothing that was skipped is green: {}", all.ran.shown());
    assert_shown!("all_wait_too_long", all.ran.shown());
}

#[tokio::test]
async fn cuts_short_what_takes_too_long() {
    let mute = TcpServer::websocket(|request| async move { request.accept().await.idle().await }).await;
    let folder = folder("too-long");
    let scenario = file(&folder, "forever.yaml", FOREVER);
    let arguments = ["server", &mute.url(), "--scenario", &scenario];
    let run = test_run("run-deadline", arguments.iter().chain(&["--run-deadline", "300ms"])).await;
    run.exits(1);
    assert_shown!("a_run_takes_too_long", run.ran.shown());
    let one = test_run("scenario-deadline", arguments.iter().chain(&["--scenario-deadline", "300ms"])).await;
    one.exits(1);
    assert_eq!(one.check("story").verdict, Verdict::Fail);
    assert!(one.check("story").findings[0].what.contains("0.3 s"), "{:?}", one.check("story"));
}

const FOREVER: &str = "\
summary: Waits for a message for an hour.
covers: [PAIR-10]
under_test: relay
steps:
  - connect: { as: host, to: /mac }
  - expect: { on: host, json: { type: registered }, within: 1h, check: registers }
";
