//! The state of a terminal relay: hosts with their codes, viewers, and the scrollback for later viewers.
//!
//! The protocol has no `ping`, so a Ping frame confirms that a connection has received nothing: nothing may follow its Pong. Where a relay
//! may or may not send an `error`, one is skipped from then on.

mod arrivals;
mod draw;
mod loss;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{ChoiceSource, ConnectionState, Model, ModelFactory, Op, Script, ServerProfile};
use crate::timing::Parameter;

pub(super) const MODEL: ModelFactory = ModelFactory {
    new: |profile| Box::new(TerminalModel { profile, ..TerminalModel::default() }),
    needs: &[],
    uses: &[],
};

/// A time that is short enough to wait for.
const QUICK: Duration = Duration::from_millis(1500);

#[derive(Default)]
pub(super) struct TerminalModel {
    profile: ServerProfile,
    hosts: BTreeMap<u32, TerminalHost>,
    viewers: BTreeMap<u32, TerminalViewer>,
    /// The connections that must have received nothing since they were last confirmed, and the check for it.
    quiet: BTreeMap<String, &'static str>,
    /// The connections that may receive an `error` at any time.
    erring: BTreeSet<String>,
    tick: u32,
}

#[derive(Debug, Clone)]
struct TerminalHost {
    state: ConnectionState,
    /// The messages sent so far, for viewers that join later.
    kept: Vec<BinaryBurst>,
    size: usize,
}

#[derive(Debug, Clone)]
struct TerminalViewer {
    host: u32,
    is_gone: bool,
}

/// One binary message, or several in a row.
#[derive(Debug, Clone)]
struct BinaryBurst {
    session: u32,
    /// The payload; in a row, `${nth}` counts.
    payload: Vec<Value>,
    count: u32,
    /// Their total size in bytes, at most.
    size: usize,
}

impl TerminalModel {
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

    fn audience(&self, host: u32) -> Vec<String> {
        let of_it = self.viewers.iter().filter(|(_, viewer)| viewer.host == host && !viewer.is_gone);
        of_it.map(|(id, _)| format!("v{id}")).collect()
    }

    fn expect_others_quiet(&mut self, but: &[String], check: &'static str) {
        let names: Vec<_> = self.open().into_iter().filter_map(|id| self.name(id)).collect();
        for name in names.into_iter().filter(|name| !but.contains(name)) {
            self.quiet.entry(name).or_insert(check);
        }
    }

    /// Confirms that a connection has received nothing, if it is marked.
    fn ready(&mut self, on: &str, script: &mut Script) {
        if let Some(check) = self.quiet.remove(on) {
            self.ask(on, check, script);
        }
    }

    /// Nothing has arrived before the Pong of a Ping.
    fn ask(&mut self, on: &str, check: &str, script: &mut Script) {
        let text = format!("look {}", self.tick());
        script.ping_frame(on, &text, self.passed_over(on), check);
        let mut quiet = json!({ "on": on, "for": "1ms", "check": check });
        if let Some(skipping) = self.passed_over(on) {
            quiet["skipping"] = skipping;
        }
        script.step("quiet", quiet);
    }

    fn passed_over(&self, on: &str) -> Option<Value> {
        self.erring.contains(on).then(|| json!({ "type": "error" }))
    }

    /// The next thing on a connection must match `keys`.
    fn expects(&self, on: &str, mut keys: Value, check: &str, script: &mut Script) {
        keys["on"] = json!(on);
        keys["check"] = json!(check);
        if let Some(skipping) = self.passed_over(on) {
            keys["skipping"] = skipping;
        }
        script.step("expect", keys);
    }

    fn look(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        let check = self.quiet.remove(&name).unwrap_or("WIRE-04 looked-at");
        self.ask(&name, check, script);
        true
    }
}

impl BinaryBurst {
    fn parts(&self) -> Value {
        let (length, id) = SESSIONS[self.session as usize % SESSIONS.len()];
        let id = if id.is_empty() { json!({ "repeat": "s", "times": 255 }) } else { json!(id) };
        let parts = [json!({ "hex": length }), id].into_iter().chain(self.payload.iter().cloned());
        parts.collect()
    }
}

/// Terminal sessions: the length of each id in hexadecimal, and the id; an empty one stands for 255 bytes.
const SESSIONS: [(&str, &str); 4] = [("01", "1"), ("05", "build"), ("02", "\u{E9}"), ("ff", "")];

impl Model for TerminalModel {
    fn draw(&self, choices: &mut ChoiceSource<'_>) -> Op {
        draw::draw(self, choices)
    }

    fn apply(&mut self, op: &Op, script: &mut Script) -> bool {
        match op.kind {
            "host" => self.host(op, script),
            "viewer" => self.viewer(op, script),
            "stranger" => self.stranger(op, script),
            "odd-opening" => self.odd_opening(op, script),
            "silence" => self.silence(script),
            "bytes" => self.bytes(op, script),
            "control" => self.control(op, script),
            "wish" => self.wish(op, script),
            "invalid" => self.invalid(op, script),
            "malformed" => self.malformed(op, script),
            "look" => self.look(op, script),
            "compare" => self.compare(script),
            "lose" => self.lose(op, script),
            "violate" => self.violate(op, script),
            "heartbeat" => self.heartbeat(op, script),
            _ => false,
        }
    }

    fn open(&self) -> Vec<u32> {
        let ids = self.hosts.keys().chain(self.viewers.keys()).copied();
        ids.filter(|id| self.name(*id).is_some()).collect()
    }
}
