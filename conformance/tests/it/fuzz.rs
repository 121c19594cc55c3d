//! The fuzzer finds nothing in the references, finds a mutant, and writes a scenario that reproduces it.

use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::support::{BINARY, BinaryOutput, ReferenceProcess, TcpServer, conformance, folder, names};

/// A family, the arguments that start its reference, and the params that it declares.
type FuzzedReference = (&'static str, &'static str, &'static [&'static str]);

const SERVERS: [FuzzedReference; 4] = [
    ("pairing", "pairing-relay --port {port}", &["--set", "notify_deadline=300ms"]),
    ("terminal", "terminal-relay --port {port}", &["--set", "notify_deadline=300ms"]),
    (
        "sync",
        "sync-server --port {port} --pin 000042 --control 127.0.0.1:{control_port}",
        &["--param", "pin=000042", "--param", "control=127.0.0.1:{control_port}"],
    ),
    ("rpc", "rpc-daemon --socket {socket}", &[]),
];

/// The arguments for the reference of a family, with further arguments for the reference.
fn server(family: &str, more: &str) -> Vec<String> {
    let (family, words, declared) = SERVERS.iter().find(|(known, _, _)| *known == family).expect("a family");
    let command = format!("'{BINARY}' reference {words}{more}");
    let arguments = ["--family", family, "--command", &command].into_iter().chain(declared.iter().copied());
    arguments.map(str::to_owned).collect()
}

async fn fuzz(server: &[String], seconds: &str, folder: &Path) -> (BinaryOutput, Value) {
    let mut arguments: Vec<_> = std::iter::once("fuzz".to_owned()).chain(server.iter().cloned()).collect();
    let report = folder.join("report.json").display().to_string();
    let out = folder.display().to_string();
    let more = ["--seconds", seconds, "--seed", "7", "--steps", "40", "--out", &out, "--report-json", &report];
    arguments.extend(more.map(str::to_owned));
    let ran = conformance(arguments).await;
    let text = std::fs::read_to_string(&report).unwrap_or_else(|error| panic!("{error}: {ran:#?}"));
    (ran, serde_json::from_str(&text).expect("JSON"))
}

#[tokio::test]
async fn finds_nothing_in_the_references() {
    for (family, _, _) in SERVERS {
        let folder = folder(&format!("fuzz/{family}"));
        let (ran, report) = fuzz(&server(family, ""), "2", &folder).await;
        assert_eq!(
            (ran.status, &report["finds"], &report["unsteady"]),
            (0, &Value::Array(vec![]), &0.into()),
            "{ran:#?}"
        );
        assert!(report["sequences"].as_u64() > Some(1), "{report:#}");
        assert!(report["requirements"].as_array().is_some_and(|all| all.len() > 4), "{report:#}");
        assert_eq!(names(&folder), ["report.json"], "nothing is written if nothing is found");
        assert!(ran.out.contains("nothing found"), "{ran:#?}");
    }
}

#[tokio::test]
async fn finds_a_mutant_and_replays_it() {
    let folder = folder("fuzz/mutant");
    let (whole, mutant) = (server("terminal", ""), server("terminal", " --mutant twice-to-host"));
    let (ran, report) = fuzz(&mutant, "30", &folder).await;
    assert_eq!(ran.status, 1, "{ran:#?}");
    let find = &report["finds"][0];
    assert_eq!((&find["requirement"], &find["verdict"]), (&"TERM-21".into(), &"fail".into()), "{find:#}");
    assert!(find["ops"].as_u64() <= Some(4) && find["steps"].as_u64() <= Some(16), "{find:#}");
    let file = folder.join("terminal/fuzz-1.yaml").display().to_string();
    assert_eq!(find["file"], file.as_str());
    assert!(ran.out.contains(&format!("--scenario {file}")) && ran.out.contains("FAIL  terminal/fuzz-1#"), "{ran:#?}");

    let replayed = |server: &[String]| {
        let words = ["server", "--scenario", &file].into_iter().map(str::to_owned);
        conformance(words.chain(server.iter().cloned()).collect::<Vec<_>>())
    };
    let again = replayed(&mutant).await;
    let check = find["check"].as_str().expect("a check");
    assert_eq!(again.status, 1, "{again:#?}");
    assert!(again.out.contains(&format!("FAIL  {check}")), "{check}: {again:#?}");
    let without = replayed(&whole).await;
    assert_eq!(without.status, 0, "{without:#?}");

    // Another run keeps the existing file.
    let (_, report) = fuzz(&mutant, "30", &folder).await;
    assert_eq!(
        report["finds"][0]["check"].as_str().map(|check| check.replace("fuzz-2", "fuzz-1")).as_deref(),
        Some(check)
    );
    assert_eq!(names(&folder.join("terminal")), ["fuzz-1.yaml", "fuzz-2.yaml"]);
    let read = |name: &str| std::fs::read_to_string(folder.join("terminal").join(name)).expect("a file");
    assert_eq!(read("fuzz-1.yaml"), read("fuzz-2.yaml"), "the same seed finds the same");
}

/// Forwards bytes until the relay has joined a viewer.
async fn forward(mut client: TcpStream, relay: SocketAddr, joined: Arc<watch::Sender<bool>>) {
    let mut relay = TcpStream::connect(relay).await.expect("the relay");
    let ((mut from, mut back), (mut answers, mut onward)) = (client.split(), relay.split());
    let answering = async {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = answers.read(&mut buffer).await {
            if buffer[..count].windows(6).any(|word| word == b"joined") {
                joined.send_replace(true);
                return pending().await;
            }
            back.write_all(&buffer[..count]).await?;
        }
        back.shutdown().await
    };
    let _ = tokio::try_join!(tokio::io::copy(&mut from, &mut onward), answering);
}

#[tokio::test]
async fn reports_what_ends_a_server_that_cannot_be_restarted() {
    let relay = ReferenceProcess::start(&[]).await;
    let at: SocketAddr = relay.url().trim_start_matches("ws://").parse().expect("an address");
    let joined = Arc::new(watch::Sender::new(false));
    let mut ended = joined.subscribe();
    let server = TcpServer::tcp(move |client| forward(client, at, Arc::clone(&joined))).await;
    let url = server.url();
    tokio::spawn(async move {
        let _ = ended.wait_for(|joined| *joined).await;
        drop(server);
    });
    let folder = folder("fuzz/gone");
    let (ran, report) = fuzz(&[url], "30", &folder).await;
    assert_eq!((ran.status, &report["finds"][0]["verdict"]), (1, &"fail".into()), "{ran:#?}");
    assert_eq!((&report["finds"][0]["replays"], &report["unsteady"]), (&0.into(), &0.into()), "{report:#}");
    assert!(ran.err.contains("in a row had no verdict"), "{ran:#?}");
    assert!(ran.out.contains("not shrunk, since the server ended"), "{ran:#?}");
    assert_eq!(names(&folder.join("pairing")), ["fuzz-1.yaml"]);
}

#[tokio::test]
async fn prints_a_scenario_that_cannot_be_written() {
    let mut arguments = vec!["fuzz".to_owned()];
    arguments.extend(server("terminal", " --mutant twice-to-host"));
    arguments.extend(["--seconds", "30", "--seed", "7", "--shrink", "0s", "--out", "/proc"].map(str::to_owned));
    let ran = conformance(arguments).await;
    assert_eq!(ran.status, 4, "{ran:#?}");
    assert!(ran.err.contains("cannot write /proc/terminal/fuzz-1.yaml"), "{ran:#?}");
    assert!(ran.out.contains("FAIL  terminal/fuzz-1#") && ran.out.contains("the scenario is:\n\nsummary:"), "{ran:#?}");
}

#[tokio::test]
async fn a_violated_should_does_not_fail() {
    let folder = folder("fuzz/should");
    let mut mutant = server("terminal", " --mutant no-pings --heartbeat-interval 300ms --heartbeat-timeout 100ms");
    let times = ["--set", "heartbeat_interval=300ms", "--set", "heartbeat_timeout=100ms"];
    mutant.extend(times.map(str::to_owned));
    let (ran, report) = fuzz(&mutant, "20", &folder).await;
    let finds = report["finds"].as_array().expect("a list");
    assert_eq!((ran.status, finds.len()), (0, 1), "{ran:#?}");
    assert_eq!((&finds[0]["requirement"], &finds[0]["verdict"]), (&"TERM-50".into(), &"warn".into()), "{report:#}");
}

#[tokio::test]
async fn rejects_wrong_usage() {
    for (arguments, shown) in [
        (&["fuzz", "--family", "tunnel", "ws://127.0.0.1:1"][..], "the family tunnel has no model"),
        (&["fuzz", "--family", "sync", "ws://127.0.0.1:1"], "the model of sync needs --param pin=VALUE"),
        (
            &["fuzz", "--family", "pairing", "--family", "terminal", "ws://127.0.0.1:1"],
            "fuzzing tests one family at a time",
        ),
        (&["fuzz"], "no server given"),
        (&["fuzz", "ws://127.0.0.1:1", "--steps", "0"], "--steps"),
        (&["fuzz", "ws://127.0.0.1:1", "--out", "/dev/null"], "--out: /dev/null is not a folder"),
        (&["fuzz", "ws://127.0.0.1:1", "--report-json", "/no/such/report"], "--report-json: "),
    ] {
        let ran = conformance(arguments).await;
        assert_eq!(ran.status, 2, "{arguments:?}: {ran:#?}");
        assert!(ran.err.contains(shown), "{arguments:?}: {ran:#?}");
    }
    let ran = conformance(["fuzz", "ws://127.0.0.1:1", "--seconds", "1"]).await;
    assert_eq!(ran.status, 3, "{ran:#?}");
}
