//! Other messages of clients, whole and in pieces, valid and undecodable; and lost connections.

use serde_json::{Value, json};

use super::sessions::{request, response};
use super::{RpcModel, bytes};
use crate::model::{Op, Script};

const UNDECODABLE: [&str; 6] = [
    "00000000",
    "0000000e 0000000000000063 4f53 00000000",
    "00000012 0000000000000063 4f53 00000004 08000000",
    "00000012 0000000000000063 0000 00000004 07000000",
    "00000013 0000000000000063 4f53 00000005 0700000000",
    "00000012 0000000000000063 4f53 00000005 07000000",
];

impl RpcModel {
    /// A message about sessions that the sequence does not use.
    pub(super) fn report(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.ready(op.on, script) else { return false };
        let id = self.tick();
        let event = |event: Value| json!({ "Event": { "session_id": "none", "timestamp_ms": 2, "event_type": event } });
        let (message, answer) = match op.how % 8 {
            1 => (event(json!({ "NonZeroExit": -1 })), json!("Ack")),
            2 => (event(json!({ "PatternMatch": "error: .*" })), json!("Ack")),
            3 => (event(json!({ "CommandBoundary": { "command": "make" } })), json!("Ack")),
            4 => (request(id, "what went wrong?"), response(id, json!({ "is": "string" }))),
            5 => (
                json!({ "SessionEnd": { "session_id": "", "timestamp_ms": u64::MAX, "exit_code": null } }),
                json!("Ack"),
            ),
            6 => {
                let data = json!({ "base64": { "repeat": "x", "times": 1000 * (op.size + 1) } });
                let mut message = bytes("none");
                message["IoData"]["data"] = data;
                (message, json!("Ack"))
            }
            7 => {
                let ack = json!({ "on": name, "json": { "id": id, "message": "Ack" }, "invalid": "an answer" });
                script.step("send", ack);
                script.expect(&name, json!({ "id": id, "message": "Ack" }), "RPC-01 acknowledges-acks");
                return true;
            }
            _ => (bytes("none"), json!("Ack")),
        };
        let id = if op.how / 8 == 7 { json!(u64::MAX) } else { json!(id) };
        script.send(&name, json!({ "id": id, "message": message }));
        script.expect(&name, json!({ "id": id, "message": answer }), "RPC-01 own-answer");
        self.expect_quiet("RPC-01 answered-once");
        true
    }

    pub(super) fn burst(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.ready(op.on, script) else { return false };
        let (tick, count) = (self.tick(), op.size + 2);
        let ids = format!("$ids{tick}");
        let message = json!({ "id": "$nth", "message": bytes("none") });
        script.step("send", json!({ "on": name, "json": message, "repeated": { "times": count, "as": "nth" } }));
        let answer = json!({ "id": ids, "message": "Ack" });
        script
            .step("collect", json!({ "on": name, "count": count, "json": answer, "check": "RPC-03 each-is-answered" }));
        script.step("distinct", json!({ "values": ids, "check": "RPC-01 by-its-own-id" }));
        self.expect_quiet("RPC-01 answered-once");
        true
    }

    pub(super) fn pieces(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.ready(op.on, script) else { return false };
        let id = self.tick();
        let message = json!({ "id": id, "message": bytes("none") });
        script.step("send", json!({ "on": name, "json": message, "fragments": op.size % 60 + 2 }));
        script.expect(&name, json!({ "id": id, "message": "Ack" }), "RPC-03 in-pieces");
        self.expect_quiet("RPC-01 answered-once");
        true
    }

    pub(super) fn undecodable(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.ready(op.on, script) else { return false };
        let hex = UNDECODABLE[op.how as usize % UNDECODABLE.len()];
        script.step("send", json!({ "on": name, "hex": hex, "invalid": "undecodable" }));
        self.ask(&name, "RPC-04 the-next-is-answered", script);
        self.expect_quiet("RPC-04 dropped-without-an-answer");
        true
    }

    /// A client stalls in the middle of a frame: the other connections are not delayed.
    pub(super) fn half(&mut self, op: &Op, script: &mut Script) -> bool {
        let name = format!("half{}", self.tick());
        script.step("connect", json!({ "as": name, "check": "RPC-06 connects" }));
        let hex = ["000000", "00000012 0000", "00ffffff 00"][op.how as usize % 3];
        script.step("send", json!({ "on": name, "hex": hex, "invalid": "half a frame" }));
        self.expect_quiet("RPC-06 goes-on-beside-half-a-frame");
        true
    }

    pub(super) fn lose(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.ready(op.on, script) else { return false };
        let by = if op.how.is_multiple_of(2) { "fin" } else { "reset" };
        script.step("cut", json!({ "on": name, "by": by }));
        self.connections.insert(op.on, false);
        self.expect_quiet("RPC-06 loss-affects-no-other");
        true
    }
}
