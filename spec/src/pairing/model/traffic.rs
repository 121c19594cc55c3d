//! Traffic through a pairing relay.

use serde_json::{Value, json};

use super::PairingModel;
use super::forms::{error, row};
use crate::model::{Op, PONG, Script, literal};

impl PairingModel {
    pub(super) fn data(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(from) = self.name(op.on) else { return false };
        self.ready(&from, script);
        let Some((id, to)) = self.partner(op.on).and_then(|id| Some((id, self.name(id)?))) else {
            return self.orphaned_data(op.on, &from, script);
        };
        self.ready(&to, script);
        let arrives = |script: &mut Script, payload: Value, check| {
            let mut keys = json!({ "on": to, "json": { "type": "data", "payload": payload }, "check": check });
            if payload.as_str().is_some_and(|text| text.starts_with("$big")) {
                keys["within"] = json!("notify_deadline + 2s");
            }
            script.step("expect", keys);
        };
        let tick = self.tick();
        match op.with {
            1 => {
                let parts = if op.size > 56 { 150 } else { op.size % 9 + 2 };
                let payload = payload(op.how, op, tick, script);
                let message = json!({ "type": "data", "payload": payload });
                script.step("send", json!({ "on": from, "json": message, "fragments": parts }));
                arrives(script, payload, "WIRE-03 fragments-are-one-message");
            }
            2 => {
                // Different escapes, members in a different order, and an unknown member.
                let text = r#"{ "payload" : "\u0041\ud83d\ude00\/", "more": [1], "type" : "data" }"#;
                script.step("send", json!({ "on": from, "text": text }));
                arrives(script, json!("A\u{1F600}/"), "WIRE-02 unknown-members-are-ignored");
            }
            3 => {
                let first = json!({ "on": from, "opcode": "text", "fin": false, "text": "{\"type\":\"data\",\"pay" });
                script.step("frame", first);
                script.ping_frame(&from, &format!("between {tick}"), None, PONG);
                let last = format!("load\":\"of {tick}\"}}");
                script.step("frame", json!({ "on": from, "opcode": "continuation", "text": last }));
                arrives(script, json!(format!("of {tick}")), "WIRE-03 fragments-around-a-ping");
            }
            4 => {
                for how in row(op, PAYLOADS) {
                    let payload = payload(how, op, self.tick(), script);
                    script.send(&from, json!({ "type": "data", "payload": payload }));
                    arrives(script, payload, "PAIR-40 data-arrives");
                }
            }
            5 => {
                let text = "{\"type\":\"data\",\"payload\":\"fragments\"}";
                let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
                let (first, last) = hex.split_at(20);
                script.step("frame", json!({ "on": from, "opcode": "text", "fin": false, "hex": first }));
                script.step("frame", json!({ "on": from, "opcode": "continuation", "fin": false, "hex": "" }));
                script.step("frame", json!({ "on": from, "opcode": "continuation", "hex": last }));
                arrives(script, json!("fragments"), "WIRE-03 empty-fragments-are-nothing");
            }
            _ => {
                let payload = payload(op.how, op, tick, script);
                script.send(&from, json!({ "type": "data", "payload": payload }));
                arrives(script, payload, "PAIR-40 data-arrives");
            }
        }
        self.expect_quiet(op.on, "PAIR-41 no-echo");
        self.expect_quiet(id, "PAIR-41 arrives-once");
        self.expect_others_quiet(&[op.on, id], "PAIR-42 stays-in-its-session");
        true
    }

    /// Data of a connection without a partner: a viewer gets an error, a host may get one.
    fn orphaned_data(&mut self, id: u32, from: &str, script: &mut Script) -> bool {
        let ts = self.tick();
        script.send(from, json!({ "type": "data", "payload": format!("orphaned {ts}") }));
        if self.viewers.contains_key(&id) && self.profile.holds("PAIR-44") {
            script.expect(from, error("NOT_FOUND"), "PAIR-44 not-found");
        } else {
            script.send(from, json!({ "type": "ping", "ts": ts }));
            let error = json!({ "type": "error" });
            script.expect_past(from, json!({ "type": "pong", "ts": ts }), error, "PAIR-43 stays-open");
        }
        if let Some(host) = self.hosts.get_mut(&id) {
            host.has_orphans = true;
        }
        self.expect_others_quiet(&[id], "PAIR-43 orphaned-data-reaches-no-one");
        true
    }

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
        self.expect_quiet(op.on, "PAIR-41 no-echo");
        self.expect_quiet(id, "PAIR-41 arrives-once");
        self.expect_others_quiet(&[op.on, id], "PAIR-42 stays-in-its-session");
        true
    }

    pub(super) fn ping(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        for how in row(op, PINGS) {
            let tick = self.tick();
            let ts = match how {
                1 => json!(f64::from(tick) + 0.5),
                2 => json!(-f64::from(tick)),
                3 => json!(1e300),
                4 => json!(0),
                5 => json!(1_760_000_000_000_u64 + u64::from(tick)),
                6 => json!(9_007_199_254_740_991_u64 - u64::from(tick)),
                7 => json!(0.123_456_789),
                8 => json!(-1e-7),
                9 => json!(5e-324),
                _ => json!(tick),
            };
            let keys = match how {
                10 => json!({ "text": format!(" \n{{ \"ts\" : {tick}, \"type\" : \"ping\" }} ") }),
                11 => json!({ "text": format!("{{\"t\\u0079pe\":\"p\\u0069ng\",\"ts\":{tick}}}") }),
                12 => json!({ "json": { "type": "ping", "ts": tick, "more": { "type": "pong" }, "payload": "x" } }),
                13 => json!({ "json": { "type": "ping", "ts": tick }, "fragments": 30 }),
                _ => json!({ "json": { "type": "ping", "ts": ts } }),
            };
            let mut send = keys;
            send["on"] = json!(name);
            script.step("send", send);
            script.expect(&name, json!({ "type": "pong", "ts": ts }), "PAIR-50 ping-is-answered");
        }
        if let Some(partner) = self.partner(op.on) {
            self.expect_quiet(partner, "PAIR-51 pings-go-no-further");
        }
        true
    }

    pub(super) fn ping_frame(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        for how in row(op, 4) {
            let text = match how {
                1 => String::new(),
                2 => "p".repeat(125),
                3 => {
                    script.step("send", json!({ "on": name, "pong": "unasked" }));
                    "behind".to_owned()
                }
                _ => format!("ping {}", self.tick()),
            };
            script.ping_frame(&name, &text, None, PONG);
        }
        true
    }

    /// Data that a host sends right before its Close frame must still arrive.
    pub(super) fn last_words(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(viewer) = self.partner(op.on).filter(|_| self.hosts.contains_key(&op.on)) else { return false };
        let (Some(host), Some(viewer)) = (self.name(op.on), self.name(viewer)) else { return false };
        self.ready(&host, script);
        self.ready(&viewer, script);
        let (tick, count) = (self.tick(), op.size + 2);
        let message = json!({ "type": "data", "payload": format!("{tick} at last: ${{nth}}") });
        let repeated = json!({ "times": count, "as": "nth" });
        script.step("send", json!({ "on": host, "json": message, "repeated": repeated }));
        script.step("close", json!({ "on": host, "code": 1000 }));
        let round = Script::inner(|script| script.expect(&viewer, message, "PAIR-41 last-words-arrive"));
        script.in_turn("nth", count, round);
        self.lost(op.on, false, "PAIR-70 viewer-is-notified", script);
        true
    }

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
        self.expect_others_quiet(&[], "PAIR-42 stays-in-its-session");
        true
    }

    pub(super) fn wrong_path(&mut self, op: &Op, script: &mut Script) -> bool {
        let paths = [
            "/nowhere",
            "/",
            "/mac/",
            "/MAC",
            "/browsers",
            "/?path=/mac",
            "/viewer",
            "/mac/extra",
            "/browser/",
            "/x/mac",
        ];
        for how in row(op, paths.len() as u32) {
            let name = format!("p{}", self.tick());
            script.connect(&name, paths[how as usize], "PAIR-02 completes-the-handshake");
            let close = json!({ "code": [4000], "reason": "Invalid path" });
            script.step("expect", json!({ "on": name, "close": close, "check": "PAIR-02 then-closes" }));
        }
        true
    }
}

const PAYLOADS: u32 = 22;
const PINGS: u32 = 14;
/// The characters around a payload in a message.
const AROUND: u32 = 28;

/// A payload as it is sent and must arrive. Long ones are put into a variable first.
fn payload(how: u32, op: &Op, tick: u32, script: &mut Script) -> Value {
    let mut long = |text: &str, times: u32| {
        let name = format!("big{tick}");
        script.step("let", json!({ &name: { "repeat": text, "times": times } }));
        json!(format!("${name}"))
    };
    let text = match how % PAYLOADS {
        1 => String::new(),
        2 => "\u{1F600}\u{10FFFD} \u{E9}\u{4E2D} e\u{301}".to_owned(),
        3 => "\"\\/\u{8}\u{C}\n\r\t\u{1}".to_owned(),
        4 => format!("nul \0 {tick}"),
        5 => "{\"type\":\"ping\",\"ts\":1}".to_owned(),
        6 => format!("$dollars ${{and}} {tick}"),
        7 => "\u{2028}\u{2029}\u{FEFF}\u{7F}\u{85}".to_owned(),
        8 => return long("x", 1024 * op.size.max(1)),
        9 => return long("\u{1F600}", 256 * op.size.max(1)),
        10 => " blanks around \n".to_owned(),
        11 => "<b>&amp;</b>".to_owned(),
        12 => "{\"type\":\"data\",\"payload\":\"inside\"}".to_owned(),
        13 => "[1,2]".to_owned(),
        // The lengths at which a frame's header grows, and the longest message that must pass.
        14..=17 => "x".repeat((124 + how % PAYLOADS - 14 - AROUND) as usize),
        18 => return long("x", 65_535 - AROUND),
        19 => return long("x", 65_536 - AROUND),
        20 if op.size > 40 => return long("x", (1 << 20) - AROUND),
        21 if op.size > 40 => return long("\\", ((1 << 20) - AROUND) / 2),
        _ => format!("data {tick}"),
    };
    json!(literal(&text))
}
