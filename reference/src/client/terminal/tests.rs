//! Host and viewer at a relay that the tests play.

use std::time::{Duration, Instant};

use relayspec::reconnect::Policy;
use relayspec::terminal::ViewerCode;
use relayspec::timing::Timing;
use serde_json::{Value, json};

use super::*;
use crate::client::backoff::Dice;
use crate::client::{Action, Change, Client, Ending, Outgoing, Role};

struct Still;

impl Dice for Still {
    fn swing(&mut self) -> f64 {
        0.0
    }
}

struct World<R> {
    client: Client<R, Still>,
    now: Instant,
    /// What the user and the shell were told.
    told: Vec<String>,
}

fn host() -> World<Host> {
    let session = relayspec::terminal::Session { id: "1".to_owned(), name: "sh".to_owned() };
    let mut host = World::new(Host::new("me".to_owned(), session));
    host.open();
    assert_eq!(host.sent(), [json!({ "type": "register", "client_id": "me" })], "TERM-H1");
    host.receive(json!({ "type": "registered", "code": "K7QXM2" }));
    assert_eq!(host.told(), "connect connected registered:K7QXM2");
    host
}

fn viewer() -> World<Viewer> {
    let mut viewer = World::new(Viewer::new(ViewerCode::new("k7qxm2").expect("any")));
    viewer.open();
    assert_eq!(viewer.sent(), [json!({ "type": "auth", "session_code": "k7qxm2" })], "TERM-V1");
    viewer.receive(json!({ "type": "auth_success" }));
    assert_eq!(viewer.told(), "connect connected joined");
    viewer
}

impl<R: Role> World<R> {
    fn new(role: R) -> Self {
        let now = Instant::now();
        let client = Client::new(role, Policy::RELAY, Timing::default(), Still, now);
        let mut world = Self { client, now, told: Vec::new() };
        world.tick();
        world
    }

    fn tick(&mut self) {
        let actions = self.client.tick(self.now);
        self.apply(actions);
    }

    fn open(&mut self) {
        let actions = self.client.opened(self.now);
        self.apply(actions);
    }

    fn lose(&mut self, close_code: Option<u16>) {
        let actions = self.client.lost(close_code, self.now);
        self.apply(actions);
    }

    /// Loses the connection, and opens the next one in time.
    fn come_back(&mut self) {
        self.lose(None);
        self.now += Duration::from_secs(1);
        self.tick();
        self.open();
    }

    fn receive(&mut self, message: Value) {
        let actions = self.client.text(&message.to_string(), self.now);
        self.apply(actions);
    }

    fn receive_bytes(&mut self, bytes: &[u8]) {
        let actions = self.client.binary(bytes, self.now);
        self.apply(actions);
    }

    fn say(&mut self, line: Value) {
        let actions = self.client.line(&line.to_string(), self.now);
        self.apply(actions);
    }

    fn give(&mut self, payload: Value) {
        self.say(json!({ "do": "send", "payload": payload }));
    }

    fn sent(&mut self) -> Vec<Value> {
        let message = |message| match message {
            Outgoing::Text(text) => serde_json::from_str(&text).expect("JSON"),
            Outgoing::Binary(bytes) => json!(bytes),
            Outgoing::Ping => json!("ping"),
        };
        std::iter::from_fn(|| self.client.next_message()).map(message).collect()
    }

    fn told(&mut self) -> String {
        std::mem::take(&mut self.told).join(" ")
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            self.told.push(match action {
                Action::Report(Event::Error { code, .. }) => code,
                Action::Report(Event::Registered { code }) => format!("registered:{code}"),
                Action::Show { session_id, bytes } => format!("{session_id}:{}", bytes.escape_ascii()),
                Action::Report(event) => event.name().to_owned(),
                Action::Session(Change::Open { session_id }) => format!("open:{session_id}"),
                Action::Session(Change::Close { session_id }) => format!("close:{session_id}"),
                Action::Fetch(_) | Action::ForgetFetches => panic!("{action:?}"),
                Action::Connect => "connect".to_owned(),
                Action::Leave => "leave".to_owned(),
                Action::Abandon => "abandon".to_owned(),
                Action::End(Ending::Stopped) => "stopped".to_owned(),
                Action::End(Ending::GaveUp) => "ended".to_owned(),
            });
        }
    }
}

#[test]
fn a_host_lists_its_sessions_for_each_viewer_also_when_there_is_none() {
    let mut host = host();
    host.receive(json!({ "type": "browser_connected", "browser_id": "a" }));
    let list = |sessions: Value| json!({ "type": "session_list", "sessions": sessions });
    assert_eq!(host.sent(), [list(json!([{ "id": "1", "name": "sh" }]))], "TERM-H2");
    host.give(json!({ "type": "session_disconnected", "session_id": "1" }));
    host.sent();
    host.receive(json!({ "type": "browser_connected", "browser_id": "b" }));
    assert_eq!(host.sent(), [list(json!([]))], "TERM-H2");
    host.give(json!("to whom?"));
    assert_eq!(host.told(), "NO_SESSION");
}

#[test]
fn bytes_pass_under_the_right_id() {
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
    let told = r"1:ls build:\xff 1:";
    assert_eq!((host.told().as_str(), viewer.told().as_str()), (told, told), "TERM-H5, TERM-H3, TERM-V3");
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
    assert_eq!(host.told(), format!("open:2 close:1 {unknown}"));
    let mut viewer = viewer();
    viewer.give(json!({ "type": "create_session" }));
    viewer.give(json!({ "type": "close_session", "session_id": "2" }));
    viewer.give(json!({ "type": "auth", "session_code": "x" }));
    assert_eq!(viewer.sent().len(), 2);
    assert_eq!(viewer.told(), "INVALID_COMMAND");
}

#[test]
fn what_waits_for_a_session_is_given_back_at_the_end() {
    for (other_code, ending) in [(false, "stopped NOT_SENT"), (true, "NOT_SENT leave disconnected")] {
        let mut viewer = viewer();
        viewer.give(json!("ls"));
        viewer.give(json!("pwd"));
        let command = if other_code { json!({ "do": "join", "code": "BBBBBB" }) } else { json!({ "do": "stop" }) };
        viewer.say(command);
        let last = viewer.client.closed();
        viewer.apply(last);
        assert_eq!(viewer.told(), ending);
    }
    let mut viewer = viewer();
    viewer.give(json!("x".repeat((1 << 20) - 2)));
    viewer.give(json!("too much"));
    assert_eq!(viewer.told(), "NO_SESSION");
    viewer.receive(json!({ "type": "auth_failed", "reason": "no" }));
    assert_eq!(viewer.told(), "auth_failed NOT_SENT gave_up ended");
}

#[test]
fn a_shell_is_shown_under_the_id_of_its_session() {
    let mut host = host();
    for (id, bytes) in [("1", &b"\xFFls"[..]), ("build", b"")] {
        let actions = host.client.written(id, bytes.to_vec(), host.now);
        host.apply(actions);
    }
    assert_eq!(host.sent(), [json!(b"\x011\xFFls"), json!(b"\x05build")], "TERM-H5");
    let actions = host.client.written("", b"x".to_vec(), host.now);
    host.apply(actions);
    assert_eq!((host.told().as_str(), host.sent()), ("NOT_SENT", vec![]));
}

#[test]
fn a_host_comes_back_with_the_same_id_and_the_new_code() {
    let mut host = host();
    host.give(json!("kept"));
    host.come_back();
    assert_eq!(host.sent(), [json!({ "type": "register", "client_id": "me" })], "TERM-H1, TERM-H4");
    host.receive(json!({ "type": "registered", "code": "AAAAAA" }));
    assert_eq!(host.sent(), [json!(b"\x011kept")]);
    assert_eq!(host.told(), "disconnected connect connected registered:AAAAAA reconnected", "TERM-H4");
}

#[test]
fn a_refused_viewer_gives_up() {
    let mut viewer = World::new(Viewer::new(ViewerCode::new("AAAAAA").expect("any")));
    viewer.open();
    viewer.receive(json!({ "type": "auth_failed", "reason": "no" }));
    assert_eq!(viewer.told(), "connect connected auth_failed gave_up ended", "TERM-V1, RECON-11");
}

#[test]
fn a_viewer_comes_back_unless_the_host_is_lost() {
    let mut viewer = viewer();
    viewer.come_back();
    assert_eq!(viewer.sent(), [json!({ "type": "auth", "session_code": "k7qxm2" })], "TERM-V2");
    viewer.receive(json!({ "type": "auth_success" }));
    viewer.told();
    let error = json!({ "type": "error", "message": "gone" });
    viewer.receive(error.clone());
    viewer.lose(Some(1001));
    assert_eq!(viewer.told(), "error disconnected", "TERM-V2: the relay restarts");
    viewer.now += Duration::from_secs(1);
    viewer.tick();
    viewer.open();
    viewer.receive(json!({ "type": "auth_success" }));
    viewer.receive(error);
    viewer.lose(Some(1000));
    assert_eq!(viewer.told(), "connect connected joined reconnected error disconnected gave_up ended", "TERM-V2");
}

#[test]
fn another_code_takes_another_connection() {
    let mut viewer = viewer();
    viewer.say(json!({ "do": "join", "code": "BBBBBB" }));
    assert_eq!(viewer.told(), "leave disconnected");
    viewer.say(json!({ "do": "join", "code": "CCCCCC" }));
    viewer.now += Duration::from_secs(1);
    viewer.tick();
    viewer.open();
    assert_eq!(viewer.sent(), [json!({ "type": "auth", "session_code": "CCCCCC" })]);
    assert_eq!(viewer.told(), "connect connected");
}

#[test]
fn a_person_types_into_the_session_that_is_shown() {
    let mut viewer = viewer();
    let sessions = json!([{ "id": "1", "name": "" }, { "id": "2", "name": "" }]);
    viewer.receive(json!({ "type": "session_list", "sessions": sessions }));
    let actions = viewer.client.typed(b"a\x1Dnb\x1Dc", viewer.now);
    viewer.apply(actions);
    assert_eq!(viewer.sent(), [json!(b"\x011a"), json!(b"\x012b"), json!({ "type": "create_session" })]);
    assert!(viewer.client.shows("2") && !viewer.client.shows("1"));
    viewer.receive(json!({ "type": "session_disconnected", "session_id": "2" }));
    assert!(viewer.client.shows("1"));
    let actions = viewer.client.typed(b"\x1Dq", viewer.now);
    viewer.apply(actions);
    assert_eq!(viewer.told(), "stopped");
}
