//! What an rpc daemon keeps in mind: sessions with their attrs and commands, whatever connections come and go; and what it must answer.

mod draw;
mod saying;
mod sessions;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Dice, Model, Modelled, Op, Script, Setting};

/// The model of an rpc daemon.
pub(super) const MODEL: Modelled = Modelled { new: |_: Setting| Box::new(World::default()), needs: &[], uses: &[] };

#[derive(Default)]
pub(super) struct World {
    /// By number: whether the connection is open.
    connections: BTreeMap<u32, bool>,
    sessions: BTreeMap<u32, Session>,
    /// Who must have got nothing since it was last heard, by which check.
    taints: BTreeMap<u32, &'static str>,
    /// Counts request ids and what else has to be told apart.
    tick: u32,
    /// Whether the story has a name for the moment of its beginning, by which its sessions differ from those of others.
    has_begun: bool,
}

#[derive(Debug, Clone, Default)]
struct Session {
    is_active: bool,
    attrs: Value,
    commands: Vec<String>,
}

impl World {
    fn tick(&mut self) -> u32 {
        self.tick += 1;
        self.tick
    }

    fn open(&self) -> Vec<u32> {
        self.connections.iter().filter(|(_, open)| **open).map(|(id, _)| *id).collect()
    }

    /// The connection with a number, where it is open. What nobody should have sent on it has not come.
    fn ready(&mut self, id: u32, script: &mut Script) -> Option<String> {
        let name = format!("c{id}");
        self.connections.get(&id).filter(|open| **open)?;
        if let Some(check) = self.taints.remove(&id) {
            self.ask(&name, check, script);
        }
        Some(name)
    }

    /// A message that is acknowledged, before anything else comes.
    fn ask(&mut self, on: &str, check: &str, script: &mut Script) {
        let id = self.tick();
        script.send(on, json!({ "id": id, "message": bytes("nobody") }));
        script.expect(on, json!({ "id": id, "message": "Ack" }), check);
    }

    /// Nobody has got anything but the answers that came.
    fn taint(&mut self, check: &'static str) {
        for id in self.open() {
            self.taints.entry(id).or_insert(check);
        }
    }

    fn look(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.connections.get(&op.on).is_some_and(|open| *open) {
            return false;
        }
        let check = self.taints.remove(&op.on).unwrap_or("RPC-01 acknowledged");
        self.ask(&format!("c{}", op.on), check, script);
        true
    }

    /// The sessions of a story have ids that no other story has.
    fn begin(&mut self, script: &mut Script) {
        if !std::mem::replace(&mut self.has_begun, true) {
            script.step("mark", json!({ "as": "now" }));
        }
    }
}

/// The id of a session.
fn session(number: u32) -> String {
    format!("s{number}-${{now}}")
}

/// Bytes of a session.
fn bytes(session: &str) -> Value {
    json!({ "IoData": { "session_id": session, "direction": "Output", "timestamp_ms": 2, "data": "bHMK" } })
}

impl Model for World {
    fn draw(&self, dice: &mut Dice<'_>) -> Op {
        draw::draw(self, dice)
    }

    fn apply(&mut self, op: &Op, script: &mut Script) -> bool {
        match op.kind {
            "connect" => self.connect(op, script),
            "start" => self.start(op, script),
            "end" => self.end(op, script),
            "command" => self.command(op, script),
            "query" => self.query(op, script),
            "report" => self.report(op, script),
            "burst" => self.burst(op, script),
            "pieces" => self.pieces(op, script),
            "undecodable" => self.undecodable(op, script),
            "half" => self.half(op, script),
            "look" => self.look(op, script),
            "lose" => self.lose(op, script),
            _ => false,
        }
    }

    fn looks(&self) -> Vec<Op> {
        self.open().into_iter().map(|id| Op::new("look", id)).collect()
    }
}
