//! The proxy between real peers: it changes nothing, attributes violations to the right peer, supports fault injection, and its transcripts replay alike.

use rustix::process::Signal;

use crate::support::{BinaryOutput, ReferenceProcess, RunningBinary, TestRun, conformance, folder, test_run};

struct ProxiedRelay {
    proxy: RunningBinary,
    url: String,
    transcript: String,
    _relay: ReferenceProcess,
}

impl ProxiedRelay {
    async fn start(name: &str, options: &[&str]) -> Self {
        let relay = ReferenceProcess::start(&[]).await;
        let transcript = folder(&format!("proxy-{name}")).join("transcript.jsonl").display().to_string();
        let url = relay.url();
        let arguments = ["proxy", "--upstream", &url, "--transcript", &transcript];
        let mut proxy = RunningBinary::start(arguments.iter().chain(options));
        let line = proxy.line_with("listening on ").await;
        let url = line.split([' ', ',']).find(|word| word.starts_with("ws://")).expect("an address").to_owned();
        Self { proxy, url, transcript, _relay: relay }
    }

    async fn test(&self, name: &str, only: &[&str]) -> TestRun {
        let only = only.iter().flat_map(|only| ["--only", only]);
        test_run(&format!("proxy-{name}"), ["server", &self.url].into_iter().chain(only)).await
    }

    /// Ends the proxy: its output, and the transcript.
    async fn end(self) -> (BinaryOutput, String) {
        self.proxy.signal(Signal::TERM);
        (self.proxy.end().await, self.transcript)
    }
}

fn counts(out: &str) -> Vec<&str> {
    out.lines().skip_while(|line| !line.contains(" violations")).collect()
}

#[tokio::test]
async fn changes_nothing_and_attributes_violations_to_the_right_peer() {
    let proxied = ProxiedRelay::start("blame", &[]).await;
    let scenarios =
        ["pairing/join", "pairing/data", "pairing/violations", "pairing/fragments", "pairing/wrong-direction"];
    let tested = proxied.test("blame", &scenarios).await;
    tested.exits(0);
    let (shown, transcript) = proxied.end().await;
    assert_eq!(shown.status, 1, "{}", shown.shown());
    let lines_with = |what: &str| shown.out.lines().filter(|line| line.contains(what)).count();
    assert!(lines_with("the host violates WIRE-01 MUST: a `joined` from the host to the relay") > 0, "{}", shown.out);
    assert!(lines_with("a violation of RFC 6455") > 0, "{}", shown.out);
    assert_eq!(lines_with("the relay violates"), 0, "{}", shown.out);
    let again = conformance(["replay", &transcript]).await;
    assert_eq!((again.status, counts(&again.out)), (1, counts(&shown.out)), "{}", again.shown());
}

#[tokio::test]
async fn reports_nothing_for_conforming_peers() {
    let proxied = ProxiedRelay::start("quiet", &[]).await;
    let tested = proxied.test("quiet", &["pairing/join", "pairing/data"]).await;
    tested.exits(0);
    let (shown, transcript) = proxied.end().await;
    assert_eq!((shown.status, counts(&shown.out).len()), (0, 1), "{}", shown.shown());
    assert_eq!(conformance(["replay", &transcript]).await.status, 0);
}

#[tokio::test]
async fn fault_injection_fails_scenarios() {
    for (name, options) in [
        ("reset-every", ["--reset-every", "1"]),
        ("drop-after", ["--drop-after", "1ms"]),
        ("half-open-after", ["--half-open-after", "1ms"]),
    ] {
        let proxied = ProxiedRelay::start(name, &options).await;
        let tested = proxied.test(name, &["pairing/join"]).await;
        assert_ne!(tested.ran.status, 0, "{name}: {}", tested.ran.shown());
        proxied.end().await;
    }
    let proxied = ProxiedRelay::start("delay", &["--delay", "30ms"]).await;
    let tested = proxied.test("delay", &["pairing/latency", "pairing/join"]).await;
    let failed = tested.report.scenarios.iter().filter(|one| one.verdict != conformance::outcome::Verdict::Pass);
    let failed: Vec<_> = failed.map(|one| one.id.as_str()).collect();
    assert_eq!(failed, ["pairing/latency"], "{}", tested.ran.shown());
    proxied.end().await;
}

#[tokio::test]
async fn invalid_transcripts_are_reported_with_their_line() {
    let folder = folder("proxy-no-transcript");
    let first = r#"{"relayspec_transcript":1,"family":"pairing","upstream":"ws://127.0.0.1:1"}"#;
    for (text, says) in [
        ("", "line 1: the transcript is empty"),
        ("{}", "line 1: not a transcript"),
        (&first.replace('1', "2"), "line 1: a transcript of version 2"),
        (&format!("{first}\n{{\"at_ms\":1}}"), "line 2: missing field"),
        (&first.replace("pairing", "pears"), ""),
        (
            &format!(
                "{}\n{{\"at_ms\":1,\"connection\":1,\"seen\":{{\"opened\":\"/mac\"}}}}",
                first.replace("pairing", "pears")
            ),
            "line 2: unknown family `pears`",
        ),
        (
            &format!("{first}\n{{\"at_ms\":1,\"connection\":1,\"seen\":{{\"client\":{{\"binary\":\"?\"}}}}}}"),
            "line 2: invalid base64",
        ),
    ] {
        let file = crate::support::file(&folder, "t.jsonl", text);
        let ran = conformance(["replay", &file]).await;
        let wanted = if says.is_empty() { 0 } else { 2 };
        assert_eq!((ran.status, ran.err.contains(says)), (wanted, true), "{text}: {}", ran.shown());
    }
    assert_eq!(conformance(["replay", "/nowhere/at/all"]).await.status, 2);
}
