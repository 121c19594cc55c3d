//! Sessions start, have commands, end and start again; and the daemon lists them.

use serde_json::{Value, json};

use super::{RpcModel, session};
use crate::model::{Op, Script, literal};

impl RpcModel {
    pub(super) fn connect(&mut self, op: &Op, script: &mut Script) -> bool {
        if self.connections.contains_key(&op.on) {
            return false;
        }
        script.step("connect", json!({ "as": format!("c{}", op.on), "check": "RPC-06 connects" }));
        self.connections.insert(op.on, true);
        true
    }

    pub(super) fn start(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.ready(op.on, script) else { return false };
        self.begin(script);
        let attrs = match op.how % 4 {
            1 => json!({ "shell": "zsh" }),
            2 => json!({ "cwd": literal("$PWD/${x}"), "\u{1F600}": "" }),
            3 => json!({ "n": self.tick().to_string() }),
            _ => json!({}),
        };
        let id = self.tick();
        let message = json!({ "session_id": session(op.with), "timestamp_ms": 1, "attrs": attrs });
        script.send(&name, json!({ "id": id, "message": { "SessionStart": message } }));
        let known = self.sessions.entry(op.with).or_default();
        let check = match (known.is_active, known.commands.is_empty()) {
            (true, _) => "RPC-10 acknowledged-again",
            (false, false) => "RPC-11 acknowledged-after-its-end",
            (false, true) => "RPC-01 start-acknowledged",
        };
        script.expect(&name, json!({ "id": id, "message": "Ack" }), check);
        known.is_active = true;
        known.attrs = attrs;
        self.expect_quiet("RPC-01 answered-once");
        true
    }

    pub(super) fn end(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.sessions.contains_key(&op.with) {
            return false;
        }
        let Some(name) = self.ready(op.on, script) else { return false };
        let id = self.tick();
        let message = json!({ "session_id": session(op.with), "timestamp_ms": 2, "exit_code": 0 });
        script.send(&name, json!({ "id": id, "message": { "SessionEnd": message } }));
        script.expect(&name, json!({ "id": id, "message": "Ack" }), "RPC-01 end-acknowledged");
        self.sessions.entry(op.with).and_modify(|known| known.is_active = false);
        self.expect_quiet("RPC-01 answered-once");
        true
    }

    pub(super) fn command(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.sessions.get(&op.with).is_some_and(|known| known.is_active) {
            return false;
        }
        let Some(name) = self.ready(op.on, script) else { return false };
        let id = self.tick();
        let line = match op.how % 4 {
            1 => format!("echo \u{E9}\u{1F600} {id}"),
            2 => literal(&format!("echo \"$HOME\"\n{id}")),
            _ => format!("make {id}"),
        };
        let record = json!({
            "command_id": format!("command {id}"), "session_id": session(op.with), "command_line": line,
            "started_at": 1, "output_summary": "", "stream_offset": 0, "stream_length": 0, "exit_code": 0,
        });
        let message = json!({ "CommandComplete": { "session_id": session(op.with), "record": record } });
        script.send(&name, json!({ "id": id, "message": message }));
        script.expect(&name, json!({ "id": id, "message": "Ack" }), "RPC-01 command-acknowledged");
        self.sessions.entry(op.with).and_modify(|known| known.commands.push(line));
        self.expect_quiet("RPC-01 answered-once");
        true
    }

    pub(super) fn query(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(known) = self.sessions.get(&op.with).cloned() else { return false };
        let Some(name) = self.ready(op.on, script) else { return false };
        let id = self.tick();
        let request = request(id, "sessions");
        script.send(&name, json!({ "id": id, "message": request }));
        let being = json!({
            "active": known.is_active, "attrs": { "equals": known.attrs }, "commands": known.commands,
        });
        let content = json!({ "json_text": { "one": { "session_id": session(op.with) }, "being": being } });
        let check = if known.is_active { "RPC-10 session-is-listed" } else { "RPC-12 ended-session-is-listed" };
        script.expect(&name, json!({ "id": id, "message": response(id, content) }), check);
        self.expect_quiet("RPC-01 answered-once");
        true
    }
}

pub(super) fn request(id: u32, query: &str) -> Value {
    json!({ "Request": {
        "request_id": format!("q-{id}"), "session_id": "none", "query": query, "scope": "AllSessions",
    } })
}

pub(super) fn response(id: u32, content: Value) -> Value {
    json!({ "Response": { "request_id": format!("q-{id}"), "content": content } })
}
