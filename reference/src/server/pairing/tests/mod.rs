//! The pairing relay's core with a simulated clock.

mod rules;
mod walk;

use std::collections::HashMap;
use std::time::Duration;

use relayspec::timing::{Parameter, Timing};
use serde_json::{Value, json};

use super::{Inbound, NoEntropy, Now, PairingMessage, PairingRelayCore, PairingRole, PeerId, ServerAction, ServerCore};
use crate::server::entropy::TestEntropy;

const LIFETIME: Duration = Duration::from_millis(300_000);
const RETENTION: Duration = Duration::from_millis(100_000);

struct PairingFixture {
    relay: PairingRelayCore<TestEntropy>,
    now: Now,
    roles: HashMap<PeerId, PairingRole>,
    /// Messages to each connection since the last look.
    inboxes: HashMap<PeerId, Vec<Value>>,
    /// Partner by connection, as the shell knows it from the actions.
    partners: HashMap<PeerId, PeerId>,
    closed: HashMap<PeerId, u16>,
}

impl PairingFixture {
    fn new() -> Self {
        let mut timing = Timing::default();
        timing.declare(Parameter::CodeLifetime, LIFETIME);
        timing.declare(Parameter::CodeRetention, RETENTION);
        Self {
            relay: PairingRelayCore::new(TestEntropy::new(), &timing),
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

    fn open(&mut self, role: PairingRole) -> PeerId {
        let mut actions = Vec::new();
        let peer = self.relay.open(role, self.now, &mut actions).expect("entropy");
        self.roles.insert(peer, role);
        self.inboxes.insert(peer, Vec::new());
        self.apply(actions);
        peer
    }

    fn host(&mut self) -> (PeerId, String) {
        let host = self.open(PairingRole::Host);
        let registered = self.only(host);
        assert_eq!(registered["type"], "registered");
        (host, text(&registered["code"]))
    }

    fn joined(&mut self, code: &str) -> PeerId {
        let viewer = self.open(PairingRole::Viewer);
        assert_eq!(self.join(viewer, code)["type"], "joined");
        viewer
    }

    fn send(&mut self, from: PeerId, message: &str) {
        let mut actions = Vec::new();
        let message = match PairingRelayCore::<TestEntropy>::read_text(self.roles[&from], message) {
            Inbound::Reply(text) => return self.apply(vec![ServerAction::Send { to: from, text }]),
            Inbound::Direct(text) => PairingMessage::Data(text),
            Inbound::Request(message) => message,
        };
        self.relay.receive(from, message, self.now, &mut actions).expect("entropy");
        self.apply(actions);
    }

    /// Joins; returns `joined` or the code of the error.
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

    fn received(&mut self, peer: PeerId) -> Vec<Value> {
        self.inboxes.get_mut(&peer).map(std::mem::take).unwrap_or_default()
    }

    /// The only message to the connection since the last look.
    fn only(&mut self, peer: PeerId) -> Value {
        let mut received = self.received(peer);
        assert_eq!(received.len(), 1, "expected one message: {received:?}");
        received.remove(0)
    }

    fn apply(&mut self, actions: Vec<ServerAction>) {
        for action in actions {
            match action {
                ServerAction::Send { to, text } => {
                    let message = serde_json::from_str(&text).expect("JSON");
                    self.inboxes.get_mut(&to).expect("sent to a connection that is open").push(message);
                }
                ServerAction::Pair { host, viewer } => {
                    assert_eq!(self.partners.insert(host, viewer), None, "a host with two viewers");
                    assert_eq!(self.partners.insert(viewer, host), None, "a viewer with two hosts");
                }
                ServerAction::Part { host, viewer } => {
                    assert_eq!(self.partners.remove(&host), Some(viewer));
                    assert_eq!(self.partners.remove(&viewer), Some(host));
                }
                ServerAction::Close { peer, code, .. } => {
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
