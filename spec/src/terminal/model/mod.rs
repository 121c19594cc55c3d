//! What a terminal relay keeps in mind: hosts with their codes, viewers, what is kept for those that come later; and what each must get next.
//!
//! There is no `ping` here, so who should have got nothing is asked by a Ping frame, behind whose Pong nothing may wait. Where a relay may
//! answer with `error` or not, an `error` is passed over from there on.

mod coming;
mod draw;
mod loss;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{Dice, Model, Modelled, Op, Script, Setting};
use crate::timing::Parameter;

/// The model of a terminal relay.
pub(super) const MODEL: Modelled = Modelled { new: |setting| Box::new(World::new(setting)), needs: &[], uses: &[] };

/// What is short enough to be waited for.
const QUICK: Duration = Duration::from_millis(1500);

pub(super) struct World {
    setting: Setting,
    hosts: BTreeMap<u32, Host>,
    viewers: BTreeMap<u32, Viewer>,
    /// Who must have got nothing since it was last heard, by which check.
    taints: BTreeMap<String, &'static str>,
    /// Who may be told of an error at any time.
    erring: BTreeSet<String>,
    tick: u32,
}

#[derive(Debug, Clone)]
struct Host {
    life: Life,
    /// What it has sent, for viewers that come later.
    kept: Vec<Bytes>,
    /// The bytes of that.
    size: usize,
}

#[derive(Debug, Clone)]
struct Viewer {
    host: u32,
    is_gone: bool,
}

/// What the relay knows of a host's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    /// It is lost, and the relay may not have noticed.
    Dying,
    Gone,
}

/// A binary message, or a row of them.
#[derive(Debug, Clone)]
struct Bytes {
    /// The number of the terminal session.
    session: u32,
    /// The payload; in a row `${nth}` counts.
    payload: Vec<Value>,
    /// How many there are.
    count: u32,
    /// The bytes of all, at most.
    size: usize,
}

impl World {
    fn new(setting: Setting) -> Self {
        let (hosts, viewers, taints) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { setting, hosts, viewers, taints, erring: BTreeSet::new(), tick: 0 }
    }

    fn value(&self, parameter: Parameter) -> Duration {
        self.setting.timing.value(parameter)
    }

    fn tick(&mut self) -> u32 {
        self.tick += 1;
        self.tick
    }

    fn is_new(&self, id: u32) -> bool {
        !self.hosts.contains_key(&id) && !self.viewers.contains_key(&id)
    }

    /// The connection of an actor, where it is open.
    fn name(&self, id: u32) -> Option<String> {
        let host = self.hosts.get(&id).filter(|host| host.life == Life::Open).map(|_| format!("h{id}"));
        host.or_else(|| self.viewers.get(&id).filter(|viewer| !viewer.is_gone).map(|_| format!("v{id}")))
    }

    /// The viewers of a host.
    fn audience(&self, host: u32) -> Vec<String> {
        let of_it = self.viewers.iter().filter(|(_, viewer)| viewer.host == host && !viewer.is_gone);
        of_it.map(|(id, _)| format!("v{id}")).collect()
    }

    /// The actors whose connections are open.
    fn open(&self) -> Vec<u32> {
        let ids = self.hosts.keys().chain(self.viewers.keys()).copied();
        ids.filter(|id| self.name(*id).is_some()).collect()
    }

    /// Nobody but these may have got anything.
    fn taint_others(&mut self, but: &[String], check: &'static str) {
        let names: Vec<_> = self.open().into_iter().filter_map(|id| self.name(id)).collect();
        for name in names.into_iter().filter(|name| !but.contains(name)) {
            self.taints.entry(name).or_insert(check);
        }
    }

    /// Makes sure that an actor with a taint has got nothing.
    fn ready(&mut self, on: &str, script: &mut Script) {
        if let Some(check) = self.taints.remove(on) {
            self.ask(on, check, script);
        }
    }

    /// Nothing has come by the Pong of a Ping.
    fn ask(&mut self, on: &str, check: &str, script: &mut Script) {
        let text = format!("look {}", self.tick());
        script.ping_frame(on, &text, self.passed_over(on), check);
        let mut quiet = json!({ "on": on, "for": "1ms", "check": check });
        if let Some(skipping) = self.passed_over(on) {
            quiet["skipping"] = skipping;
        }
        script.step("quiet", quiet);
    }

    /// What may come at any time on a connection.
    fn passed_over(&self, on: &str) -> Option<Value> {
        self.erring.contains(on).then(|| json!({ "type": "error" }))
    }

    /// What has to come next on a connection: `keys` say what.
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
        let check = self.taints.remove(&name).unwrap_or("WIRE-04 looked-at");
        self.ask(&name, check, script);
        true
    }
}

impl Bytes {
    /// The message in the form of scenarios.
    fn parts(&self) -> Value {
        let (length, id) = SESSIONS[self.session as usize % SESSIONS.len()];
        let id = if id.is_empty() { json!({ "repeat": "s", "times": 255 }) } else { json!(id) };
        let parts = [json!({ "hex": length }), id].into_iter().chain(self.payload.iter().cloned());
        parts.collect()
    }
}

/// Terminal sessions: the length of each id in hexadecimal, and the id; that of 255 bytes is made.
const SESSIONS: [(&str, &str); 4] = [("01", "1"), ("05", "build"), ("02", "\u{E9}"), ("ff", "")];

impl Model for World {
    fn draw(&self, dice: &mut Dice<'_>) -> Op {
        draw::draw(self, dice)
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

    fn looks(&self) -> Vec<Op> {
        self.open().into_iter().map(|id| Op::new("look", id)).collect()
    }
}
