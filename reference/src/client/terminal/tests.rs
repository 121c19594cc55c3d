//! Host and viewer against a simulated relay and clock.

use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::terminal::ViewerCode;
use relayspec::timing::Timing;
use serde_json::{Value, json};

use super::*;
use crate::client::ClientRole;
use crate::client::testing::{ClientFixture, describe};

fn opened<R: ClientRole>(role: R) -> ClientFixture<R> {
    let mut fixture = ClientFixture::new(role, Policy::RELAY, Timing::default(), |action| Some(describe(action)));
    fixture.open();
    fixture
}

fn host() -> ClientFixture<TerminalHost> {
    let session = relayspec::terminal::Session { id: "1".to_owned(), name: "sh".to_owned() };
    let mut host = opened(TerminalHost::new("me".to_owned(), session));
    assert_eq!(host.sent(), [json!({ "type": "register", "client_id": "me" })], "TERM-H1");
    host.receive(json!({ "type": "registered", "code": "K7QXM2" }));
    assert_eq!(host.reported(), "connect connected registered:K7QXM2");
    host
}

fn viewer() -> ClientFixture<TerminalViewer> {
    let mut viewer = opened(TerminalViewer::new(ViewerCode::new("k7qxm2").expect("any")));
    assert_eq!(viewer.sent(), [json!({ "type": "auth", "session_code": "k7qxm2" })], "TERM-V1");
    viewer.receive(json!({ "type": "auth_success" }));
    assert_eq!(viewer.reported(), "connect connected joined");
    viewer
}

#[test]
fn a_host_lists_its_sessions_for_each_viewer_even_if_there_are_none() {
    let mut host = host();
    host.receive(json!({ "type": "browser_connected", "browser_id": "a" }));
    let list = |sessions: Value| json!({ "type": "session_list", "sessions": sessions });
    assert_eq!(host.sent(), [list(json!([{ "id": "1", "name": "sh" }]))], "TERM-H2");
    host.give(json!({ "type": "session_disconnected", "session_id": "1" }));
    host.sent();
    host.receive(json!({ "type": "browser_connected", "browser_id": "b" }));
    assert_eq!(host.sent(), [list(json!([]))], "TERM-H2");
    host.give(json!("to whom?"));
    assert_eq!(host.reported(), "NO_SESSION");
}

#[test]
fn sends_bytes_under_the_right_id() {
    let mut host = host();
    host.give(json!("ls"));
    host.give(json!({ "session_id": "build", "base64": "/wA=" }));
    let mut viewer = viewer();
    viewer.give(json!("ls"));
    assert_eq!(viewer.sent(), [] as [Value; 0], "there is no session yet");
    viewer.receive(json!({ "type": "session_list", "sessions": [{ "id": "1", "name": "" }] }));
    viewer.give(json!({ "session_id": "build", "base64": "/wA=" }));
    let bytes = [json!(b"\x011ls"), json!(b"\x05build\xFF\0")];
    assert_eq!((host.sent(), viewer.sent()), (bytes.to_vec(), bytes.to_vec()), "TERM-H5");
    for malformed in [&b""[..], b"\0", b"\x09x", b"\x01\xFF"] {
        host.receive_bytes(malformed);
        viewer.receive_bytes(malformed);
    }
    for message in [b"\x011ls".as_slice(), b"\x05build\xFF", b"\x011"] {
        host.receive_bytes(message);
        viewer.receive_bytes(message);
    }
    let shown = r"1:ls build:\xff 1:";
    assert_eq!((host.reported().as_str(), viewer.reported().as_str()), (shown, shown), "TERM-H5, TERM-H3, TERM-V3");
    for text in ["{", "[]", r#"{"type":"later"}"#] {
        assert_eq!((host.client.text(text, host.now), viewer.client.text(text, viewer.now)), (vec![], vec![]));
    }
}

#[test]
fn viewers_open_and_close_sessions() {
    let mut host = host();
    host.receive(json!({ "type": "create_session" }));
    assert_eq!(host.sent(), [json!({ "type": "session_connected", "session_id": "2", "name": "session 2" })]);
    host.receive_bytes(b"\x011{\"type\":\"close_session\"}");
    host.receive_bytes(b"\x019{\"type\":\"close_session\"}");
    assert_eq!(host.sent(), [json!({ "type": "session_disconnected", "session_id": "1" })]);
    let unknown = r#"9:{\"type\":\"close_session\"}"#;
    assert_eq!(host.reported(), format!("open:2 close:1 {unknown}"));
    let mut viewer = viewer();
    viewer.give(json!({ "type": "create_session" }));
    viewer.give(json!({ "type": "close_session", "session_id": "2" }));
    viewer.give(json!({ "type": "auth", "session_code": "x" }));
    assert_eq!(viewer.sent().len(), 2);
    assert_eq!(viewer.reported(), "INVALID_COMMAND");
}

#[test]
fn reports_text_that_waits_for_a_session_as_unsent() {
    for (other_code, ending) in [(false, "stopped NOT_SENT"), (true, "NOT_SENT leave disconnected")] {
        let mut viewer = viewer();
        viewer.give(json!("ls"));
        viewer.give(json!("pwd"));
        let command = if other_code { json!({ "do": "join", "code": "BBBBBB" }) } else { json!({ "do": "stop" }) };
        viewer.command(command);
        viewer.close();
        assert_eq!(viewer.reported(), ending);
    }
    let mut viewer = viewer();
    viewer.give(json!("x".repeat((1 << 20) - 2)));
    viewer.give(json!("too much"));
    assert_eq!(viewer.reported(), "NO_SESSION");
    viewer.receive(json!({ "type": "auth_failed", "reason": "no" }));
    assert_eq!(viewer.reported(), "auth_failed NOT_SENT gave_up ended");
}

#[test]
fn sends_shell_output_under_the_id_of_its_session() {
    let mut host = host();
    for (id, bytes) in [("1", &b"\xFFls"[..]), ("build", b"")] {
        host.act(|client, now| client.written(id, bytes.to_vec(), now));
    }
    assert_eq!(host.sent(), [json!(b"\x011\xFFls"), json!(b"\x05build")], "TERM-H5");
    host.act(|client, now| client.written("", b"x".to_vec(), now));
    assert_eq!((host.reported().as_str(), host.sent()), ("NOT_SENT", vec![]));
}

#[test]
fn a_host_reconnects_with_the_same_id_and_reports_the_new_code() {
    let mut host = host();
    host.give(json!("kept"));
    host.reconnect();
    assert_eq!(host.sent(), [json!({ "type": "register", "client_id": "me" })], "TERM-H1, TERM-H4");
    host.receive(json!({ "type": "registered", "code": "AAAAAA" }));
    assert_eq!(host.sent(), [json!(b"\x011kept")]);
    assert_eq!(host.reported(), "disconnected connect connected registered:AAAAAA reconnected", "TERM-H4");
}

#[test]
fn a_refused_viewer_gives_up() {
    let mut viewer = opened(TerminalViewer::new(ViewerCode::new("AAAAAA").expect("any")));
    viewer.receive(json!({ "type": "auth_failed", "reason": "no" }));
    assert_eq!(viewer.reported(), "connect connected auth_failed gave_up ended", "TERM-V1, RECON-11");
}

#[test]
fn a_viewer_reconnects_unless_the_host_is_lost() {
    let mut viewer = viewer();
    viewer.reconnect();
    assert_eq!(viewer.sent(), [json!({ "type": "auth", "session_code": "k7qxm2" })], "TERM-V2");
    viewer.receive(json!({ "type": "auth_success" }));
    viewer.reported();
    let error = json!({ "type": "error", "message": "gone" });
    viewer.receive(error.clone());
    viewer.lose_with(Some(1001));
    assert_eq!(viewer.reported(), "error disconnected", "TERM-V2: the relay restarts");
    viewer.pass(Duration::from_secs(1));
    viewer.open();
    viewer.receive(json!({ "type": "auth_success" }));
    viewer.receive(error);
    viewer.lose_with(Some(1000));
    assert_eq!(viewer.reported(), "connect connected joined reconnected error disconnected gave_up ended", "TERM-V2");
}

#[test]
fn another_code_uses_another_connection() {
    let mut viewer = viewer();
    viewer.command(json!({ "do": "join", "code": "BBBBBB" }));
    assert_eq!(viewer.reported(), "leave disconnected");
    viewer.command(json!({ "do": "join", "code": "CCCCCC" }));
    viewer.pass(Duration::from_secs(1));
    viewer.open();
    assert_eq!(viewer.sent(), [json!({ "type": "auth", "session_code": "CCCCCC" })]);
    assert_eq!(viewer.reported(), "connect connected");
}

#[test]
fn typed_keys_go_to_the_session_that_is_shown() {
    let mut viewer = viewer();
    let sessions = json!([{ "id": "1", "name": "" }, { "id": "2", "name": "" }]);
    viewer.receive(json!({ "type": "session_list", "sessions": sessions }));
    viewer.act(|client, now| client.typed(b"a\x1Dnb\x1Dc", now));
    assert_eq!(viewer.sent(), [json!(b"\x011a"), json!(b"\x012b"), json!({ "type": "create_session" })]);
    assert!(viewer.client.shows("2") && !viewer.client.shows("1"));
    viewer.receive(json!({ "type": "session_disconnected", "session_id": "2" }));
    assert!(viewer.client.shows("1"));
    viewer.act(|client, now| client.typed(b"\x1Dq", now));
    assert_eq!(viewer.reported(), "stopped");
}
