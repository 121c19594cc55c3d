//! Input that a pairing relay must refuse: invalid, binary and hostile messages, and violations of RFC 6455.

use serde_json::{Value, json};

use super::PairingModel;
use super::forms::{NO_UUIDS, error, row};
use crate::model::{Op, Script};

const UUID: &str = "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11";

/// Texts that are not messages of any client, each with its check.
const INVALID: [(&str, &str); 38] = [
    ("PAIR-60 no-json", "no JSON"),
    ("PAIR-60 no-json", "{\"type\":\"ping\",\"ts\":1"),
    ("PAIR-60 no-json", ""),
    ("PAIR-60 no-json", "{'type':'ping','ts':1}"),
    ("PAIR-60 no-json", "{\"type\":\"ping\",\"ts\":1,}"),
    ("PAIR-60 no-json", "{\"type\":\"ping\",/**/\"ts\":1}"),
    ("PAIR-60 no-json", "{\"type\":\"ping\",\"ts\":1} // ping"),
    ("PAIR-60 no-json", "{\"type\":\"ping\",\"ts\":NaN}"),
    ("PAIR-60 no-json", "{type:\"ping\",ts:1}"),
    ("PAIR-60 no-json", "{\"type\":\"data\",\"payload\":\"a\nb\"}"),
    ("PAIR-60 no-json", "{\"type\":\"ping\",\"ts\":1}{\"type\":\"ping\",\"ts\":2}"),
    ("PAIR-60 no-json", "{\"type\":\"ping\",\"ts\":01}"),
    ("PAIR-60 no-object", "[]"),
    ("PAIR-60 no-object", "\"ping\""),
    ("PAIR-60 no-object", "null"),
    ("PAIR-60 no-object", "7"),
    ("PAIR-60 no-object", "[\"ping\",1]"),
    ("PAIR-60 no-object", "[{\"type\":\"ping\",\"ts\":1}]"),
    ("PAIR-61 no-type", "{}"),
    ("PAIR-61 no-type", "{\"type\":1}"),
    ("PAIR-61 no-type", "{\"type\":null,\"ts\":1}"),
    ("PAIR-61 no-type", "{\"type\":[\"ping\"],\"ts\":1}"),
    ("PAIR-61 no-type", "{\"Type\":\"ping\",\"ts\":1}"),
    ("PAIR-61 unknown-type", "{\"type\":\"nope\"}"),
    ("PAIR-61 unknown-type", "{\"type\":\"Ping\",\"ts\":1}"),
    ("PAIR-61 unknown-type", "{\"type\":\"constructor\"}"),
    ("PAIR-61 unknown-type", "{\"type\":\"__proto__\"}"),
    ("PAIR-62 lacks-a-member", "{\"type\":\"data\"}"),
    ("PAIR-62 lacks-a-member", "{\"type\":\"data\",\"Payload\":\"x\"}"),
    ("PAIR-62 wrong-member", "{\"type\":\"data\",\"payload\":1}"),
    ("PAIR-62 wrong-member", "{\"type\":\"data\",\"payload\":null}"),
    ("PAIR-62 wrong-member", "{\"type\":\"data\",\"payload\":{}}"),
    ("PAIR-62 wrong-member", "{\"type\":\"data\",\"payload\":[\"x\"]}"),
    ("PAIR-62 lacks-a-member", "{\"type\":\"ping\"}"),
    ("PAIR-62 wrong-member", "{\"type\":\"ping\",\"ts\":\"1\"}"),
    ("PAIR-62 wrong-member", "{\"type\":\"ping\",\"ts\":null}"),
    ("PAIR-62 wrong-member", "{\"type\":\"ping\",\"ts\":true}"),
    ("PAIR-62 wrong-member", "{\"type\":\"ping\",\"ts\":[1]}"),
];

const MESSAGES: u32 = 12;

impl PairingModel {
    /// Several invalid messages in a row; each is answered, and no other connection receives anything.
    pub(super) fn invalid(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        for how in row(op, INVALID.len() as u32 + MESSAGES) {
            let check = match INVALID.get(how as usize) {
                Some((check, text)) => {
                    script.send_text(&name, text);
                    check
                }
                None => {
                    let (check, message) = message(self.hosts.contains_key(&op.on), how - INVALID.len() as u32);
                    script.send_invalid(&name, message);
                    check
                }
            };
            script.expect(&name, error("INVALID_MESSAGE"), check);
        }
        self.expect_quiet(op.on, "PAIR-60 answered-once");
        if let Some(partner) = self.partner(op.on) {
            self.expect_quiet(partner, "PAIR-64 not-forwarded");
        }
        true
    }

    /// A binary message; the relay may close the connection or not, then the client disconnects.
    pub(super) fn binary(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        let partner = self.partner(op.on);
        if let Some(partner) = partner.and_then(|id| self.name(id)) {
            self.ready(&partner, script);
        }
        let binary = match op.how % 3 {
            1 => json!({ "hex": "00 ff" }),
            2 => json!([]),
            _ => json!("{\"type\":\"data\",\"payload\":\"binary\"}"),
        };
        script.step("send", json!({ "on": name, "binary": binary, "invalid": "binary" }));
        let choices = json!([{ "json": error("INVALID_MESSAGE") }, { "close": { "code": [1003] } }]);
        script.step("expect", json!({ "on": name, "any_of": choices, "check": "PAIR-63 refused-or-closed" }));
        if let Some(partner) = partner.filter(|_| self.viewers.contains_key(&op.on)) {
            self.expect_quiet(partner, "PAIR-63 binary-reaches-no-one");
        }
        script.step("cut", json!({ "on": name, "by": "reset" }));
        self.lost(op.on, false, "PAIR-63 viewer-gets-only-the-loss", script);
        true
    }

    /// Hostile JSON: the connection stays open, and no other is affected.
    pub(super) fn hostile(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        let many = |text: &str, times: u32| json!({ "repeat": text, "times": times });
        for how in row(op, 9) {
            let text = match how {
                0 => json!([many("[", 10_000), many("]", 10_000)]),
                1 => json!([many("{\"a\":", 10_000)]),
                2 => json!(["{\"type\":\"", many("t", 100_000), "\"}"]),
                3 => json!(["{\"type\":\"ping\",\"ts\":\"", many("0", 100_000), "\"}"]),
                4 => json!("{\"type\":\"ping\",\"ts\":1,\"more\":[1e999,-1e999]}"),
                5 => json!("{\"type\":\"ping\",\"ts\":1,\"ts\":1}"),
                6 => json!(["{\"type\":\"ping\",\"ts\":1,\"more\":", many("[", 10_000), many("]", 10_000), "}"]),
                7 => json!("{\"type\":\"ping\",\"ts\":1,\"more\":\"\\ud800 alone\"}"),
                _ => json!(["{\"type\":\"join\",\"clientId\":\"", many("0", 100_000), "\"}"]),
            };
            script.step("frame", json!({ "on": name, "opcode": "text", "text": text, "invalid": "hostile" }));
            let refused = error("INVALID_MESSAGE");
            match how {
                4..=7 => {
                    let either = [refused, json!({ "type": "pong", "ts": 1 })];
                    script.expect_one(&name, &either, "WIRE-06 hostile-is-answered");
                }
                _ => script.expect(&name, refused, "WIRE-06 hostile-is-refused"),
            }
        }
        self.ask(&name, "WIRE-06 hostile-stays-open", script);
        self.expect_others_quiet(&[op.on], "WIRE-06 hostile-disturbs-no-other");
        true
    }

    /// Several connections that violate RFC 6455, each in a different way, and are closed.
    pub(super) fn violations(&mut self, op: &Op, script: &mut Script) -> bool {
        let count = if op.size > 56 { 9 } else { op.size % 4 + 1 };
        for how in op.how..op.how + count {
            let name = format!("x{}", self.tick());
            if how.is_multiple_of(2) {
                script.connect(&name, "/browser", "PAIR-01 viewers-connect");
            } else {
                script.connect(&name, "/mac", "PAIR-01 hosts-connect");
                script.expect(&name, json!({ "type": "registered" }), "PAIR-10 registered");
            }
            script.violate(&name, how / 2);
        }
        self.expect_others_quiet(&[], "WIRE-06 violations-disturb-no-other");
        true
    }
}

/// An invalid message of a host or a viewer, by number, with its check.
fn message(is_host: bool, how: u32) -> (&'static str, Value) {
    let id = NO_UUIDS[how as usize % NO_UUIDS.len()];
    match (is_host, how) {
        (_, 0) => ("PAIR-64 wrong-direction", json!({ "type": "pong", "ts": 1 })),
        (_, 1) => ("PAIR-64 wrong-direction", json!({ "type": "joined", "sessionId": UUID })),
        (_, 2) => ("PAIR-64 wrong-direction", json!({ "type": "registered", "code": "ABCDEF", "expiresAt": 1 })),
        (_, 3) => ("PAIR-64 wrong-direction", json!({ "type": "error", "code": "NOT_FOUND", "message": "none" })),
        (true, 4) => ("PAIR-64 wrong-role", json!({ "type": "join", "code": "ABCDEF" })),
        (false, 4) => ("PAIR-64 wrong-role", json!({ "type": "register", "clientId": UUID })),
        (true, 5) => ("PAIR-62 own-member", json!({ "type": "register" })),
        (true, 6) => ("PAIR-62 own-member", json!({ "type": "register", "clientId": 7 })),
        (true, 7) => ("PAIR-62 own-member", json!({ "type": "register", "clientId": null })),
        (true, _) => ("PAIR-16 no-uuid", json!({ "type": "register", "clientId": id })),
        (false, 5) => ("PAIR-62 own-member", json!({ "type": "join" })),
        (false, 6) => ("PAIR-62 own-member", json!({ "type": "join", "code": 777_777 })),
        (false, 7) => ("PAIR-62 own-member", json!({ "type": "join", "code": null })),
        (false, 8) => ("PAIR-62 own-member", json!({ "type": "join", "code": ["ABCDEF"] })),
        (false, _) => ("PAIR-62 own-member", json!({ "type": "join", "Code": "ABCDEF" })),
    }
}
