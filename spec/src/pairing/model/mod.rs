//! What a pairing relay keeps in mind: hosts with their codes, viewers, who is joined to whom; and what each must get next.
//!
//! After each op everything that it asks for has come, so that the next one starts from a state that is known. What must *not* come is found
//! out later: who should have got nothing bears a taint, and is asked with a `ping` before it is used again.

mod aging;
mod draw;
mod guessing;
mod joining;
mod loss;
mod refused;
mod traffic;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::model::{Dice, Model, Modelled, Op, Script, Setting};
use crate::timing::Parameter;

/// The model of a pairing relay.
pub(super) const MODEL: Modelled = Modelled { new: |setting| Box::new(World::new(setting)), needs: &[], uses: &[] };

/// What is short enough to be waited for: a lifetime, and a heartbeat.
const SHORT: Duration = Duration::from_secs(5);
const QUICK: Duration = Duration::from_millis(1500);

pub(super) struct World {
    setting: Setting,
    hosts: BTreeMap<u32, Host>,
    viewers: BTreeMap<u32, Viewer>,
    /// Who must have got nothing since it was last heard, by which check.
    taints: BTreeMap<String, &'static str>,
    /// Counts what has to be told apart.
    tick: u32,
    /// Whether the story has waited for codes to expire.
    has_outlived: bool,
}

#[derive(Debug, Clone)]
struct Host {
    life: Life,
    /// The variable that holds its code.
    code: String,
    is_expired: bool,
    seat: Seat,
    /// The variable that holds the id of its latest session.
    session: Option<String>,
    registers: u32,
    /// Whether it has sent data that nobody may ever get.
    has_orphans: bool,
}

#[derive(Debug, Clone, Default)]
struct Viewer {
    is_gone: bool,
    host: Option<u32>,
    /// How many of its joins have failed, at least and at most.
    failed: (u32, u32),
}

/// What the relay knows of a host's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    /// It is lost, and the relay may not have noticed.
    Dying,
    Gone,
}

/// Whether a code can be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seat {
    Free,
    /// The viewer is lost, and the relay may not have noticed.
    Leaving,
    Held(u32),
}

impl World {
    fn new(setting: Setting) -> Self {
        let (hosts, viewers, taints) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { setting, hosts, viewers, taints, tick: 0, has_outlived: false }
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

    /// Whom an actor is joined to.
    fn partner(&self, id: u32) -> Option<u32> {
        let of_host = self.hosts.get(&id).and_then(|host| match host.seat {
            Seat::Held(viewer) => Some(viewer),
            _ => None,
        });
        of_host.or_else(|| self.viewers.get(&id)?.host)
    }

    /// The actors whose connections are open.
    fn open(&self) -> Vec<u32> {
        let ids = self.hosts.keys().chain(self.viewers.keys()).copied();
        ids.filter(|id| self.name(*id).is_some()).collect()
    }

    /// An actor must get nothing of what has just happened.
    fn taint(&mut self, id: u32, check: &'static str) {
        if let Some(name) = self.name(id) {
            self.taints.entry(name).or_insert(check);
        }
    }

    /// Nobody but these may have got anything.
    fn taint_others(&mut self, but: &[u32], check: &'static str) {
        for id in self.open().into_iter().filter(|id| !but.contains(id)) {
            self.taint(id, check);
        }
    }

    /// Makes sure that an actor with a taint has got nothing.
    fn ready(&mut self, on: &str, script: &mut Script) {
        if let Some(check) = self.taints.remove(on) {
            self.ask(on, check, script);
        }
    }

    /// A `ping`: its `pong` is the next that comes.
    fn ask(&mut self, on: &str, check: &str, script: &mut Script) {
        let ts = self.tick();
        script.send(on, json!({ "type": "ping", "ts": ts }));
        script.expect(on, json!({ "type": "pong", "ts": ts }), check);
    }

    /// A look at an actor.
    fn look(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        let check = self.taints.remove(&name).unwrap_or("PAIR-50 ping-is-answered");
        self.ask(&name, check, script);
        true
    }
}

impl Model for World {
    fn draw(&self, dice: &mut Dice<'_>) -> Op {
        draw::draw(self, dice)
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

    fn looks(&self) -> Vec<Op> {
        self.open().into_iter().map(|id| Op::new("look", id)).collect()
    }
}
