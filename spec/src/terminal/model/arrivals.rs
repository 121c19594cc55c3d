//! Hosts, viewers and other clients connect.

use serde_json::{Value, json};

use super::{TerminalHost, TerminalModel, TerminalViewer};
use crate::model::{ConnectionState, Op, PONG, Script};
use crate::timing::Parameter;

impl TerminalModel {
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
        self.hosts.insert(op.on, TerminalHost { state: ConnectionState::Open, kept: Vec::new(), size: 0 });
        true
    }

    pub(super) fn viewer(&mut self, op: &Op, script: &mut Script) -> bool {
        if !self.is_new(op.on) || self.hosts.get(&op.with).is_none_or(|host| host.state != ConnectionState::Open) {
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
        self.expects(&host, connected, "TERM-10 host-is-notified", script);
        self.viewers.insert(op.on, TerminalViewer { host: op.with, is_gone: false });
        self.quiet.insert(name.clone(), "TERM-30 nothing-twice");
        self.expect_others_quiet(&[name, host], "TERM-10 coming-affects-no-other");
        true
    }

    /// A viewer with a code that no host has, or no longer has.
    pub(super) fn stranger(&mut self, op: &Op, script: &mut Script) -> bool {
        let lost = self.hosts.get(&op.with).map(|host| host.state);
        let code = match (op.how % 5, lost) {
            (_, Some(ConnectionState::Open)) => return false,
            (0..=2, Some(state)) => {
                if state == ConnectionState::Dropped {
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
        self.expect_others_quiet(&[], "TERM-03 refusal-affects-no-other");
        true
    }

    /// A client with an invalid first message.
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
        self.expect_others_quiet(&[], "TERM-04 opening-affects-no-other");
        true
    }

    pub(super) fn silence(&mut self, script: &mut Script) -> bool {
        if !self.profile.holds("TERM-05") || self.value(Parameter::AuthTimeout) > super::QUICK {
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

    pub(super) fn compare(&mut self, script: &mut Script) -> bool {
        let hosts: Vec<_> =
            self.hosts.iter().filter(|(_, host)| host.state == ConnectionState::Open).map(|(id, _)| *id).collect();
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
        for host in self.hosts.values_mut().filter(|host| host.state == ConnectionState::Dropped) {
            host.state = ConnectionState::Gone;
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

/// A first message, in fragments or with an unknown member.
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
