//! Host and viewer at the relay: with shells, and with drivers.

use std::future::pending;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write, pipe};
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::terminal::{Session, ViewerCode};
use relayspec_reference::client::Ending;
use relayspec_reference::{ClientOptions, User, terminal_host, terminal_viewer};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, spawn_blocking};

use super::serve;
use crate::soon;

fn options(address: SocketAddr, user: User) -> ClientOptions {
    let policy = Policy { base: Duration::from_millis(50), ..Policy::RELAY };
    let address = format!("ws://{address}/ws").parse().expect("an address");
    ClientOptions::new(address, policy, user)
}

const PERSON: User = User::Person { ends_with_input: false };

struct TerminalPair {
    keys: PipeWriter,
    screen: PipeReader,
    viewer: JoinHandle<Ending>,
    host: JoinHandle<Ending>,
    _host_input: PipeWriter,
}

impl TerminalPair {
    async fn start(address: SocketAddr) -> Self {
        let session = Session { id: "1".to_owned(), name: "sh".to_owned() };
        let (input, host_input) = pipe().expect("a pipe");
        let (events, output) = pipe().expect("a pipe");
        let (client_id, program) = ("me".to_owned(), "/bin/sh".to_owned());
        let of_host = options(address, PERSON);
        let host = tokio::spawn(terminal_host(of_host, client_id, session, program, input, output, pending()));
        let code = spawn_blocking(|| BufReader::new(events).lines().next().expect("a line").expect("UTF-8"));
        let code = soon("the code", code).await.expect("no panic");
        let code = ViewerCode::new(code.strip_prefix("code ").expect("a code")).expect("any");
        let (input, keys) = pipe().expect("a pipe");
        let (screen, output) = pipe().expect("a pipe");
        let viewer = tokio::spawn(terminal_viewer(options(address, PERSON), code, input, output, pending()));
        Self { keys, screen, viewer, host, _host_input: host_input }
    }

    async fn end(mut self) {
        self.keys.write_all(b"\x1Dq").expect("written");
        assert_eq!(soon("the end of the viewer", self.viewer).await.expect("no panic"), Ending::Stopped);
        self.host.abort();
    }
}

/// Reads until the output ends with this, and returns what comes before it.
fn read_until(screen: &mut PipeReader, end: &[u8]) -> Vec<u8> {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !seen.ends_with(end) {
        let length = screen.read(&mut buffer).expect("read");
        assert!(length > 0, "the screen ends: {}", String::from_utf8_lossy(&seen));
        seen.extend(&buffer[..length]);
    }
    seen.truncate(seen.len() - end.len());
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shell_output_reaches_a_viewer_that_pauses_in_full() {
    let (address, _relay) = serve(&[]).await;
    let mut pair = TerminalPair::start(address).await;
    let reading = spawn_blocking(move || {
        assert!(pair.screen.read(&mut [0; 4096]).expect("read") > 0, "there is no prompt");
        pair.keys.write_all(b"PS1= PS2=; stty raw -echo; printf 'SETT''LED'\r").expect("written");
        read_until(&mut pair.screen, b"SETTLED");
        pair.keys.write_all(b"seq 1 180000; printf 'EN''D'\n").expect("written");
        thread::sleep(Duration::from_millis(500));
        (read_until(&mut pair.screen, b"END"), pair)
    });
    let (seen, pair) = soon("all output of the shell", reading).await.expect("no panic");
    let written: String = (1..=180_000).map(|number| format!("{number}\n")).collect();
    assert!(written.len() > 1 << 20);
    assert_eq!(seen.len(), written.len(), "TERM-H5");
    assert!(seen == written.as_bytes(), "TERM-H5: not what the shell wrote");
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_uses_the_shell_of_a_host() {
    let (address, _relay) = serve(&[]).await;
    let mut pair = TerminalPair::start(address).await;
    // Typed once the prompt shows that there is a session.
    let typing = spawn_blocking(move || {
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        let mut is_typed = false;
        while !String::from_utf8_lossy(&seen).contains("it is 42 here") {
            let length = pair.screen.read(&mut buffer).expect("read");
            assert!(length > 0, "the screen ends: {}", String::from_utf8_lossy(&seen));
            seen.extend(&buffer[..length]);
            if !std::mem::replace(&mut is_typed, true) {
                pair.keys.write_all(b"echo it is $((6*7)) here\r").expect("written");
            }
        }
        pair
    });
    soon("the answer of the shell", typing).await.expect("no panic").end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drivers_exchange_bytes() {
    let (address, _relay) = serve(&[]).await;
    let session = Session { id: "build".to_owned(), name: "build".to_owned() };
    let (input, mut host_commands) = pipe().expect("a pipe");
    let (host_events, output) = pipe().expect("a pipe");
    let options_of = options(address, User::Driver);
    let host = terminal_host(options_of, "me".to_owned(), session, String::new(), input, output, pending());
    let host = tokio::spawn(host);
    let exchange = spawn_blocking(move || {
        let mut host = BufReader::new(host_events).lines().map(|line| event(&line.expect("UTF-8")));
        assert_eq!(host.next().expect("an event")["event"], "connected");
        let code = host.next().expect("an event")["code"].as_str().expect("a code").to_owned();
        let (input, mut viewer_commands) = pipe().expect("a pipe");
        let (viewer_events, output) = pipe().expect("a pipe");
        let runtime = tokio::runtime::Handle::current();
        let code = ViewerCode::new(code).expect("any");
        let task = terminal_viewer(options(address, User::Driver), code, input, output, pending());
        let task = runtime.spawn(task);
        let mut viewer = BufReader::new(viewer_events).lines().map(|line| event(&line.expect("UTF-8")));
        assert_eq!(viewer.next().expect("an event")["event"], "connected");
        assert_eq!(viewer.next().expect("an event")["event"], "joined");
        writeln!(viewer_commands, "{}", json!({ "do": "send", "payload": "ls\n" })).expect("written");
        let expected = json!({ "event": "data", "payload": "ls\n", "session_id": "build", "base64": "bHMK" });
        assert_eq!(host.next(), Some(expected), "TERM-H5");
        let bytes = json!({ "session_id": "build", "base64": "/w==" });
        writeln!(host_commands, "{}", json!({ "do": "send", "payload": bytes })).expect("written");
        let expected = json!({ "event": "data", "payload": null, "session_id": "build", "base64": "/w==" });
        assert_eq!(viewer.next(), Some(expected), "TERM-H5");
        writeln!(host_commands, "{}", json!({ "do": "stop" })).expect("written");
        let rest: Vec<_> = viewer.map(|event| event["event"].clone()).collect();
        assert_eq!(rest, ["error", "disconnected", "gave_up"], "TERM-V2");
        task
    });
    let viewer = soon("the exchange", exchange).await.expect("no panic");
    assert_eq!(soon("the end of the host", host).await.expect("no panic"), Ending::Stopped);
    assert_eq!(soon("the end of the viewer", viewer).await.expect("no panic"), Ending::GaveUp);
}

fn event(line: &str) -> Value {
    serde_json::from_str(line).expect("JSON")
}
