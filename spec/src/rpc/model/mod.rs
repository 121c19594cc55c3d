//! The state of an rpc daemon, across all connections: sessions with their attrs and commands; and what it must answer.

mod draw;
mod reports;
mod sessions;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{ChoiceSource, Model, ModelFactory, Op, Script, ServerProfile};

pub(super) const MODEL: ModelFactory =
    ModelFactory { new: |_: ServerProfile| Box::new(RpcModel::default()), needs: &[], uses: &[] };

#[derive(Default)]
pub(super) struct RpcModel {
    /// Whether a connection is open, by number.
    connections: BTreeMap<u32, bool>,
    sessions: BTreeMap<u32, SessionRecord>,
    /// The connections that must have received nothing since they were last confirmed, and the check for it.
    quiet: BTreeMap<u32, &'static str>,
    tick: u32,
    /// Whether the start time is bound to a name. It distinguishes the sessions of this sequence from those of others.
    has_begun: bool,
}

#[derive(Debug, Clone, Default)]
struct SessionRecord {
    is_active: bool,
    attrs: Value,
    commands: Vec<String>,
}

impl RpcModel {
    fn tick(&mut self) -> u32 {
        self.tick += 1;
        self.tick
    }

    /// The name of an open connection, after confirming that it has received nothing unexpected.
    fn ready(&mut self, id: u32, script: &mut Script) -> Option<String> {
        let name = format!("c{id}");
        self.connections.get(&id).filter(|open| **open)?;
        if let Some(check) = self.quiet.remove(&id) {
            self.ask(&name, check, script);
        }
        Some(name)
    }

    /// A message whose acknowledgement must be the next to come.
    fn ask(&mut self, on: &str, check: &str, script: &mut Script) {
        let id = self.tick();
        script.send(on, json!({ "id": id, "message": bytes("none") }));
        script.expect(on, json!({ "id": id, "message": "Ack" }), check);
    }

    fn expect_quiet(&mut self, check: &'static str) {
        for id in self.open() {
            self.quiet.entry(id).or_insert(check);
        }
    }

    fn look(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.connections.get(&op.on).is_some_and(|open| *open) {
            return false;
        }
        let check = self.quiet.remove(&op.on).unwrap_or("RPC-01 acknowledged");
        self.ask(&format!("c{}", op.on), check, script);
        true
    }

    /// The session ids are unique to this sequence.
    fn begin(&mut self, script: &mut Script) {
        if !std::mem::replace(&mut self.has_begun, true) {
            script.step("mark", json!({ "as": "now" }));
        }
    }
}

fn session(number: u32) -> String {
    format!("s{number}-${{now}}")
}

fn bytes(session: &str) -> Value {
    json!({ "IoData": { "session_id": session, "direction": "Output", "timestamp_ms": 2, "data": "bHMK" } })
}

impl Model for RpcModel {
    fn draw(&self, choices: &mut ChoiceSource<'_>) -> Op {
        draw::draw(self, choices)
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

    fn open(&self) -> Vec<u32> {
        self.connections.iter().filter(|(_, open)| **open).map(|(id, _)| *id).collect()
    }
}
