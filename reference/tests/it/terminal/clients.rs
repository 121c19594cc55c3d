//! Host and viewer at the relay: with shells, and with drivers.

use std::io::{BufRead, BufReader, Read, Write, pipe};
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::terminal::{Session, ViewerCode};
use relayspec::timing::Timing;
use relayspec_reference::client::Ending;
use relayspec_reference::{ClientOptions, User, terminal_host, terminal_viewer};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::serve;
use crate::soon;

fn options(address: std::net::SocketAddr, user: User) -> ClientOptions {
    let policy = Policy { base: Duration::from_millis(50), ..Policy::RELAY };
    let address = format!("ws://{address}/ws").parse().expect("an address");
    ClientOptions { address, policy, timing: Timing::default(), max_message: 2 << 20, user }
}

const PERSON: User = User::Person { ends_with_input: false };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_uses_the_shell_of_a_host() {
    let (address, _relay) = serve(&[]).await;
    let session = || Session { id: "1".to_owned(), name: "sh".to_owned() };
    let (input, _unused) = pipe().expect("a pipe");
    let (told, output) = pipe().expect("a pipe");
    let host = terminal_host(
        options(address, PERSON),
        "me".to_owned(),
        session(),
        "/bin/sh".to_owned(),
        input,
        output,
        std::future::pending(),
    );
    let host = tokio::spawn(host);
    let code = spawn_blocking(|| BufReader::new(told).lines().next().expect("a line").expect("UTF-8"));
    let code = soon("the code", code).await.expect("no panic");
    let code = ViewerCode::new(code.strip_prefix("code ").expect("a code")).expect("any");

    let (input, mut keys) = pipe().expect("a pipe");
    let (mut screen, output) = pipe().expect("a pipe");
    let viewer = tokio::spawn(terminal_viewer(options(address, PERSON), code, input, output, std::future::pending()));
    // Typed when there is a session to type into: the shell's prompt shows it.
    let screen = spawn_blocking(move || {
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        let mut is_typed = false;
        while !String::from_utf8_lossy(&seen).contains("it is 42 here") {
            let length = screen.read(&mut buffer).expect("read");
            assert!(length > 0, "the screen ends: {}", String::from_utf8_lossy(&seen));
            seen.extend(&buffer[..length]);
            if !std::mem::replace(&mut is_typed, true) {
                keys.write_all(b"echo it is $((6*7)) here\r").expect("written");
            }
        }
        keys
    });
    let mut keys = soon("the answer of the shell", screen).await.expect("no panic");
    keys.write_all(b"\x1Dq").expect("written");
    assert_eq!(soon("the end of the viewer", viewer).await.expect("no panic"), Ending::Stopped);
    host.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drivers_see_bytes_and_say_them() {
    let (address, _relay) = serve(&[]).await;
    let session = Session { id: "build".to_owned(), name: "build".to_owned() };
    let (input, mut host_says) = pipe().expect("a pipe");
    let (host_told, output) = pipe().expect("a pipe");
    let options_of = options(address, User::Driver);
    let host =
        terminal_host(options_of, "me".to_owned(), session, String::new(), input, output, std::future::pending());
    let host = tokio::spawn(host);
    let story = spawn_blocking(move || {
        let mut told = BufReader::new(host_told).lines().map(|line| event(&line.expect("UTF-8")));
        assert_eq!(told.next().expect("an event")["event"], "connected");
        let code = told.next().expect("an event")["code"].as_str().expect("a code").to_owned();
        let (input, mut viewer_says) = pipe().expect("a pipe");
        let (viewer_told, output) = pipe().expect("a pipe");
        let runtime = tokio::runtime::Handle::current();
        let code = ViewerCode::new(code).expect("any");
        let viewer = terminal_viewer(options(address, User::Driver), code, input, output, std::future::pending());
        let viewer = runtime.spawn(viewer);
        let mut seen = BufReader::new(viewer_told).lines().map(|line| event(&line.expect("UTF-8")));
        assert_eq!(seen.next().expect("an event")["event"], "connected");
        assert_eq!(seen.next().expect("an event")["event"], "joined");
        writeln!(viewer_says, "{}", json!({ "do": "send", "payload": "ls\n" })).expect("written");
        let expected = json!({ "event": "data", "payload": "ls\n", "session_id": "build", "base64": "bHMK" });
        assert_eq!(told.next(), Some(expected), "TERM-H5");
        let bytes = json!({ "session_id": "build", "base64": "/w==" });
        writeln!(host_says, "{}", json!({ "do": "send", "payload": bytes })).expect("written");
        let expected = json!({ "event": "data", "payload": null, "session_id": "build", "base64": "/w==" });
        assert_eq!(seen.next(), Some(expected), "TERM-H5");
        writeln!(host_says, "{}", json!({ "do": "stop" })).expect("written");
        let rest: Vec<_> = seen.map(|event| event["event"].clone()).collect();
        assert_eq!(rest, ["error", "disconnected", "gave_up"], "TERM-V2");
        viewer
    });
    let viewer = soon("the story", story).await.expect("no panic");
    assert_eq!(soon("the end of the host", host).await.expect("no panic"), Ending::Stopped);
    assert_eq!(soon("the end of the viewer", viewer).await.expect("no panic"), Ending::GaveUp);
}

fn event(line: &str) -> Value {
    serde_json::from_str(line).expect("JSON")
}
