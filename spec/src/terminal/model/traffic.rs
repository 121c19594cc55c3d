//! Traffic through a terminal relay.

use serde_json::{Value, json};

use super::{BinaryBurst, TerminalModel};
use crate::model::{Op, Script, literal};

/// The most bytes that a host sends in all: less than a relay must keep.
const MOST_KEPT: usize = 900 << 10;

const INVALID: [&str; 6] =
    ["no JSON", "[]", "{}", "{\"type\":\"nope\"}", "{\"type\":\"session_resize\",\"session_id\":\"1\"}", ""];
const MALFORMED: [&str; 5] = ["", "00", "00 31", "05 61 62", "02 c3 28 78"];

impl TerminalModel {
    /// One binary message or several in a row, from a host to its viewers or from a viewer to its host.
    pub(super) fn bytes(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(from) = self.name(op.on) else { return false };
        let tick = self.tick();
        let count = if op.with % 4 == 1 { op.size + 2 } else { 1 };
        let (payload, size) = payload(op, tick, count > 1);
        let bytes = BinaryBurst { session: op.how % 4, payload, count, size: (size + 256) * count as usize };
        let (to, check): (Vec<String>, _) = match self.viewers.get(&op.on) {
            Some(viewer) => (vec![format!("h{}", viewer.host)], "TERM-21 bytes-to-the-host"),
            None => (self.audience(op.on), "TERM-20 bytes-to-viewers"),
        };
        if let Some(host) = self.hosts.get_mut(&op.on) {
            if host.size + bytes.size > MOST_KEPT {
                return false;
            }
            host.size += bytes.size;
            host.kept.push(bytes.clone());
        }
        self.ready(&from, script);
        to.iter().for_each(|name| self.ready(name, script));
        let send = |parts: Value| json!({ "on": from, "binary": parts });
        if count > 1 {
            script.in_turn("nth", count, Script::inner(|script| script.step("send", send(bytes.parts()))));
        } else {
            let mut keys = send(bytes.parts());
            if op.with % 4 == 2 {
                keys["fragments"] = json!(op.size % 7 + 2);
            }
            script.step("send", keys);
        }
        to.iter().for_each(|name| bytes.arrive(name, self.passed_over(name), check, script));
        let (once, elsewhere) = if check.starts_with("TERM-21") {
            ("TERM-21 bytes-to-the-host-once", "TERM-21 bytes-reach-the-host-alone")
        } else {
            ("TERM-20 bytes-to-viewers-once", "TERM-20 bytes-reach-no-other-viewer")
        };
        self.quiet.extend(to.iter().map(|name| (name.clone(), once)));
        self.expect_others_quiet(&to, elsewhere);
        true
    }

    pub(super) fn control(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), true) = (self.name(op.on), self.hosts.contains_key(&op.on)) else { return false };
        let session = op.size % 4;
        let id = super::SESSIONS[session as usize].1;
        let id = if id.is_empty() { "s".repeat(255) } else { id.to_owned() };
        let message = match op.how % 6 {
            0 => json!({ "type": "session_list", "sessions": [] }),
            1 => {
                json!({ "type": "session_list", "sessions": [{ "id": id, "name": "zsh" }, { "id": "", "name": "\u{1F600}" }] })
            }
            2 => json!({ "type": "session_connected", "session_id": id, "name": literal("$HOME \"x\"") }),
            3 => json!({ "type": "session_resize", "session_id": id, "cols": op.size * 1000, "rows": 65_535 }),
            4 => json!({ "type": "session_resize", "session_id": id, "cols": 0, "rows": 24 }),
            _ => json!({ "type": "session_disconnected", "session_id": id }),
        };
        if message["type"] == "session_disconnected"
            && let Some(host) = self.hosts.get_mut(&op.on)
        {
            host.kept.retain(|bytes| bytes.session != session);
        }
        let to = self.audience(op.on);
        self.ready(&name, script);
        to.iter().for_each(|name| self.ready(name, script));
        script.send(&name, message.clone());
        for name in &to {
            self.expects(name, json!({ "json": message }), "TERM-22 unchanged", script);
            self.quiet.insert(name.clone(), "TERM-22 control-once");
        }
        self.expect_others_quiet(&to, "TERM-22 control-reaches-no-one-else");
        true
    }

    pub(super) fn wish(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), Some(viewer)) = (self.name(op.on), self.viewers.get(&op.on).cloned()) else { return false };
        let host = format!("h{}", viewer.host);
        self.ready(&name, script);
        self.ready(&host, script);
        match op.how % 8 {
            0..=2 => {
                let wish = json!({ "type": "create_session" });
                script.send(&name, wish.clone());
                self.expects(&host, json!({ "json": wish }), "TERM-23 wish-reaches-the-host", script);
            }
            3 => {
                script.step("let", json!({ "long": { "repeat": "s", "times": 256 } }));
                script.send(&name, json!({ "type": "close_session", "session_id": "$long" }));
                script.expect(&name, json!({ "type": "error" }), "TERM-42 too-long");
                self.expect_others_quiet(&[], "TERM-42 closes-no-other");
                return true;
            }
            4 => {
                script.send(&name, json!({ "type": "close_session", "session_id": "" }));
                script.expect(&name, json!({ "type": "error" }), "TERM-42 too-long");
            }
            how => {
                let (length, id) = super::SESSIONS[how as usize % 3];
                script.send(&name, json!({ "type": "close_session", "session_id": id }));
                let parts = json!([{ "hex": length }, id, "{\"type\":\"close_session\"}"]);
                self.expects(&host, json!({ "binary": parts }), "TERM-24 closing-reaches-the-host", script);
            }
        }
        self.quiet.insert(host.clone(), "TERM-23 wished-once");
        self.expect_others_quiet(&[host], "TERM-23 wish-reaches-no-one-else");
        true
    }

    /// A text that is not a message of its sender: the connection stays open, and the text is not forwarded.
    pub(super) fn invalid(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        let is_host = self.hosts.contains_key(&op.on);
        let directed = match (is_host, op.how % 3) {
            (true, 0) => json!({ "type": "create_session" }),
            (true, 1) => json!({ "type": "close_session", "session_id": "1" }),
            (true, _) => json!({ "type": "browser_connected", "browser_id": "b" }),
            (false, 0) => json!({ "type": "session_list", "sessions": [] }),
            (false, 1) => json!({ "type": "session_disconnected", "session_id": "1" }),
            (false, _) => json!({ "type": "auth_success" }),
        };
        let check = match INVALID.get(op.how as usize) {
            Some(text) => {
                script.send_text(&name, text);
                "WIRE-06 invalid-reaches-no-one"
            }
            None => {
                script.send_invalid(&name, directed);
                "TERM-25 not-forwarded"
            }
        };
        self.not_forwarded(&name, check, "WIRE-06 stays-open", script);
        true
    }

    pub(super) fn malformed(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.name(op.on) else { return false };
        self.ready(&name, script);
        let hex = MALFORMED[op.how as usize % MALFORMED.len()];
        script.step("send", json!({ "on": name, "hex": hex, "invalid": "malformed" }));
        self.not_forwarded(&name, "TERM-41 reaches-no-one", "TERM-41 stays-open-all-the-same", script);
        true
    }

    /// No other connection may receive what an actor has just sent; the actor stays connected and may get an `error`.
    fn not_forwarded(&mut self, name: &str, check: &'static str, stays: &'static str, script: &mut Script) {
        self.erring.insert(name.to_owned());
        self.expect_others_quiet(&[name.to_owned()], check);
        self.ask(name, stays, script);
    }
}

impl BinaryBurst {
    pub(super) fn arrive(&self, on: &str, skipping: Option<Value>, check: &str, script: &mut Script) {
        let mut keys = json!({ "on": on, "binary": self.parts(), "check": check });
        if let Some(skipping) = skipping {
            keys["skipping"] = skipping;
        }
        if self.count > 1 {
            script.in_turn("nth", self.count, Script::inner(|script| script.step("expect", keys)));
        } else {
            script.step("expect", keys);
        }
    }
}

/// The payload to send, and its maximum size in bytes; in a row, each differs.
fn payload(op: &Op, tick: u32, in_row: bool) -> (Vec<Value>, usize) {
    if in_row {
        return (vec![json!(format!("{tick}: ${{nth}}"))], 32);
    }
    match op.how / 4 % 8 {
        1 => (vec![], 0),
        2 => (vec![json!({ "hex": "1b 5b 33 00 ff c3" })], 6),
        3 => {
            let times = 1024 * op.size.max(1);
            (vec![json!({ "repeat": "x", "times": times })], times as usize)
        }
        4 => (vec![json!({ "hex": "00 ff", "times": 300 })], 600),
        5 => (vec![json!(literal("{\"type\":\"create_session\"} $x"))], 32),
        _ => (vec![json!(format!("bytes {tick}"))], 16),
    }
}
