//! Lost connections and expired codes.

use serde_json::json;

use super::forms::error;
use super::{PairingModel, Slot};
use crate::model::{ConnectionState, Op, Script};
use crate::timing::Parameter;

impl PairingModel {
    pub(super) fn lose(&mut self, op: &Op, script: &mut Script) -> bool {
        self.prepared(op.on, script).is_some_and(|name| {
            let seen = script.lose(&name, op.how);
            self.lost(op.on, seen, "PAIR-70 viewer-is-notified", script);
            true
        })
    }

    pub(super) fn violate(&mut self, op: &Op, script: &mut Script) -> bool {
        self.prepared(op.on, script).is_some_and(|name| {
            script.violate(&name, op.how);
            self.lost(op.on, false, "PAIR-70 viewer-is-notified", script);
            true
        })
    }

    /// Confirms that a connection that is about to end, and its partner, have received nothing unexpected.
    fn prepared(&mut self, id: u32, script: &mut Script) -> Option<String> {
        let name = self.name(id)?;
        self.ready(&name, script);
        if let Some(partner) = self.partner(id).and_then(|id| self.name(id)) {
            self.ready(&partner, script);
        }
        Some(name)
    }

    /// A connection ended; `seen` if the relay is known to have noticed. A host's viewer is notified.
    pub(super) fn lost(&mut self, id: u32, seen: bool, check: &str, script: &mut Script) {
        self.quiet.retain(|name, _| *name != format!("h{id}") && *name != format!("v{id}"));
        if let Some(viewer) = self.viewers.get_mut(&id) {
            viewer.is_gone = true;
            if let Some((host, known)) = viewer.host.take().and_then(|host| Some((host, self.hosts.get_mut(&host)?))) {
                known.slot = if seen { Slot::Free } else { Slot::Leaving };
                self.expect_quiet(host, "PAIR-73 keeps-its-session");
            }
            return;
        }
        let Some(host) = self.hosts.get_mut(&id) else { return };
        let slot = std::mem::replace(&mut host.slot, Slot::Free);
        host.state = if seen { ConnectionState::Gone } else { ConnectionState::Dropped };
        let Slot::Held(viewer) = slot else { return };
        host.state = ConnectionState::Gone;
        script.expect(&format!("v{viewer}"), error("MAC_DISCONNECTED"), check);
        if let Some(viewer) = self.viewers.get_mut(&viewer) {
            viewer.host = None;
        }
        self.expect_others_quiet(&[viewer], "PAIR-70 loss-affects-no-other");
        self.expect_quiet(viewer, "PAIR-72 keeps-its-connection");
    }

    pub(super) fn outlive(&mut self, script: &mut Script) -> bool {
        let open: Vec<_> =
            self.hosts.iter().filter(|(_, host)| host.state == ConnectionState::Open).map(|(id, _)| *id).collect();
        let is_unclear = |id: &u32| self.hosts[id].slot == Slot::Leaving || self.hosts[id].is_expired;
        if self.has_outlived || open.is_empty() || open.iter().any(is_unclear) {
            return false;
        }
        self.has_outlived = true;
        let span = "code_lifetime + 60ms";
        let length = self.value(Parameter::CodeLifetime) + std::time::Duration::from_millis(60);
        script.wait(span, length);
        for host in self.hosts.values_mut().filter(|host| host.slot == Slot::Free) {
            host.is_expired = true;
        }
        for id in open {
            self.expect_quiet(id, "PAIR-33 goes-on");
        }
        true
    }

    pub(super) fn heartbeat(&mut self, op: &Op, script: &mut Script) -> bool {
        let Some(name) = self.prepared(op.on, script) else { return false };
        let (interval, timeout) = (self.value(Parameter::HeartbeatInterval), self.value(Parameter::HeartbeatTimeout));
        if op.how.is_multiple_of(2) || interval + timeout > super::SHORT {
            let within = "1.1 heartbeat_interval + 100ms";
            script.step("expect", json!({ "on": name, "ping": {}, "within": within, "check": "PAIR-80 pings-come" }));
            script.waits_for(within, interval * 11 / 10);
            return true;
        }
        script.step("mute", json!({ "on": name }));
        let within = "1.2 heartbeat_interval + heartbeat_timeout + 300ms";
        script.step("expect", json!({ "on": name, "loss": {}, "within": within, "check": "PAIR-81 silence-ends-it" }));
        script.waits_for(within, interval * 12 / 10 + timeout);
        self.lost(op.on, false, "PAIR-81 its-viewer-is-notified", script);
        true
    }
}
