//! Codes that expire, and heartbeats. Each operation runs on connections of its own.

use std::time::Duration;

use serde_json::{Value, json};

use super::PairingModel;
use super::forms::error;
use crate::model::{Model, Op, Script};
use crate::timing::Parameter;

/// The connections of one operation: a host, the variables of its code and expiry, and a viewer that has not joined.
struct Pair {
    host: String,
    code: String,
    expiry: String,
    viewer: String,
}

impl PairingModel {
    fn pair_up(&mut self, script: &mut Script) -> Pair {
        let tick = self.tick();
        let pair = Pair {
            host: format!("ah{tick}"),
            code: format!("acode{tick}"),
            expiry: format!("aexpiry{tick}"),
            viewer: format!("av{tick}"),
        };
        let (code, expiry) = (format!("${}", pair.code), format!("${}", pair.expiry));
        script.connect(&pair.viewer, "/browser", "PAIR-01 viewers-connect");
        script.connect(&pair.host, "/mac", "PAIR-01 hosts-connect");
        let registered = json!({ "type": "registered", "code": code, "expiresAt": expiry });
        script.expect(&pair.host, registered, "PAIR-10 registered");
        pair
    }

    fn part(&self, percent: u32, script: &mut Script) {
        let length = self.value(Parameter::CodeLifetime) * percent / 100;
        script.wait(&format!("{} code_lifetime", f64::from(percent) / 100.0), length);
    }

    /// Waits past the expiry of a code, by a percentage of the retention; 0 is just after it.
    fn outlived(&self, pair: &Pair, percent: u32, script: &mut Script) {
        let plus = match percent {
            0 => "60ms".to_owned(),
            some => format!("{} code_retention", f64::from(some) / 100.0),
        };
        script.step("wait", json!({ "until": format!("${}", pair.expiry), "plus": plus }));
        let retention = self.value(Parameter::CodeRetention) * percent / 100;
        script.waits_for(
            &format!("code_lifetime + {plus}"),
            self.value(Parameter::CodeLifetime) + retention + Duration::from_millis(60),
        );
    }

    pub(super) fn age(&mut self, op: &Op, script: &mut Script) -> bool {
        if self.value(Parameter::CodeLifetime) > super::SHORT || !self.open().is_empty() {
            return false;
        }
        let pair = self.pair_up(script);
        let (host, viewer) = (&*pair.host, &*pair.viewer);
        let join = || json!({ "type": "join", "code": format!("${}", pair.code) });
        let joins = |script: &mut Script, check| {
            script.send(viewer, join());
            script.expect(viewer, json!({ "type": "joined" }), check);
        };
        let expired = |script: &mut Script, check| {
            script.send(viewer, join());
            script.expect(viewer, error("EXPIRED_CODE"), check);
        };
        match op.how % 7 {
            0 => {
                self.outlived(&pair, 0, script);
                expired(script, "PAIR-30 expired-code");
            }
            1 => {
                self.part(88, script);
                joins(script, "PAIR-31 joined-in-time");
            }
            2 => {
                self.outlived(&pair, if op.size.is_multiple_of(2) { 60 } else { 93 }, script);
                expired(script, "PAIR-32 retained");
            }
            3 => {
                joins(script, "PAIR-20 joined");
                self.outlived(&pair, if op.size.is_multiple_of(2) { 0 } else { 115 }, script);
                carries(host, viewer, "PAIR-33 data-flows-on", script);
                let late = format!("al{}", self.tick());
                script.connect(&late, "/browser", "PAIR-01 viewers-connect");
                script.send(&late, join());
                script.expect(&late, error("ALREADY_JOINED"), "PAIR-22 held-however-old");
            }
            4 => {
                joins(script, "PAIR-20 joined");
                self.part(60, script);
                script.lose(viewer, 0);
                self.part(70, script);
                let second = format!("al{}", self.tick());
                script.connect(&second, "/browser", "PAIR-01 viewers-connect");
                script.send(&second, join());
                script.expect(&second, json!({ "type": "joined" }), "PAIR-34 fresh-lifetime");
            }
            5 if self.profile.holds("PAIR-17") => {
                self.outlived(&pair, 0, script);
                script.send(host, json!({ "type": "register", "clientId": "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11" }));
                let fresh = format!("$fresh{}", self.tick());
                script.expect(host, json!({ "type": "registered", "code": fresh }), "PAIR-17 fresh-code");
                expired(script, "PAIR-32 retained-when-replaced");
                script.send(viewer, json!({ "type": "join", "code": fresh }));
                script.expect(viewer, json!({ "type": "joined" }), "PAIR-17 fresh-code-is-live");
                carries(host, viewer, "PAIR-17 fresh-code-carries", script);
            }
            _ => {
                self.outlived(&pair, 0, script);
                script.lose(host, 0);
                script.send(viewer, join());
                script.expect(viewer, error("INVALID_CODE"), "PAIR-71 expired-and-dead");
            }
        }
        true
    }

    /// Pings are sent at the interval; a client that does not answer is disconnected.
    pub(super) fn beat(&mut self, op: &Op, script: &mut Script) -> bool {
        if self.value(Parameter::HeartbeatInterval) > super::QUICK || !self.open().is_empty() {
            return false;
        }
        let (interval, timeout) = (self.value(Parameter::HeartbeatInterval), self.value(Parameter::HeartbeatTimeout));
        let pair = self.pair_up(script);
        let (host, viewer) = (&*pair.host, &*pair.viewer);
        let is_joined = op.how % 2 == 1;
        if is_joined {
            script.send(viewer, json!({ "type": "join", "code": format!("${}", pair.code) }));
            script.expect(viewer, json!({ "type": "joined" }), "PAIR-20 joined");
        }
        let who = if (op.how / 2).is_multiple_of(2) { viewer } else { host };
        if (op.how / 4).is_multiple_of(2) {
            let every = json!({
                "on": who, "count": 4, "every": "heartbeat_interval", "tolerance_percent": 10, "check": "PAIR-80 pings-keep-time",
            });
            script.step("heartbeat", every);
            script.waits_for("4.4 heartbeat_interval", interval * 44 / 10);
            return true;
        }
        script.step("mute", json!({ "on": who }));
        let within = "1.2 heartbeat_interval + heartbeat_timeout + 300ms";
        script.step("expect", json!({ "on": who, "loss": {}, "within": within, "check": "PAIR-81 silence-ends-it" }));
        script.waits_for(within, interval * 12 / 10 + timeout);
        if is_joined && who == host {
            script.expect(viewer, error("MAC_DISCONNECTED"), "PAIR-81 its-viewer-is-notified");
        } else if is_joined {
            let second = format!("al{}", self.tick());
            script.connect(&second, "/browser", "PAIR-01 viewers-connect");
            let poll = json!({
                "send": { "on": second, "json": { "type": "join", "code": format!("${}", pair.code) } },
                "expect": { "type": "joined" }, "meanwhile": error("ALREADY_JOINED"),
                "every": "0.15 notify_deadline", "within": "notify_deadline", "check": "PAIR-81 free-after-silence",
            });
            script.step("poll", poll);
            carries(host, &second, "PAIR-81 carries-for-the-next", script);
        }
        true
    }
}

fn carries(host: &str, viewer: &str, check: &str, script: &mut Script) {
    let data = |text: &str| -> Value { json!({ "type": "data", "payload": text }) };
    script.send(host, data("to the viewer"));
    script.expect(viewer, data("to the viewer"), check);
    script.send(viewer, data("to the host"));
    script.expect(host, data("to the host"), check);
}
