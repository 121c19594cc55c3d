//! Lost connections.

use serde_json::json;

use super::{QUICK, TerminalModel};
use crate::model::{ConnectionState, Op, Script};
use crate::timing::Parameter;

impl TerminalModel {
    pub(super) fn lose(&mut self, op: &Op, script: &mut Script) -> bool {
        self.prepared(op.on, script).is_some_and(|name| {
            let skipping = self.erring.contains(&name);
            // An `error` that may still come would precede the Close frame.
            let seen = script.lose(&name, if skipping { 3 + op.how % 2 } else { op.how });
            self.lost(op.on, seen, script);
            true
        })
    }

    pub(super) fn violate(&mut self, op: &Op, script: &mut Script) -> bool {
        if self.name(op.on).is_some_and(|name| self.erring.contains(&name)) {
            return false;
        }
        self.prepared(op.on, script).is_some_and(|name| {
            script.violate(&name, op.how);
            self.lost(op.on, false, script);
            true
        })
    }

    /// Confirms that a connection that is about to end, and those that are notified, have received nothing unexpected.
    fn prepared(&mut self, id: u32, script: &mut Script) -> Option<String> {
        let name = self.name(id)?;
        self.ready(&name, script);
        let others = match self.viewers.get(&id) {
            Some(viewer) => vec![format!("h{}", viewer.host)],
            None => self.audience(id),
        };
        others.iter().for_each(|name| self.ready(name, script));
        Some(name)
    }

    /// A connection ended; `seen` if the relay is known to have noticed.
    fn lost(&mut self, id: u32, seen: bool, script: &mut Script) {
        self.quiet.retain(|name, _| *name != format!("h{id}") && *name != format!("v{id}"));
        if let Some(viewer) = self.viewers.get_mut(&id) {
            viewer.is_gone = true;
            let host = format!("h{}", viewer.host);
            let notice = json!({ "json": { "type": "browser_disconnected", "browser_id": format!("$browser{id}") } });
            self.expects(&host, notice, "TERM-11 host-is-notice-of-the-loss", script);
            self.expect_others_quiet(&[host], "TERM-11 leaving-affects-no-other");
            return;
        }
        let audience = self.audience(id);
        for name in &audience {
            script.expect(name, json!({ "type": "error" }), "TERM-40 viewers-are-notified");
            self.expects(name, json!({ "close": { "code": [1000] } }), "TERM-40 viewers-are-closed", script);
            self.quiet.remove(name);
        }
        if let Some(host) = self.hosts.get_mut(&id) {
            host.state = if seen || !audience.is_empty() { ConnectionState::Gone } else { ConnectionState::Dropped };
        }
        self.viewers.values_mut().filter(|viewer| viewer.host == id).for_each(|viewer| viewer.is_gone = true);
        self.expect_others_quiet(&[], "TERM-40 loss-affects-no-other");
    }

    pub(super) fn heartbeat(&mut self, op: &Op, script: &mut Script) -> bool {
        let (interval, timeout) = (self.value(Parameter::HeartbeatInterval), self.value(Parameter::HeartbeatTimeout));
        if !self.profile.holds("TERM-50") || interval > QUICK {
            return false;
        }
        let Some(name) = self.prepared(op.on, script) else { return false };
        if op.how.is_multiple_of(2) || timeout > QUICK {
            let within = "1.1 heartbeat_interval + 100ms";
            script.step("expect", json!({ "on": name, "ping": {}, "within": within, "check": "TERM-50 pings-come" }));
            script.waits_for(within, interval * 11 / 10);
            return true;
        }
        script.step("mute", json!({ "on": name }));
        let within = "1.2 heartbeat_interval + heartbeat_timeout + 300ms";
        self.expects(&name, json!({ "loss": {}, "within": within }), "TERM-50 silence-ends-it", script);
        script.waits_for(within, interval * 12 / 10 + timeout);
        self.lost(op.on, false, script);
        true
    }
}
