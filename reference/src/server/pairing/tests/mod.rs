//! A relay in a world of its own, where the tests turn the clock.

mod rules;
mod walk;

use std::collections::HashMap;
use std::time::Duration;

use relayspec::timing::{Parameter, Timing};
use serde_json::{Value, json};

use super::{Action, Core, Entropy, Inbound, Message, NoEntropy, Now, PeerId, Relay, Role};

const LIFETIME: Duration = Duration::from_millis(300_000);
const RETENTION: Duration = Duration::from_millis(100_000);

/// Predictable, and good for tests only (splitmix64).
#[derive(Debug)]
struct Dice {
    state: u64,
    empty: bool,
}

impl Entropy for Dice {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        for byte in bytes {
            self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *byte = (mixed >> 32) as u8;
        }
        if self.empty { Err(NoEntropy) } else { Ok(()) }
    }
}

struct World {
    relay: Relay<Dice>,
    now: Now,
    roles: HashMap<PeerId, Role>,
    /// What each connection was sent and has not looked at.
    inboxes: HashMap<PeerId, Vec<Value>>,
    /// Partner by connection, as the shell knows it from the actions.
    partners: HashMap<PeerId, PeerId>,
    closed: HashMap<PeerId, u16>,
}

impl World {
    fn new() -> Self {
        let mut timing = Timing::default();
        timing.declare(Parameter::CodeLifetime, LIFETIME);
        timing.declare(Parameter::CodeRetention, RETENTION);
        Self {
            relay: Relay::new(Dice { state: 7, empty: false }, &timing),
            now: Now { monotonic: Duration::from_nanos(1_234_567), unix: Duration::from_micros(1_760_000_000_000_400) },
            roles: HashMap::new(),
            inboxes: HashMap::new(),
            partners: HashMap::new(),
            closed: HashMap::new(),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.unix += time;
    }

    fn open(&mut self, role: Role) -> PeerId {
        let mut actions = Vec::new();
        let peer = self.relay.open(role, self.now, &mut actions).expect("dice have entropy");
        self.roles.insert(peer, role);
        self.inboxes.insert(peer, Vec::new());
        self.apply(actions);
        peer
    }

    /// A host that has just connected, and its code.
    fn host(&mut self) -> (PeerId, String) {
        let host = self.open(Role::Host);
        let registered = self.only(host);
        assert_eq!(registered["type"], "registered");
        (host, text(&registered["code"]))
    }

    /// A viewer that has joined with a code.
    fn joined(&mut self, code: &str) -> PeerId {
        let viewer = self.open(Role::Viewer);
        assert_eq!(self.join(viewer, code)["type"], "joined");
        viewer
    }

    fn send(&mut self, from: PeerId, message: &str) {
        let mut actions = Vec::new();
        let message = match Relay::<Dice>::read_text(self.roles[&from], message) {
            Inbound::Answered(text) => return self.apply(vec![Action::Send { to: from, text }]),
            Inbound::Direct(text) => Message::Data(text),
            Inbound::Asked(message) => message,
        };
        self.relay.receive(from, message, self.now, &mut actions).expect("dice have entropy");
        self.apply(actions);
    }

    /// Joins, and gives the answer: `joined`, or the code of the error.
    fn join(&mut self, viewer: PeerId, code: &str) -> Value {
        self.send(viewer, &json!({ "type": "join", "code": code }).to_string());
        let answer = self.only(viewer);
        if answer["type"] == "error" { answer["code"].clone() } else { answer }
    }

    fn send_data(&mut self, from: PeerId, payload: &str) {
        self.send(from, &json!({ "type": "data", "payload": payload }).to_string());
    }

    fn lose(&mut self, peer: PeerId) {
        let mut actions = Vec::new();
        self.relay.lost(peer, self.now, &mut actions);
        self.roles.remove(&peer);
        self.inboxes.remove(&peer);
        self.apply(actions);
        assert!(!self.partners.contains_key(&peer), "a lost connection is still paired");
    }

    /// What the connection was sent since it last looked.
    fn seen(&mut self, peer: PeerId) -> Vec<Value> {
        self.inboxes.get_mut(&peer).map(std::mem::take).unwrap_or_default()
    }

    /// The one message that the connection was sent.
    fn only(&mut self, peer: PeerId) -> Value {
        let mut seen = self.seen(peer);
        assert_eq!(seen.len(), 1, "one message was expected: {seen:?}");
        seen.remove(0)
    }

    fn apply(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Send { to, text } => {
                    let message = serde_json::from_str(&text).expect("JSON");
                    self.inboxes.get_mut(&to).expect("sent to a connection that is open").push(message);
                }
                Action::Pair { host, viewer } => {
                    assert_eq!(self.partners.insert(host, viewer), None, "a host with two viewers");
                    assert_eq!(self.partners.insert(viewer, host), None, "a viewer with two hosts");
                }
                Action::Part { host, viewer } => {
                    assert_eq!(self.partners.remove(&host), Some(viewer));
                    assert_eq!(self.partners.remove(&viewer), Some(host));
                }
                Action::Close { peer, code, .. } => {
                    self.closed.insert(peer, code);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
