//! The state of a pairing relay: hosts with their codes, viewers, and who is joined to whom.
//!
//! After each operation, all expected messages have arrived, so the next starts from a known state. Unexpected messages are found later:
//! a connection that must have received nothing is marked, and confirmed by a `ping` before its next use.

mod draw;
mod forms;
mod guessing;
mod invalid;
mod joining;
mod loss;
mod timing;
mod traffic;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::model::{ChoiceSource, ConnectionState, Model, ModelFactory, Op, Script, ServerProfile};
use crate::timing::Parameter;

pub(super) const MODEL: ModelFactory = ModelFactory {
    new: |profile| Box::new(PairingModel { profile, ..PairingModel::default() }),
    needs: &[],
    uses: &[],
};

/// A lifetime and a heartbeat interval that are short enough to wait for.
const SHORT: Duration = Duration::from_secs(5);
const QUICK: Duration = Duration::from_millis(1500);

#[derive(Default)]
pub(super) struct PairingModel {
    profile: ServerProfile,
    hosts: BTreeMap<u32, PairingHost>,
    viewers: BTreeMap<u32, PairingViewer>,
    /// The connections that must have received nothing since they were last confirmed, and the check for it.
    quiet: BTreeMap<String, &'static str>,
    tick: u32,
    /// Whether the sequence has waited for codes to expire.
    has_outlived: bool,
}

#[derive(Debug, Clone)]
struct PairingHost {
    state: ConnectionState,
    /// The variable that holds its code.
    code: String,
    is_expired: bool,
    slot: Slot,
    /// The variable that holds the id of its latest session.
    session: Option<String>,
    registers: u32,
    /// Whether it has sent data that must not reach any viewer.
    has_orphans: bool,
}

#[derive(Debug, Clone, Default)]
struct PairingViewer {
    is_gone: bool,
    host: Option<u32>,
    /// The minimum and maximum number of its failed joins.
    failed: (u32, u32),
}

/// Whether a code can be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Free,
    /// The viewer is lost, and the relay may not have noticed.
    Leaving,
    Held(u32),
}

impl PairingModel {
    fn value(&self, parameter: Parameter) -> Duration {
        self.profile.timing.value(parameter)
    }

    fn tick(&mut self) -> u32 {
        self.tick += 1;
        self.tick
    }

    fn is_new(&self, id: u32) -> bool {
        !self.hosts.contains_key(&id) && !self.viewers.contains_key(&id)
    }

    fn name(&self, id: u32) -> Option<String> {
        let host = self.hosts.get(&id).filter(|host| host.state == ConnectionState::Open).map(|_| format!("h{id}"));
        host.or_else(|| self.viewers.get(&id).filter(|viewer| !viewer.is_gone).map(|_| format!("v{id}")))
    }

    fn partner(&self, id: u32) -> Option<u32> {
        let of_host = self.hosts.get(&id).and_then(|host| match host.slot {
            Slot::Held(viewer) => Some(viewer),
            _ => None,
        });
        of_host.or_else(|| self.viewers.get(&id)?.host)
    }

    /// Marks that an actor must receive nothing.
    fn expect_quiet(&mut self, id: u32, check: &'static str) {
        if let Some(name) = self.name(id) {
            self.quiet.entry(name).or_insert(check);
        }
    }

    fn expect_others_quiet(&mut self, but: &[u32], check: &'static str) {
        for id in self.open().into_iter().filter(|id| !but.contains(id)) {
            self.expect_quiet(id, check);
        }
    }

    /// Confirms that an actor has received nothing, if it is marked.
    fn ready(&mut self, on: &str, script: &mut Script) {
        if let Some(check) = self.quiet.remove(on) {
            self.ask(on, check, script);
        }
    }

    /// A `ping`; the next message must be its `pong`.
    fn ask(&mut self, on: &str, check: &str, script: &mut Script) {
        let ts = self.tick();
        script.send(on, json!({ "type": "ping", "ts": ts }));
        script.expect(on, json!({ "type": "pong", "ts": ts }), check);
    }

    fn look(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        let check = self.quiet.remove(&name).unwrap_or("PAIR-50 ping-is-answered");
        self.ask(&name, check, script);
        true
    }
}

impl Model for PairingModel {
    fn draw(&self, choices: &mut ChoiceSource<'_>) -> Op {
        draw::draw(self, choices)
    }

    fn apply(&mut self, op: &Op, script: &mut Script) -> bool {
        if self.value(Parameter::CodeLifetime) <= SHORT * 2 {
            let lives = self.value(Parameter::CodeLifetime).min(self.value(Parameter::CodeRetention));
            script.holds_for = Some(lives * 3 / 4);
        }
        match op.kind {
            "host" => self.host(op, script),
            "viewer" => self.viewer(op, script),
            "join" => self.join(op, script),
            "wrong-code" => self.wrong_code(op, script),
            "guess" => self.guess(op, script),
            "race" => self.race(op, script),
            "register" => self.register(op, script),
            "compare" => self.compare(script),
            "crowd" => self.crowd(op, script),
            "data" => self.data(op, script),
            "burst" => self.burst(op, script),
            "ping" => self.ping(op, script),
            "ping-frame" => self.ping_frame(op, script),
            "invalid" => self.invalid(op, script),
            "binary" => self.binary(op, script),
            "hostile" => self.hostile(op, script),
            "violations" => self.violations(op, script),
            "last-words" => self.last_words(op, script),
            "age" => self.age(op, script),
            "beat" => self.beat(op, script),
            "look" => self.look(op, script),
            "lose" => self.lose(op, script),
            "violate" => self.violate(op, script),
            "wrong-path" => self.wrong_path(op, script),
            "outlive" => self.outlive(script),
            "heartbeat" => self.heartbeat(op, script),
            _ => false,
        }
    }

    fn open(&self) -> Vec<u32> {
        let ids = self.hosts.keys().chain(self.viewers.keys()).copied();
        ids.filter(|id| self.name(*id).is_some()).collect()
    }
}
