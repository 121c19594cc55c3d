//! What goes through a pairing relay, and what it must not take.

use serde_json::{Value, json};

use super::World;
use super::joining::error;
use crate::model::{Op, PONG, Script, literal};

const UUID: &str = "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11";

/// Texts that are no message of any client: the requirement that says so, and the text.
const INVALID: [(&str, &str); 16] = [
    ("PAIR-60 no-json", "no JSON"),
    ("PAIR-60 no-json", "{\"type\":\"ping\",\"ts\":1"),
    ("PAIR-60 no-json", ""),
    ("PAIR-60 no-object", "[]"),
    ("PAIR-60 no-object", "\"ping\""),
    ("PAIR-60 no-object", "null"),
    ("PAIR-61 no-type", "{}"),
    ("PAIR-61 no-type", "{\"type\":1}"),
    ("PAIR-61 unknown-type", "{\"type\":\"nope\"}"),
    ("PAIR-61 unknown-type", "{\"type\":\"Data\",\"payload\":\"x\"}"),
    ("PAIR-62 lacks-a-member", "{\"type\":\"data\"}"),
    ("PAIR-62 wrong-member", "{\"type\":\"data\",\"payload\":1}"),
    ("PAIR-62 wrong-member", "{\"type\":\"data\",\"payload\":null}"),
    ("PAIR-62 lacks-a-member", "{\"type\":\"ping\"}"),
    ("PAIR-62 wrong-member", "{\"type\":\"ping\",\"ts\":\"1\"}"),
    ("PAIR-62 wrong-member", "{\"type\":\"ping\",\"ts\":null}"),
];

impl World {
    pub(super) fn data(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(from) = self.name(op.on) else { return false };
        self.ready(&from, script);
        let Some((id, to)) = self.partner(op.on).and_then(|id| Some((id, self.name(id)?))) else {
            return self.data_for_nobody(op.on, &from, script);
        };
        self.ready(&to, script);
        let arrives = |script: &mut Script, payload: Value, check| {
            script.expect(&to, json!({ "type": "data", "payload": payload }), check);
        };
        let tick = self.tick();
        match op.with {
            1 => {
                let parts = op.size % 9 + 2;
                let payload = payload(op, tick, script);
                let message = json!({ "type": "data", "payload": payload });
                script.step("send", json!({ "on": from, "json": message, "fragments": parts }));
                arrives(script, payload, "WIRE-03 fragments-are-one-message");
            }
            2 => {
                // Written in another way, with members in another order and one that nobody knows.
                let text = r#"{ "payload" : "\u0041\ud83d\ude00\/", "more": [1], "type" : "data" }"#;
                script.step("send", json!({ "on": from, "text": text }));
                arrives(script, json!("A\u{1F600}/"), "WIRE-02 unknown-members-are-ignored");
            }
            3 => {
                script.step(
                    "frame",
                    json!({ "on": from, "opcode": "text", "fin": false, "text": "{\"type\":\"data\",\"pay" }),
                );
                script.ping_frame(&from, &format!("between {tick}"), None, PONG);
                script.step(
                    "frame",
                    json!({ "on": from, "opcode": "continuation", "text": format!("load\":\"of {tick}\"}}") }),
                );
                arrives(script, json!(format!("of {tick}")), "WIRE-03 fragments-around-a-ping");
            }
            _ => {
                let payload = payload(op, tick, script);
                script.send(&from, json!({ "type": "data", "payload": payload }));
                arrives(script, payload, "PAIR-40 data-arrives");
            }
        }
        self.taint(op.on, "PAIR-41 no-echo");
        self.taint(id, "PAIR-41 arrives-once");
        self.taint_others(&[op.on, id], "PAIR-42 stays-in-its-session");
        true
    }

    /// Data that nobody may get: a viewer is told so, a host may be.
    fn data_for_nobody(&mut self, id: u32, from: &str, script: &mut Script) -> bool {
        let ts = self.tick();
        script.send(from, json!({ "type": "data", "payload": format!("for nobody {ts}") }));
        if self.viewers.contains_key(&id) && self.setting.holds("PAIR-44") {
            script.expect(from, error("NOT_FOUND"), "PAIR-44 not-found");
        } else {
            script.send(from, json!({ "type": "ping", "ts": ts }));
            let told = json!({ "type": "error" });
            script.expect_past(from, json!({ "type": "pong", "ts": ts }), told, "PAIR-43 stays-open");
        }
        if let Some(host) = self.hosts.get_mut(&id) {
            host.has_orphans = true;
        }
        self.taint_others(&[id], "PAIR-43 data-for-nobody-reaches-nobody");
        true
    }

    /// Many messages at once, in one direction or both.
    pub(super) fn burst(&mut self, op: &Op, script: &mut Script) -> bool {
        let ends = self.name(op.on).zip(self.partner(op.on));
        let Some((one, id)) = ends else { return false };
        let Some(other) = self.name(id) else { return false };
        self.ready(&one, script);
        self.ready(&other, script);
        let (tick, count) = (self.tick(), op.size + 2);
        let mut ways = vec![(&one, &other)];
        if op.how % 3 == 1 {
            ways.push((&other, &one));
        }
        let text = |from: &str| format!("{tick} of {from}: ${{nth}}");
        for (from, _) in &ways {
            let message = json!({ "type": "data", "payload": text(from) });
            script.step("send", json!({ "on": from, "json": message, "repeated": { "times": count, "as": "nth" } }));
        }
        for (from, to) in ways {
            let message = json!({ "type": "data", "payload": text(from) });
            let round = Script::inner(|script| script.expect(to, message, "PAIR-41 in-order-and-once"));
            script.in_turn("nth", count, round);
        }
        self.taint(op.on, "PAIR-41 no-echo");
        self.taint(id, "PAIR-41 arrives-once");
        self.taint_others(&[op.on, id], "PAIR-42 stays-in-its-session");
        true
    }

    pub(super) fn ping(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        let tick = self.tick();
        let ts = match op.how % 6 {
            1 => json!(f64::from(tick) + 0.5),
            2 => json!(-f64::from(tick)),
            3 => json!(1e300),
            4 => json!(0),
            5 => json!(1_760_000_000_000_u64 + u64::from(tick)),
            _ => json!(tick),
        };
        script.send(&name, json!({ "type": "ping", "ts": ts }));
        script.expect(&name, json!({ "type": "pong", "ts": ts }), "PAIR-50 ping-is-answered");
        if let Some(partner) = self.partner(op.on) {
            self.taint(partner, "PAIR-51 pings-go-no-further");
        }
        true
    }

    pub(super) fn ping_frame(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        let tick = self.tick();
        let text = if op.how % 3 == 1 { String::new() } else { format!("ping {tick}") };
        script.ping_frame(&name, &text, None, PONG);
        true
    }

    pub(super) fn invalid(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        let is_host = self.hosts.contains_key(&op.on);
        let directed = [
            json!({ "type": "pong", "ts": 1 }),
            json!({ "type": "joined", "sessionId": UUID }),
            json!({ "type": "registered", "code": "ABCDEF", "expiresAt": 1 }),
            json!({ "type": "error", "code": "NOT_FOUND", "message": "none" }),
            if is_host {
                json!({ "type": "join", "code": "ABCDEF" })
            } else {
                json!({ "type": "register", "clientId": UUID })
            },
        ];
        let own = [
            if is_host { json!({ "type": "register" }) } else { json!({ "type": "join" }) },
            if is_host { json!({ "type": "register", "clientId": 7 }) } else { json!({ "type": "join", "code": 7 }) },
        ];
        let how = op.how as usize;
        let check = if let Some((check, text)) = INVALID.get(how) {
            script.send_text(&name, text);
            check
        } else if let Some(message) = directed.get((how - INVALID.len()) % 8) {
            script.send_invalid(&name, message.clone());
            "PAIR-64 wrong-direction"
        } else {
            script.send_invalid(&name, own[how % own.len()].clone());
            "PAIR-62 own-member"
        };
        script.expect(&name, error("INVALID_MESSAGE"), check);
        self.taint(op.on, "PAIR-60 answered-once");
        if let Some(partner) = self.partner(op.on) {
            self.taint(partner, "PAIR-64 not-forwarded");
        }
        true
    }

    /// A binary message costs the connection or not; either way it goes.
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
            self.taint(partner, "PAIR-63 binary-reaches-nobody");
        }
        script.step("cut", json!({ "on": name, "by": "reset" }));
        self.lost(op.on, false, "PAIR-63 viewer-hears-of-the-loss-alone", script);
        true
    }

    /// Many sessions at once, with data in both directions.
    pub(super) fn crowd(&mut self, op: &Op, script: &mut Script) -> bool {
        let (tick, count) = (self.tick(), op.size + 2);
        let (host, viewer, codes) = (format!("ch{tick}"), format!("cv{tick}"), format!("codes{tick}"));
        let patient = |on: &str, json: Value, check: &str| json!({ "expect": { "on": on, "json": json, "within": "notify_deadline + 5s", "check": check } });
        let to_viewer = json!({ "type": "data", "payload": "for viewer ${i}" });
        let to_host = json!({ "type": "data", "payload": "for host ${i}" });
        let one = Script::inner(|script| {
            script.connect(&viewer, "/browser", "PAIR-01 viewers-connect");
            script.connect(&host, "/mac", "PAIR-01 hosts-connect");
            let registered = json!({ "type": "registered", "code": format!("${codes}") });
            script.steps.push(patient(&host, registered, "PAIR-90 each-gets-a-code"));
            script.send(&viewer, json!({ "type": "join", "code": format!("${codes}") }));
            script.steps.push(patient(&viewer, json!({ "type": "joined" }), "PAIR-90 each-is-joined"));
            script.step("meet", json!({}));
            script.send(&host, to_viewer.clone());
            script.send(&viewer, to_host.clone());
            script.steps.push(patient(&viewer, to_viewer, "PAIR-90 each-viewer-gets-its-own"));
            script.steps.push(patient(&host, to_host, "PAIR-90 each-host-gets-its-own"));
            script.step("meet", json!({}));
        });
        script.at_once("i", count, one);
        let distinct = json!({ "values": format!("${codes}"), "check": "PAIR-13 codes-of-a-crowd-differ" });
        script.step("distinct", distinct);
        self.taint_others(&[], "PAIR-42 stays-in-its-session");
        true
    }

    pub(super) fn wrong_path(&mut self, op: &Op, script: &mut Script) -> bool {
        let name = format!("p{}", self.tick());
        let paths = ["/nowhere", "/", "/mac/", "/MAC", "/browsers", "/?path=/mac"];
        script.connect(&name, paths[op.how as usize % paths.len()], "PAIR-02 completes-the-handshake");
        let close = json!({ "code": [4000], "reason": "Invalid path" });
        script.step("expect", json!({ "on": name, "close": close, "check": "PAIR-02 then-closes" }));
        true
    }
}

/// What is sent as data, and what has to arrive: they are written alike. Long ones are put into a variable first.
fn payload(op: &Op, tick: u32, script: &mut Script) -> Value {
    let text = match op.how % 11 {
        1 => String::new(),
        2 => "\u{1F600}\u{10FFFD} \u{E9}\u{4E2D} e\u{301}".to_owned(),
        3 => "\"\\/\u{8}\u{C}\n\r\t\u{1}".to_owned(),
        4 => format!("nul \0 {tick}"),
        5 => "{\"type\":\"ping\",\"ts\":1}".to_owned(),
        6 => format!("$dollars ${{and}} {tick}"),
        7 => "\u{2028}\u{2029}\u{FEFF}\u{7F}\u{85}".to_owned(),
        8 | 9 => {
            let (text, times) = if op.how % 11 == 8 { ("x", 1024) } else { ("\u{1F600}", 256) };
            let name = format!("big{tick}");
            script.step("let", json!({ &name: { "repeat": text, "times": times * op.size.max(1) } }));
            return json!(format!("${name}"));
        }
        10 => " blanks around \n".to_owned(),
        _ => format!("data {tick}"),
    };
    json!(literal(&text))
}
