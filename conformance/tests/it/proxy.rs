//! The proxy between real peers: it changes nothing, blames the right one, breaks connections on demand, and its transcripts are judged alike.

use rustix::process::Signal;

use crate::support::{Ran, Reference, Running, conformance, folder, judge};

struct Between {
    proxy: Running,
    url: String,
    transcript: String,
    _relay: Reference,
}

impl Between {
    async fn start(name: &str, faults: &[&str]) -> Self {
        let relay = Reference::start(&[]).await;
        let transcript = folder(&format!("proxy-{name}")).join("transcript.jsonl").display().to_string();
        let url = relay.url();
        let arguments = ["proxy", "--upstream", &url, "--transcript", &transcript];
        let mut proxy = Running::start(arguments.iter().chain(faults));
        let line = proxy.line_with("listening on ").await;
        let url = line.split([' ', ',']).find(|word| word.starts_with("ws://")).expect("an address").to_owned();
        Self { proxy, url, transcript, _relay: relay }
    }

    async fn judge(&self, name: &str, only: &[&str]) -> crate::support::Judged {
        let only = only.iter().flat_map(|only| ["--only", only]);
        judge(&format!("proxy-{name}"), ["server", &self.url].into_iter().chain(only)).await
    }

    /// Ends the proxy: what it told, and the transcript.
    async fn end(self) -> (Ran, String) {
        self.proxy.signal(Signal::TERM);
        (self.proxy.end().await, self.transcript)
    }
}

fn counts(told: &str) -> Vec<&str> {
    told.lines().skip_while(|line| !line.contains(" violations")).collect()
}

#[tokio::test]
async fn nothing_is_changed_and_the_right_peer_is_blamed() {
    let between = Between::start("blame", &[]).await;
    let scenarios =
        ["pairing/join", "pairing/data", "pairing/violations", "pairing/fragments", "pairing/wrong-direction"];
    let judged = between.judge("blame", &scenarios).await;
    assert_eq!(judged.ran.status, 0, "{}", judged.ran.told());
    let (told, transcript) = between.end().await;
    assert_eq!(told.status, 1, "{}", told.told());
    let blamed = |what: &str| told.out.lines().filter(|line| line.contains(what)).count();
    assert!(blamed("the host breaks WIRE-01 MUST: a `joined` from the host to the relay") > 0, "{}", told.out);
    assert!(blamed("a violation of RFC 6455") > 0, "{}", told.out);
    assert_eq!(blamed("the relay breaks"), 0, "{}", told.out);
    let again = conformance(["replay", &transcript]).await;
    assert_eq!((again.status, counts(&again.out)), (1, counts(&told.out)), "{}", again.told());
}

#[tokio::test]
async fn peers_that_keep_the_law_are_blamed_for_nothing() {
    let between = Between::start("quiet", &[]).await;
    let judged = between.judge("quiet", &["pairing/join", "pairing/data"]).await;
    assert_eq!(judged.ran.status, 0, "{}", judged.ran.told());
    let (told, transcript) = between.end().await;
    assert_eq!((told.status, counts(&told.out).len()), (0, 1), "{}", told.told());
    assert_eq!(conformance(["replay", &transcript]).await.status, 0);
}

#[tokio::test]
async fn connections_are_broken_on_demand() {
    for (name, faults) in [
        ("reset-every", ["--reset-every", "1"]),
        ("drop-after", ["--drop-after", "1ms"]),
        ("half-open-after", ["--half-open-after", "1ms"]),
    ] {
        let between = Between::start(name, &faults).await;
        let judged = between.judge(name, &["pairing/join"]).await;
        assert_ne!(judged.ran.status, 0, "{name}: {}", judged.ran.told());
        between.end().await;
    }
    let between = Between::start("delay", &["--delay", "30ms"]).await;
    let judged = between.judge("delay", &["pairing/latency", "pairing/join"]).await;
    let failed = judged.report.scenarios.iter().filter(|one| one.verdict != conformance::outcome::Verdict::Pass);
    let failed: Vec<_> = failed.map(|one| one.id.as_str()).collect();
    assert_eq!(failed, ["pairing/latency"], "{}", judged.ran.told());
    between.end().await;
}

#[tokio::test]
async fn what_is_no_transcript_is_told_with_its_line() {
    let folder = folder("proxy-no-transcript");
    let first = r#"{"relayspec_transcript":1,"family":"pairing","upstream":"ws://127.0.0.1:1"}"#;
    for (text, says) in [
        ("", "line 1: the transcript is empty"),
        ("{}", "line 1: no transcript"),
        (&first.replace('1', "2"), "line 1: a transcript of version 2"),
        (&format!("{first}\n{{\"at_ms\":1}}"), "line 2: missing field"),
        (&first.replace("pairing", "pears"), ""),
        (
            &format!(
                "{}\n{{\"at_ms\":1,\"connection\":1,\"seen\":{{\"opened\":\"/mac\"}}}}",
                first.replace("pairing", "pears")
            ),
            "line 2: there is no family `pears`",
        ),
        (
            &format!("{first}\n{{\"at_ms\":1,\"connection\":1,\"seen\":{{\"client\":{{\"binary\":\"?\"}}}}}}"),
            "line 2: no base64",
        ),
    ] {
        let file = crate::support::file(&folder, "t.jsonl", text);
        let ran = conformance(["replay", &file]).await;
        let wanted = if says.is_empty() { 0 } else { 2 };
        assert_eq!((ran.status, ran.err.contains(says)), (wanted, true), "{text}: {}", ran.told());
    }
    assert_eq!(conformance(["replay", "/nowhere/at/all"]).await.status, 2);
}
