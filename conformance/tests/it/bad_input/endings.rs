//! Runs that end before their time: by a signal, by the death of the subject, by a bound that the user set.

use std::path::{Path, PathBuf};

use conformance::outcome::Verdict;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;

use crate::support::peer::Request;
use crate::support::{BINARY, Judged, Reference, Running, Server, assert_told, file, folder, is_alive, is_gone, judge};

/// A run of two scenarios, of which the second waits for the lifetime of a code.
struct Long {
    folder: PathBuf,
    running: Running,
    address: String,
}

impl Long {
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
        let mut running = Judged::start(&folder, arguments);
        let line = running.line_with("judging the pairing relay at ws://").await;
        let address =
            line.split("ws://").nth(1).and_then(|rest| rest.split(',').next()).expect("an address").to_owned();
        running.line_with("pass  pairing/register ").await;
        Self { folder, running, address }
    }

    fn subject(&self) -> i32 {
        std::fs::read_to_string(pid(&self.folder)).expect("a file").trim().parse().expect("a pid")
    }

    async fn end(self) -> Judged {
        let ran = self.running.end().await;
        Judged::read(&self.folder, ran)
    }
}

fn pid(folder: &Path) -> PathBuf {
    folder.join("pid")
}

#[tokio::test]
async fn interrupted_runs_report_what_they_have() {
    for (name, signal) in [("sigint", Signal::INT), ("sigterm", Signal::TERM)] {
        let long = Long::start(name, "1h").await;
        let (subject, address) = (long.subject(), long.address.clone());
        assert!(is_alive(subject) && TcpStream::connect(&address).await.is_ok());
        long.running.signal(signal);
        let judged = long.end().await;
        assert_eq!(judged.ran.status, 1, "{}", judged.ran.told());
        let problem = "the run was interrupted; not finished: pairing/expired-code";
        assert_eq!(judged.report.problem.as_deref(), Some(problem));
        assert_eq!(judged.check("story").verdict, Verdict::Pass, "the scenario that was over is in the report");
        assert!(is_gone(subject), "the subject is left running");
        assert!(TcpStream::connect(&address).await.is_err(), "{address} still accepts");
        assert!(judged.ran.out.trim_end().ends_with("not judged"), "{}", judged.ran.out);
    }
}

#[tokio::test]
async fn a_run_that_is_killed_leaves_no_subject_behind() {
    let long = Long::start("killed", "1h").await;
    let (subject, folder) = (long.subject(), long.folder.clone());
    long.running.killed().await;
    assert!(is_gone(subject), "the subject is left running");
    assert!(!folder.join("report.json").exists(), "nobody was left to write it");
}

#[tokio::test]
async fn runs_interrupted_while_the_subject_starts_report_that() {
    let folder = folder("interrupted-start");
    let pid = pid(&folder);
    let command = format!("sh -c 'echo $$ > {}; exec sleep 300 # {{port}}'", pid.display());
    let running = Judged::start(&folder, ["server", "--command", &command, "--ready-within", "1h"]);
    let subject: i32 = loop {
        match std::fs::read_to_string(&pid).ok().and_then(|text| text.trim().parse().ok()) {
            Some(id) => break id,
            None => tokio::task::yield_now().await,
        }
    };
    running.signal(Signal::INT);
    let judged = Judged::read(&folder, running.end().await);
    assert!(is_gone(subject), "the subject is left running");
    assert_eq!(judged.ran.status, 3, "{}", judged.ran.told());
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn a_subject_that_dies_is_told_of() {
    dies("dies", "2s").await;
}

async fn dies(name: &str, lifetime: &str) {
    let long = Long::start(name, lifetime).await;
    kill_process(Pid::from_raw(long.subject()).expect("a pid"), Signal::KILL).expect("a signal");
    let judged = long.end().await;
    assert_eq!(judged.ran.status, 1, "{}", judged.ran.told());
    let problem = judged.report.problem.as_deref().expect("a problem");
    assert!(problem.starts_with("the subject's process ended during the run (signal: 9"), "{problem}");
}

#[tokio::test]
async fn a_server_that_goes_away_is_told_of() {
    let reference = Reference::start(&["--code-lifetime", "2s"]).await;
    let folder = folder("goes-away");
    let arguments =
        ["server", &reference.url(), "--only", "register", "--only", "PAIR-31", "--set", "code_lifetime=2s"];
    let mut running = Judged::start(&folder, arguments);
    running.line_with("pass  pairing/register ").await;
    reference.kill().await;
    let judged = Judged::read(&folder, running.end().await);
    assert_eq!(judged.ran.status, 1, "{}", judged.ran.told());
}

/// Answers one handshake, that of the runner's first look, and refuses all connections from then on.
#[tokio::test]
async fn a_server_that_was_there_only_at_first_is_not_judged() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("ws://{}", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        drop(listener);
        Request::read(stream).await.expect("a handshake").accept().await.idle().await;
    });
    let judged = judge("only-at-first", ["server", &url, "--only", "register", "--only", "ping"]).await;
    server.await.expect("a server");
    assert_eq!(judged.ran.status, 3, "{}", judged.ran.told());
    assert_eq!(judged.report.summary.passed, 0, "nothing was exercised, nothing passes");
    assert_told!(judged.ran.told());
}

#[tokio::test]
async fn scenarios_that_wait_for_too_long_are_skipped() {
    let reference = Reference::start(&[]).await;
    let url = reference.url();
    let both =
        judge("some-wait", ["server", &url, "--only", "register", "--only", "expired-code", "--max-wait", "100ms"])
            .await;
    assert_eq!(both.ran.status, 0, "{}", both.ran.told());
    assert_told!("some_wait_too_long", both.ran.told());
    let all = judge("all-wait", ["server", &url, "--only", "expired-code", "--max-wait", "100ms"]).await;
    assert_eq!(all.ran.status, 1, "nothing that was skipped is green: {}", all.ran.told());
    assert_told!("all_wait_too_long", all.ran.told());
}

#[tokio::test]
async fn runs_and_scenarios_that_take_too_long_are_cut_short() {
    let mute = Server::websocket(|request| async move { request.accept().await.idle().await }).await;
    let folder = folder("too-long");
    let scenario = file(&folder, "forever.yaml", FOREVER);
    let arguments = ["server", &mute.url(), "--scenario", &scenario];
    let run = judge("run-deadline", arguments.iter().chain(&["--run-deadline", "300ms"])).await;
    assert_eq!(run.ran.status, 1, "{}", run.ran.told());
    assert_told!("a_run_takes_too_long", run.ran.told());
    let one = judge("scenario-deadline", arguments.iter().chain(&["--scenario-deadline", "300ms"])).await;
    assert_eq!(one.ran.status, 1, "{}", one.ran.told());
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
