//! The rules that the core decides, in the order of the chapter.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::*;
use crate::server::entropy::TestEntropy;

struct TerminalFixture {
    relay: TerminalRelayCore<TestEntropy>,
    /// Messages to each connection since the last look.
    inboxes: HashMap<PeerId, Vec<Value>>,
    closed: HashMap<PeerId, u16>,
}

const NOW: Now = Now { monotonic: Duration::ZERO, unix: Duration::ZERO };

impl TerminalFixture {
    fn new() -> Self {
        Self { relay: TerminalRelayCore::new(TestEntropy::new()), inboxes: HashMap::new(), closed: HashMap::new() }
    }

    fn open(&mut self) -> PeerId {
        let peer = self.relay.open((), NOW, &mut Vec::new()).expect("entropy");
        self.inboxes.insert(peer, Vec::new());
        peer
    }

    fn send(&mut self, from: PeerId, message: Value) {
        self.take(from, TerminalMessage::read(&message.to_string()));
    }

    fn show(&mut self, from: PeerId, bytes: &[u8]) {
        self.take(from, TerminalMessage::Binary(bytes.to_vec()));
    }

    fn take(&mut self, from: PeerId, message: TerminalMessage) {
        let mut actions = Vec::new();
        self.relay.receive(from, message, NOW, &mut actions).expect("entropy");
        self.apply(actions);
    }

    fn lose(&mut self, peer: PeerId) {
        let mut actions = Vec::new();
        self.relay.lost(peer, NOW, &mut actions);
        self.inboxes.remove(&peer);
        self.apply(actions);
    }

    fn host(&mut self) -> (PeerId, String) {
        let host = self.open();
        self.send(host, json!({ "type": "register", "client_id": "" }));
        let received = self.received(host);
        assert_eq!(received[0]["type"], "registered", "TERM-01");
        (host, received[0]["code"].as_str().expect("a code").to_owned())
    }

    fn viewer(&mut self, code: &str) -> PeerId {
        let viewer = self.open();
        self.send(viewer, json!({ "type": "auth", "session_code": code }));
        viewer
    }

    /// Messages to the connection since the last look; bytes as arrays.
    fn received(&mut self, peer: PeerId) -> Vec<Value> {
        self.inboxes.get_mut(&peer).map(std::mem::take).unwrap_or_default()
    }

    fn apply(&mut self, actions: Vec<ServerAction>) {
        for action in actions {
            let (to, messages) = match action {
                ServerAction::Send { to, text } => (vec![to], vec![serde_json::from_str(&text).expect("JSON")]),
                ServerAction::Forward { to, message: WireMessage::Text(text) } => {
                    (to, vec![serde_json::from_str(&text).expect("JSON")])
                }
                ServerAction::Forward { to, message: WireMessage::Binary(bytes) } => (to, vec![json!(bytes)]),
                ServerAction::Replay { to, frames } => (vec![to], frames.iter().map(|frame| json!(frame)).collect()),
                ServerAction::Close { peer, code, .. } => {
                    assert_eq!(self.closed.insert(peer, code), None, "closed twice");
                    continue;
                }
                other => panic!("{other:?}"),
            };
            for to in to {
                assert!(!self.closed.contains_key(&to), "{messages:?} after the close");
                self.inboxes.get_mut(&to).expect("sent to a connection that is open").extend(messages.clone());
            }
        }
    }
}

#[test]
fn the_host_is_notified_of_its_viewers() {
    let mut fixture = TerminalFixture::new();
    let (host, code) = fixture.host();
    let viewer = fixture.viewer(&code.to_lowercase());
    assert_eq!(fixture.received(viewer), [json!({ "type": "auth_success" })], "TERM-02");
    let other = fixture.viewer(&code);
    let ids: Vec<_> = fixture.received(host).iter().map(|message| message["browser_id"].clone()).collect();
    assert_eq!(ids.len(), 2, "TERM-10, TERM-12");
    assert_ne!(ids[0], ids[1], "TERM-10");
    fixture.lose(viewer);
    assert_eq!(fixture.received(host), [json!({ "type": "browser_disconnected", "browser_id": ids[0] })], "TERM-11");
    assert_eq!(fixture.received(other), [json!({ "type": "auth_success" })]);
    fixture.send(host, json!({ "type": "register", "client_id": "x" }));
    assert_eq!(fixture.received(host), [json!({ "type": "registered", "code": code })]);
    fixture.send(other, json!({ "type": "auth", "session_code": code }));
    assert_eq!((fixture.received(other)[0]["type"].clone(), fixture.received(host)), (json!("error"), vec![]));
}

#[test]
fn refuses_and_closes_an_unknown_code() {
    let mut fixture = TerminalFixture::new();
    let (host, code) = fixture.host();
    for wrong in ["", "AAAAAA", "k7qxm", &format!(" {code}")] {
        let viewer = fixture.viewer(wrong);
        assert_eq!(fixture.received(viewer)[0]["type"], "auth_failed", "TERM-03");
        assert_eq!(fixture.closed.get(&viewer), Some(&1008), "TERM-03");
        fixture.show(viewer, b"\x011x");
        fixture.lose(viewer);
    }
    assert_eq!(fixture.received(host), [] as [Value; 0]);
}

#[test]
fn refuses_and_closes_any_other_first_message() {
    let mut fixture = TerminalFixture::new();
    for first in [
        TerminalMessage::Binary(b"\x011x".to_vec()),
        TerminalMessage::read("{"),
        TerminalMessage::read(r#"{"type":"register"}"#),
        TerminalMessage::read(r#"{"type":"create_session"}"#),
        TerminalMessage::read(r#"{"type":"session_list","sessions":[]}"#),
    ] {
        let peer = fixture.open();
        fixture.take(peer, first);
        assert_eq!(fixture.received(peer)[0]["type"], "error", "TERM-04");
        assert!(fixture.closed.contains_key(&peer), "TERM-04");
    }
    let (silent, (host, _)) = (fixture.open(), fixture.host());
    for peer in [silent, host] {
        let mut actions = Vec::new();
        fixture.relay.first_message_overdue(peer, &mut actions);
        fixture.apply(actions);
    }
    assert!(fixture.closed.contains_key(&silent) && !fixture.closed.contains_key(&host), "TERM-05");
}

#[test]
fn codes_use_the_alphabet_and_differ() {
    let mut fixture = TerminalFixture::new();
    let codes: HashSet<_> = (0..2000).map(|_| fixture.host().1).collect();
    assert_eq!(codes.len(), 2000, "TERM-06");
    let letters: HashSet<_> = codes.iter().flat_map(|code| code.chars()).collect();
    assert_eq!(letters.len(), 31);
}

#[test]
fn bytes_reach_only_their_receivers() {
    let mut fixture = TerminalFixture::new();
    let (host, code) = fixture.host();
    let (other_host, other_code) = fixture.host();
    let viewers = [fixture.viewer(&code), fixture.viewer(&code)];
    let stranger = fixture.viewer(&other_code);
    for peer in [host, other_host, viewers[0], viewers[1], stranger] {
        fixture.received(peer);
    }
    for bytes in [&b"\x011"[..], b"\x011\xFF\0", b"\x0212ls"] {
        fixture.show(host, bytes);
        for viewer in viewers {
            assert_eq!(fixture.received(viewer), [json!(bytes)], "TERM-20");
        }
        fixture.show(viewers[0], bytes);
        assert_eq!(fixture.received(host), [json!(bytes)], "TERM-21");
    }
    for malformed in [&b""[..], b"\0", b"\0x", b"\x05abc", b"\x01\xFF"] {
        fixture.show(host, malformed);
        fixture.show(viewers[0], malformed);
    }
    for message in [
        json!({ "type": "session_list", "sessions": [] }),
        json!({ "type": "session_list", "sessions": [{ "id": "", "name": "\u{0}" }] }),
        json!({ "type": "session_connected", "session_id": "1", "name": "zsh" }),
        json!({ "type": "session_disconnected", "session_id": "1" }),
        json!({ "type": "session_resize", "session_id": "1", "cols": 0, "rows": 65_535 }),
    ] {
        fixture.send(host, message.clone());
        for viewer in viewers {
            assert_eq!(fixture.received(viewer), std::slice::from_ref(&message), "TERM-22");
        }
        fixture.send(viewers[0], message);
        assert_eq!(fixture.received(viewers[0])[0]["type"], "error", "TERM-25");
    }
    for peer in [host, other_host, viewers[0], viewers[1], stranger] {
        assert_eq!(fixture.received(peer), [] as [Value; 0], "TERM-25, TERM-41");
    }
}

#[test]
fn requests_of_viewers_reach_their_host() {
    let mut fixture = TerminalFixture::new();
    let (host, code) = fixture.host();
    let viewer = fixture.viewer(&code);
    fixture.received(host);
    fixture.received(viewer);
    fixture.send(viewer, json!({ "type": "create_session" }));
    fixture.send(viewer, json!({ "type": "close_session", "session_id": "2" }));
    let close = json!(b"\x012{\"type\":\"close_session\"}");
    assert_eq!(fixture.received(host), [json!({ "type": "create_session" }), close], "TERM-23, TERM-24");
    for id in [String::new(), "é".repeat(128)] {
        fixture.send(viewer, json!({ "type": "close_session", "session_id": id }));
        assert_eq!(fixture.received(viewer)[0]["type"], "error", "TERM-42");
    }
    fixture.send(host, json!({ "type": "create_session" }));
    assert_eq!(fixture.received(host)[0]["type"], "error");
    assert_eq!((fixture.received(host), fixture.received(viewer)), (vec![], vec![]), "TERM-25, TERM-42");
}

#[test]
fn late_viewers_get_the_scrollback() {
    let mut fixture = TerminalFixture::new();
    let (host, code) = fixture.host();
    for bytes in [b"\x011a", b"\x012b", b"\x011c"] {
        fixture.show(host, bytes);
    }
    let viewer = fixture.viewer(&code);
    fixture.show(host, b"\x012d");
    let bytes = |bytes: &[u8]| json!(bytes);
    let replayed = [b"\x011a", b"\x012b", b"\x011c", b"\x012d"].map(|message| bytes(message));
    assert_eq!(fixture.received(viewer)[1..], replayed, "TERM-30");
    fixture.send(host, json!({ "type": "session_disconnected", "session_id": "1" }));
    let viewer = fixture.viewer(&code);
    assert_eq!(fixture.received(viewer)[1..], [b"\x012b", b"\x012d"].map(|message| bytes(message)), "TERM-31");
}

#[test]
fn a_lost_host_is_reported_and_its_code_is_dead() {
    let mut fixture = TerminalFixture::new();
    let (host, code) = fixture.host();
    let viewers = [fixture.viewer(&code), fixture.viewer(&code)];
    fixture.lose(host);
    for viewer in viewers {
        assert_eq!(fixture.received(viewer).last().expect("an error")["type"], "error", "TERM-40");
        assert_eq!(fixture.closed.get(&viewer), Some(&1000), "TERM-40");
        fixture.show(viewer, b"\x011x");
        fixture.lose(viewer);
    }
    let late = fixture.viewer(&code);
    assert_eq!(fixture.received(late)[0]["type"], "auth_failed", "TERM-40");
    fixture.lose(late);
    assert!(fixture.relay.peers.is_empty() && fixture.relay.codes.is_empty(), "something is left over");
}
