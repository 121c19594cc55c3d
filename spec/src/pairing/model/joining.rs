//! Hosts and viewers connect, and viewers join.

use serde_json::{Value, json};

use super::forms::{error, no_uuid, row};
use super::{PairingHost, PairingModel, PairingViewer, Slot};
use crate::model::{ConnectionState, Op, Script};
use crate::pairing::MAX_FAILED_JOINS;
use crate::timing::Parameter;

/// Client ids that hosts share, as a host does that reconnects.
const IDS: [&str; 5] = [
    "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11",
    "6F1B7A52-93C4-4E0D-8A11-0D9C5E7B2A90",
    "b2c1d7f4-5a3e-4f8e-9c60-1e2d3c4b5a69",
    "00000000-0000-0000-0000-000000000000",
    "01890a5d-ac96-774b-bcce-b302099a8057",
];
/// The polls after which a viewer's slot must be free.
const POLLS: u32 = 7;

impl PairingModel {
    pub(super) fn host(&mut self, op: &Op, script: &mut Script) -> bool {
        let has_query = op.how % 8 == 1 && self.profile.holds("PAIR-03");
        if !self.is_new(op.on) {
            return false;
        }
        let (name, code, expiry) = (format!("h{}", op.on), format!("code{}", op.on), format!("expiry{}", op.on));
        let is_timed = op.how % 8 == 2;
        if is_timed {
            script.step("mark", json!({ "as": "now" }));
        }
        let (path, check, answer_check) = if has_query {
            ("/mac?x=/browser", "PAIR-03 query-connects", "PAIR-03 query-changes-nothing")
        } else {
            ("/mac", "PAIR-01 hosts-connect", "PAIR-10 registered")
        };
        script.connect(&name, path, check);
        let registered = json!({ "type": "registered", "code": format!("${code}"), "expiresAt": format!("${expiry}") });
        script.expect(&name, registered, answer_check);
        if is_timed {
            let near = json!({ "value": format!("${expiry}"), "to": "$now", "plus": "code_lifetime", "tolerance": "2s", "check": "PAIR-12 expiry-is-reported" });
            script.step("near", near);
        }
        let host = PairingHost {
            state: ConnectionState::Open,
            code,
            is_expired: false,
            slot: Slot::Free,
            session: None,
            registers: 0,
            has_orphans: false,
        };
        self.hosts.insert(op.on, host);
        true
    }

    pub(super) fn viewer(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.is_new(op.on) {
            return false;
        }
        let path = if op.how % 16 == 1 && self.profile.holds("PAIR-03") { "/browser?x=/mac" } else { "/browser" };
        let name = format!("v{}", op.on);
        script.connect(&name, path, "PAIR-01 viewers-connect");
        if path.contains('?') {
            self.ask(&name, "PAIR-03 query-of-viewers-changes-nothing", script);
        }
        self.viewers.insert(op.on, PairingViewer::default());
        true
    }

    pub(super) fn join(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), Some(viewer), Some(host)) =
            (self.name(op.on), self.viewers.get(&op.on).cloned(), self.hosts.get(&op.with).cloned())
        else {
            return false;
        };
        let join = json!({ "type": "join", "code": format!("${}", host.code) });
        if viewer.host.is_some() {
            self.ready(&name, script);
            script.send(&name, join);
            script.expect(&name, error("ALREADY_JOINED"), "PAIR-23 joins-once");
            self.expect_others_quiet(&[op.on], "PAIR-23 reaches-no-other-connection");
            return true;
        }
        let (code, check) = match (host.state, host.slot) {
            (ConnectionState::Dropped | ConnectionState::Gone, _) => ("INVALID_CODE", "PAIR-71 dead-code"),
            (ConnectionState::Open, Slot::Held(_)) => ("ALREADY_JOINED", "PAIR-22 held-code"),
            (ConnectionState::Open, _) if host.is_expired => ("EXPIRED_CODE", "PAIR-30 expired-code"),
            (ConnectionState::Open, slot) => return self.pair(op, &name, join, slot == Slot::Leaving, script),
        };
        if !self.may_fail(op.on) {
            return false;
        }
        if host.state == ConnectionState::Dropped {
            self.settle(script);
        }
        self.ready(&name, script);
        script.send(&name, join);
        script.expect(&name, error(code), check);
        self.expect_others_quiet(&[op.on], check_of_refusal(check));
        self.failed(op.on, script);
        true
    }

    /// A viewer joins a code that is free, or whose viewer has left, perhaps unnoticed by the relay.
    fn pair(&mut self, op: &Op, name: &str, join: Value, is_left: bool, script: &mut Script) -> bool {
        if is_left && self.viewers[&op.on].failed.1 + POLLS >= MAX_FAILED_JOINS {
            return false;
        }
        self.ready(name, script);
        self.ready(&format!("h{}", op.with), script);
        let session = format!("session{}", self.tick());
        let joined = json!({ "type": "joined", "sessionId": format!("${session}") });
        if is_left {
            let poll = json!({
                "send": { "on": name, "json": join }, "expect": joined, "meanwhile": error("ALREADY_JOINED"),
                "every": "0.15 notify_deadline", "within": "notify_deadline", "check": "PAIR-73 free-after-loss",
            });
            script.step("poll", poll);
        } else {
            script.send(name, join);
            let was_held = self.hosts.get(&op.with).is_some_and(|host| host.session.is_some());
            script.expect(name, joined, if was_held { "PAIR-34 joined-again" } else { "PAIR-20 joined" });
        }
        if let Some(viewer) = self.viewers.get_mut(&op.on) {
            viewer.host = Some(op.with);
            viewer.failed = (0, viewer.failed.1 + if is_left { POLLS } else { 0 });
        }
        let Some(host) = self.hosts.get_mut(&op.with) else { return true };
        host.slot = Slot::Held(op.on);
        host.session = Some(session);
        if std::mem::take(&mut host.has_orphans) {
            self.expect_quiet(op.on, "PAIR-43 nothing-of-before");
        }
        self.expect_quiet(op.with, "PAIR-42 affects-no-other");
        true
    }

    /// Whether a join may fail: if the number of failures is uncertain, it must not be the last one allowed.
    pub(super) fn may_fail(&self, viewer: u32) -> bool {
        let (least, most) = self.viewers[&viewer].failed;
        most + 1 < MAX_FAILED_JOINS || (least == most && self.profile.holds("PAIR-91"))
    }

    /// A join failed; after the last one allowed, the relay closes the connection.
    pub(super) fn failed(&mut self, id: u32, script: &mut Script) {
        let Some(viewer) = self.viewers.get_mut(&id) else { return };
        viewer.failed = (viewer.failed.0 + 1, viewer.failed.1 + 1);
        if viewer.failed.0 == MAX_FAILED_JOINS {
            viewer.is_gone = true;
            script.expect_close(&format!("v{id}"), &[1008], "PAIR-91 guessing-is-bounded");
        }
    }

    pub(super) fn race(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(host) = self.hosts.get(&op.with) else { return false };
        if host.state != ConnectionState::Open || host.slot != Slot::Free || host.is_expired {
            return false;
        }
        let code = host.code.clone();
        let (count, tick) = (op.size + 2, self.tick());
        let (name, outcomes) = (format!("r{tick}"), format!("outcomes{tick}"));
        self.ready(&format!("h{}", op.with), script);
        let racer = Script::inner(|script| {
            script.connect(&name, "/browser", "PAIR-01 viewers-connect");
            script.step("meet", json!({}));
            script.send(&name, json!({ "type": "join", "code": format!("${code}") }));
            let choices = json!([
                { "named": "joined", "json": { "type": "joined" } },
                { "named": "refused", "json": error("ALREADY_JOINED") },
            ]);
            let answer = json!({ "on": name, "any_of": choices, "bind": outcomes, "check": "PAIR-25 answered" });
            script.step("expect", answer);
            script.step("meet", json!({}));
        });
        script.at_once("racer", count, racer);
        let to = json!({ "joined": 1, "refused": count - 1 });
        script.step("tally", json!({ "values": format!("${outcomes}"), "to": to, "check": "PAIR-25 one-is-joined" }));
        if let Some(host) = self.hosts.get_mut(&op.with) {
            host.slot = Slot::Leaving;
            host.session.get_or_insert_default();
        }
        true
    }

    pub(super) fn register(&mut self, op: &Op, script: &mut Script) -> bool {
        let (Some(name), Some(host)) = (self.name(op.on), self.hosts.get(&op.on).cloned()) else { return false };
        let is_refused = op.how % 8 == 7;
        let is_unclear = host.slot != Slot::Free || !self.profile.holds("PAIR-17");
        if !is_refused && host.is_expired && is_unclear {
            return false;
        }
        self.ready(&name, script);
        let id = IDS[op.how as usize % IDS.len()];
        if is_refused {
            for how in row(op, 9) {
                script.send_invalid(&name, json!({ "type": "register", "clientId": no_uuid(how) }));
                script.expect(&name, error("INVALID_MESSAGE"), "PAIR-16 no-uuid");
            }
            return true;
        }
        script.send(&name, json!({ "type": "register", "clientId": id }));
        let Some(known) = self.hosts.get_mut(&op.on) else { return true };
        known.registers += 1;
        if host.is_expired {
            known.code = format!("code{}_{}", op.on, known.registers);
            known.is_expired = false;
            let fresh = json!({ "type": "registered", "code": format!("${}", known.code) });
            script.expect(&name, fresh, "PAIR-17 fresh-code");
            let values = json!([format!("${}", host.code), format!("${}", known.code)]);
            script.step("distinct", json!({ "values": values, "check": "PAIR-13 another-code" }));
            return true;
        }
        let ts = self.tick();
        script.send(&name, json!({ "type": "ping", "ts": ts }));
        let same = json!({ "type": "registered", "code": format!("${}", host.code) });
        script.expect_past(&name, json!({ "type": "pong", "ts": ts }), same, "PAIR-15 changes-nothing");
        self.expect_others_quiet(&[op.on], "PAIR-15 register-affects-no-other");
        true
    }

    pub(super) fn compare(&mut self, script: &mut Script) -> bool {
        let known: Vec<_> = self.hosts.values().filter(|host| host.state == ConnectionState::Open).collect();
        let codes: Vec<_> = known.iter().map(|host| format!("${}", host.code)).collect();
        let sessions = known.iter().filter_map(|host| host.session.as_ref()).filter(|session| !session.is_empty());
        let sessions: Vec<_> = sessions.map(|session| format!("${session}")).collect();
        let lists = [(codes, "PAIR-13 codes-differ"), (sessions, "PAIR-20 sessions-differ")];
        let mut written = false;
        for (values, check) in lists.into_iter().filter(|(values, _)| values.len() > 1) {
            script.step("distinct", json!({ "values": values, "check": check }));
            written = true;
        }
        written
    }

    /// Waits until the relay has noticed every loss.
    pub(super) fn settle(&mut self, script: &mut Script) {
        script.wait("notify_deadline", self.value(Parameter::NotifyDeadline));
        for host in self.hosts.values_mut() {
            if host.state == ConnectionState::Dropped {
                host.state = ConnectionState::Gone;
            }
            if host.slot == Slot::Leaving {
                host.slot = Slot::Free;
            }
        }
    }
}

fn check_of_refusal(check: &str) -> &'static str {
    if check.starts_with("PAIR-22") { "PAIR-22 pairing-goes-on" } else { "PAIR-42 affects-no-other" }
}
