//! Each rule that the core decides, in the order of the chapter.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::*;

#[derive(Debug)]
struct Dice(u64);

impl Entropy for Dice {
    /// Predictable, and good for tests only (splitmix64).
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *byte = (mixed >> 32) as u8;
        }
        Ok(())
    }
}

struct World {
    relay: Relay<Dice>,
    /// What each connection was sent and has not looked at.
    inboxes: HashMap<PeerId, Vec<Value>>,
    closed: HashMap<PeerId, u16>,
}

const NOW: Now = Now { monotonic: Duration::ZERO, unix: Duration::ZERO };

impl World {
    fn new() -> Self {
        Self { relay: Relay::new(Dice(7)), inboxes: HashMap::new(), closed: HashMap::new() }
    }

    fn open(&mut self) -> PeerId {
        let peer = self.relay.open((), NOW, &mut Vec::new()).expect("dice have entropy");
        self.inboxes.insert(peer, Vec::new());
        peer
    }

    fn say(&mut self, from: PeerId, message: Value) {
        self.take(from, Message::read(&message.to_string()));
    }

    fn show(&mut self, from: PeerId, bytes: &[u8]) {
        self.take(from, Message::Binary(bytes.to_vec()));
    }

    fn take(&mut self, from: PeerId, message: Message) {
        let mut actions = Vec::new();
        self.relay.receive(from, message, NOW, &mut actions).expect("dice have entropy");
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
        self.say(host, json!({ "type": "register", "client_id": "" }));
        let seen = self.seen(host);
        assert_eq!(seen[0]["type"], "registered", "TERM-01");
        (host, seen[0]["code"].as_str().expect("a code").to_owned())
    }

    fn viewer(&mut self, code: &str) -> PeerId {
        let viewer = self.open();
        self.say(viewer, json!({ "type": "auth", "session_code": code }));
        viewer
    }

    /// What the connection was sent since it last looked; bytes as arrays.
    fn seen(&mut self, peer: PeerId) -> Vec<Value> {
        self.inboxes.get_mut(&peer).map(std::mem::take).unwrap_or_default()
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            let (to, messages) = match action {
                Action::Send { to, text } => (vec![to], vec![serde_json::from_str(&text).expect("JSON")]),
                Action::Forward { to, letter: Letter::Text(text) } => {
                    (to, vec![serde_json::from_str(&text).expect("JSON")])
                }
                Action::Forward { to, letter: Letter::Binary(bytes) } => (to, vec![json!(bytes)]),
                Action::Replay { to, frames } => (vec![to], frames.iter().map(|frame| json!(frame)).collect()),
                Action::Close { peer, code, .. } => {
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
fn viewers_come_and_go_and_the_host_is_told() {
    let mut world = World::new();
    let (host, code) = world.host();
    let viewer = world.viewer(&code.to_lowercase());
    assert_eq!(world.seen(viewer), [json!({ "type": "auth_success" })], "TERM-02");
    let other = world.viewer(&code);
    let ids: Vec<_> = world.seen(host).iter().map(|message| message["browser_id"].clone()).collect();
    assert_eq!(ids.len(), 2, "TERM-10, TERM-12");
    assert_ne!(ids[0], ids[1], "TERM-10");
    world.lose(viewer);
    assert_eq!(world.seen(host), [json!({ "type": "browser_disconnected", "browser_id": ids[0] })], "TERM-11");
    assert_eq!(world.seen(other), [json!({ "type": "auth_success" })]);
    world.say(host, json!({ "type": "register", "client_id": "x" }));
    assert_eq!(world.seen(host), [json!({ "type": "registered", "code": code })]);
    world.say(other, json!({ "type": "auth", "session_code": code }));
    assert_eq!((world.seen(other)[0]["type"].clone(), world.seen(host)), (json!("error"), vec![]));
}

#[test]
fn an_unknown_code_is_refused_and_closed() {
    let mut world = World::new();
    let (host, code) = world.host();
    for wrong in ["", "AAAAAA", "k7qxm", &format!(" {code}")] {
        let viewer = world.viewer(wrong);
        assert_eq!(world.seen(viewer)[0]["type"], "auth_failed", "TERM-03");
        assert_eq!(world.closed.get(&viewer), Some(&1008), "TERM-03");
        world.show(viewer, b"\x011x");
        world.lose(viewer);
    }
    assert_eq!(world.seen(host), [] as [Value; 0]);
}

#[test]
fn any_other_first_message_is_an_error_and_closed() {
    let mut world = World::new();
    for first in [
        Message::Binary(b"\x011x".to_vec()),
        Message::read("{"),
        Message::read(r#"{"type":"register"}"#),
        Message::read(r#"{"type":"create_session"}"#),
        Message::read(r#"{"type":"session_list","sessions":[]}"#),
    ] {
        let peer = world.open();
        world.take(peer, first);
        assert_eq!(world.seen(peer)[0]["type"], "error", "TERM-04");
        assert!(world.closed.contains_key(&peer), "TERM-04");
    }
    let (silent, (host, _)) = (world.open(), world.host());
    for peer in [silent, host] {
        let mut actions = Vec::new();
        world.relay.unheard(peer, &mut actions);
        world.apply(actions);
    }
    assert!(world.closed.contains_key(&silent) && !world.closed.contains_key(&host), "TERM-05");
}

#[test]
fn codes_are_of_the_alphabet_and_differ() {
    let mut world = World::new();
    let codes: HashSet<_> = (0..2000).map(|_| world.host().1).collect();
    assert_eq!(codes.len(), 2000, "TERM-06");
    let letters: HashSet<_> = codes.iter().flat_map(|code| code.chars()).collect();
    assert_eq!(letters.len(), 31);
}

#[test]
fn bytes_go_to_whom_they_are_for() {
    let mut world = World::new();
    let (host, code) = world.host();
    let (other_host, other_code) = world.host();
    let viewers = [world.viewer(&code), world.viewer(&code)];
    let stranger = world.viewer(&other_code);
    for peer in [host, other_host, viewers[0], viewers[1], stranger] {
        world.seen(peer);
    }
    for bytes in [&b"\x011"[..], b"\x011\xFF\0", b"\x0212ls"] {
        world.show(host, bytes);
        for viewer in viewers {
            assert_eq!(world.seen(viewer), [json!(bytes)], "TERM-20");
        }
        world.show(viewers[0], bytes);
        assert_eq!(world.seen(host), [json!(bytes)], "TERM-21");
    }
    for malformed in [&b""[..], b"\0", b"\0x", b"\x05abc", b"\x01\xFF"] {
        world.show(host, malformed);
        world.show(viewers[0], malformed);
    }
    for message in [
        json!({ "type": "session_list", "sessions": [] }),
        json!({ "type": "session_list", "sessions": [{ "id": "", "name": "\u{0}" }] }),
        json!({ "type": "session_connected", "session_id": "1", "name": "zsh" }),
        json!({ "type": "session_disconnected", "session_id": "1" }),
        json!({ "type": "session_resize", "session_id": "1", "cols": 0, "rows": 65_535 }),
    ] {
        world.say(host, message.clone());
        for viewer in viewers {
            assert_eq!(world.seen(viewer), std::slice::from_ref(&message), "TERM-22");
        }
        world.say(viewers[0], message);
        assert_eq!(world.seen(viewers[0])[0]["type"], "error", "TERM-25");
    }
    for peer in [host, other_host, viewers[0], viewers[1], stranger] {
        assert_eq!(world.seen(peer), [] as [Value; 0], "TERM-25, TERM-41");
    }
}

#[test]
fn requests_of_viewers_reach_their_host() {
    let mut world = World::new();
    let (host, code) = world.host();
    let viewer = world.viewer(&code);
    world.seen(host);
    world.seen(viewer);
    world.say(viewer, json!({ "type": "create_session" }));
    world.say(viewer, json!({ "type": "close_session", "session_id": "2" }));
    let close = json!(b"\x012{\"type\":\"close_session\"}");
    assert_eq!(world.seen(host), [json!({ "type": "create_session" }), close], "TERM-23, TERM-24");
    for id in [String::new(), "é".repeat(128)] {
        world.say(viewer, json!({ "type": "close_session", "session_id": id }));
        assert_eq!(world.seen(viewer)[0]["type"], "error", "TERM-42");
    }
    world.say(host, json!({ "type": "create_session" }));
    assert_eq!(world.seen(host)[0]["type"], "error");
    assert_eq!((world.seen(host), world.seen(viewer)), (vec![], vec![]), "TERM-25, TERM-42");
}

#[test]
fn late_viewers_get_what_was_said_before() {
    let mut world = World::new();
    let (host, code) = world.host();
    for bytes in [b"\x011a", b"\x012b", b"\x011c"] {
        world.show(host, bytes);
    }
    let viewer = world.viewer(&code);
    world.show(host, b"\x012d");
    let bytes = |bytes: &[u8]| json!(bytes);
    let replayed = [b"\x011a", b"\x012b", b"\x011c", b"\x012d"].map(|message| bytes(message));
    assert_eq!(world.seen(viewer)[1..], replayed, "TERM-30");
    world.say(host, json!({ "type": "session_disconnected", "session_id": "1" }));
    let viewer = world.viewer(&code);
    assert_eq!(world.seen(viewer)[1..], [b"\x012b", b"\x012d"].map(|message| bytes(message)), "TERM-31");
}

#[test]
fn a_lost_host_is_told_and_its_code_is_dead() {
    let mut world = World::new();
    let (host, code) = world.host();
    let viewers = [world.viewer(&code), world.viewer(&code)];
    world.lose(host);
    for viewer in viewers {
        assert_eq!(world.seen(viewer).last().expect("an error")["type"], "error", "TERM-40");
        assert_eq!(world.closed.get(&viewer), Some(&1000), "TERM-40");
        world.show(viewer, b"\x011x");
        world.lose(viewer);
    }
    let late = world.viewer(&code);
    assert_eq!(world.seen(late)[0]["type"], "auth_failed", "TERM-40");
    world.lose(late);
    assert!(world.relay.peers.is_empty() && world.relay.codes.is_empty(), "something is kept for nobody");
}
