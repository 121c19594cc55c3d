//! Hosts and viewers come, and others that are neither.

use serde_json::{Value, json};

use super::{Host, Life, Viewer, World};
use crate::model::{Op, PONG, Script};
use crate::timing::Parameter;

impl World {
    pub(super) fn host(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.is_new(op.on) {
            return false;
        }
        let name = format!("h{}", op.on);
        open(&name, Some("host"), script);
        let id = if op.how % 4 == 1 { String::new() } else { format!("laptop {}", op.how % 3) };
        if op.how % 8 == 2 {
            script.ping_frame(&name, "before all", None, PONG);
        }
        let register = json!({ "type": "register", "client_id": id });
        first(&name, register, op.how, script);
        let registered = json!({ "type": "registered", "code": format!("$code{}", op.on) });
        script.expect(&name, registered, "TERM-01 registered");
        self.hosts.insert(op.on, Host { life: Life::Open, kept: Vec::new(), size: 0 });
        true
    }

    pub(super) fn viewer(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.is_new(op.on) || self.hosts.get(&op.with).is_none_or(|host| host.life != Life::Open) {
            return false;
        }
        let (name, host) = (format!("v{}", op.on), format!("h{}", op.with));
        self.ready(&host, script);
        open(&name, Some("viewer"), script);
        let code = match op.how % 3 {
            1 => json!({ "change": "lower", "of": format!("${{code{}}}", op.with) }),
            _ => json!(format!("$code{}", op.with)),
        };
        first(&name, json!({ "type": "auth", "session_code": code }), op.how, script);
        script.expect(&name, json!({ "type": "auth_success" }), "TERM-02 auth-success");
        for kept in &self.hosts[&op.with].kept {
            kept.arrive(&name, None, "TERM-30 scrollback", script);
        }
        let connected = json!({ "json": { "type": "browser_connected", "browser_id": format!("$browser{}", op.on) } });
        self.expects(&host, connected, "TERM-10 host-is-told", script);
        self.viewers.insert(op.on, Viewer { host: op.with, is_gone: false });
        self.taints.insert(name.clone(), "TERM-30 nothing-twice");
        self.taint_others(&[name, host], "TERM-10 coming-concerns-nobody-else");
        true
    }

    /// Somebody with a code that no host has, or has any more.
    pub(super) fn stranger(&mut self, op: &Op, script: &mut Script) -> bool {
        let lost = self.hosts.get(&op.with).map(|host| host.life);
        let code = match (op.how % 5, lost) {
            (_, Some(Life::Open)) => return false,
            (0..=2, Some(life)) => {
                if life == Life::Dying {
                    self.settle(script);
                }
                json!(format!("$code{}", op.with))
            }
            (3, _) => json!(""),
            (4, _) => json!("no code"),
            _ => json!("AAAAAA"),
        };
        let name = format!("s{}", self.tick());
        open(&name, Some("viewer"), script);
        script.send(&name, json!({ "type": "auth", "session_code": code }));
        let check = if lost.is_some() { "TERM-40 dead-code" } else { "TERM-03 unknown-code" };
        script.expect(&name, json!({ "type": "auth_failed" }), check);
        script.expect_close(&name, &[1008], "TERM-03 stranger-is-closed");
        self.taint_others(&[], "TERM-03 refusal-concerns-nobody-else");
        true
    }

    /// Somebody who says something else first.
    pub(super) fn odd_opening(&mut self, op: &Op, script: &mut Script) -> bool {
        let name = format!("o{}", self.tick());
        open(&name, None, script);
        let first: Value = match op.how % 8 {
            0 => json!({ "text": "no JSON" }),
            1 => json!({ "json": { "type": "register" } }),
            2 => json!({ "json": { "type": "auth" } }),
            3 => json!({ "json": { "type": "create_session" } }),
            4 => json!({ "json": { "type": "session_list", "sessions": [] } }),
            5 => json!({ "hex": "01 31" }),
            6 => json!({ "json": { "type": "auth", "session_code": 7 } }),
            _ => json!({ "text": "[]" }),
        };
        let mut send = first;
        send["on"] = json!(name);
        script.step("send", send);
        script.expect(&name, json!({ "type": "error" }), "TERM-04 refused");
        script.expect_close(&name, &[], "TERM-04 then-closed-with-any-code");
        self.taint_others(&[], "TERM-04 opening-concerns-nobody-else");
        true
    }

    /// Somebody who says nothing.
    pub(super) fn silence(&mut self, script: &mut Script) -> bool {
        if !self.setting.holds("TERM-05") || self.value(Parameter::AuthTimeout) > super::QUICK {
            return false;
        }
        let name = format!("q{}", self.tick());
        open(&name, None, script);
        let within = "1.1 auth_timeout + 300ms";
        let skipping = json!({ "type": "error" });
        let loss = json!({ "on": name, "loss": {}, "skipping": skipping, "within": within, "check": "TERM-05 closed" });
        script.step("expect", loss);
        script.waits_for(within, self.value(Parameter::AuthTimeout) * 11 / 10);
        true
    }

    /// All codes differ, and all ids of a host's viewers.
    pub(super) fn compare(&mut self, script: &mut Script) -> bool {
        let hosts: Vec<_> = self.hosts.iter().filter(|(_, host)| host.life == Life::Open).map(|(id, _)| *id).collect();
        let codes: Vec<_> = hosts.iter().map(|id| format!("$code{id}")).collect();
        let mut lists = vec![(codes, "TERM-06 codes-differ")];
        for host in hosts {
            let of_it = self.viewers.iter().filter(|(_, viewer)| viewer.host == host);
            lists.push((of_it.map(|(id, _)| format!("$browser{id}")).collect(), "TERM-10 ids-differ"));
        }
        lists.retain(|(values, _)| values.len() > 1);
        for (values, check) in &lists {
            script.step("distinct", json!({ "values": values, "check": check }));
        }
        !lists.is_empty()
    }

    fn settle(&mut self, script: &mut Script) {
        script.wait("notify_deadline", self.value(Parameter::NotifyDeadline));
        for host in self.hosts.values_mut().filter(|host| host.life == Life::Dying) {
            host.life = Life::Gone;
        }
    }
}

fn open(name: &str, role: Option<&str>, script: &mut Script) {
    let mut keys = json!({ "as": name, "to": "/ws", "check": "TERM-01 connects" });
    if let Some(role) = role {
        keys["role"] = json!(role);
    }
    script.step("connect", keys);
}

/// A first message, in fragments or with a member that nobody knows.
fn first(name: &str, mut message: Value, how: u32, script: &mut Script) {
    if how % 8 == 5 {
        message["more"] = json!([1]);
    }
    let mut keys = json!({ "on": name, "json": message });
    if how % 8 == 6 {
        keys["fragments"] = json!(3);
    }
    script.step("send", keys);
}
