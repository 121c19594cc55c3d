//! The order rules of a pairing connection. Binary messages are not part of the protocol; lint reports them.

use crate::order::{Observed, Order, RuleViolation, violation};

/// The order rules of a new connection of a host or a viewer.
pub fn order(role: &str) -> Box<dyn Order> {
    let state =
        if role == "host" { PairingState::Unregistered } else { PairingState::Unjoined { joins: 0, host_lost: false } };
    Box::new(PairingOrder { state, client_is_silent: true, registers: 0, pings: Vec::new() })
}

/// The number of unanswered pings that are remembered; a peer that answers none violates another rule.
const MAX_PINGS: usize = 10_000;

struct PairingOrder {
    state: PairingState,
    client_is_silent: bool,
    registers: usize,
    pings: Vec<f64>,
}

enum PairingState {
    Unregistered,
    Registered,
    Unjoined {
        /// The joins since the connection last belonged to a session.
        joins: usize,
        /// Whether it belonged to one whose host was lost.
        host_lost: bool,
    },
    Joined,
}

impl Order for PairingOrder {
    fn client_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let Observed::Message(message) = observed else { return Ok(()) };
        let is_first = std::mem::take(&mut self.client_is_silent);
        match (observed.name(), &mut self.state) {
            ("join", PairingState::Unjoined { joins, .. }) => *joins += 1,
            ("ping", _) if self.pings.len() < MAX_PINGS => self.pings.extend(message["ts"].as_f64()),
            ("register", PairingState::Unregistered | PairingState::Registered) => self.registers += 1,
            _ => {}
        }
        match (observed.name(), &self.state) {
            (name, PairingState::Unjoined { .. }) if is_first && name != "join" => {
                violation("PAIR-V1", "the first message on a viewer's connection is not `join`")
            }
            // Data in flight when the host was lost looks the same, so the runner lets the viewer go idle first.
            ("data", PairingState::Unjoined { joins: 0, host_lost: true }) => {
                violation("PAIR-V5", "`data` after `MAC_DISCONNECTED`")
            }
            ("data", PairingState::Unjoined { .. }) => violation("PAIR-V3", "`data` before `joined`"),
            ("data", PairingState::Unregistered) => violation("PAIR-H4", "`data` before `registered`"),
            ("register", _) if self.registers > 1 => violation("PAIR-H1", "`register` again on one connection"),
            _ => Ok(()),
        }
    }

    fn server_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let Observed::Message(message) = observed else { return Ok(()) };
        let name = observed.name();
        if let PairingState::Unregistered = self.state {
            self.state = PairingState::Registered;
            if name != "registered" {
                return violation("PAIR-10", "the first message on a host's connection is not `registered`");
            }
        }
        match (name, &self.state) {
            ("pong", _) => {
                let answered = self.pings.iter().position(|ts| Some(*ts) == message["ts"].as_f64());
                if self.pings.len() == MAX_PINGS {
                    return Ok(());
                }
                let Some(at) = answered else {
                    return violation("PAIR-50", "`pong` with a `ts` that no unanswered `ping` of this connection has");
                };
                self.pings.swap_remove(at);
            }
            ("joined", PairingState::Unjoined { joins: 0, .. }) => {
                return violation("PAIR-20", "`joined` without a `join`");
            }
            ("joined", PairingState::Unjoined { .. }) => self.state = PairingState::Joined,
            ("joined", PairingState::Joined) => {
                return violation("PAIR-23", "`joined` on a connection that has already joined");
            }
            ("data", PairingState::Unjoined { .. }) => {
                return violation("PAIR-42", "`data` on a viewer's connection that belongs to no session");
            }
            ("error", PairingState::Unjoined { .. }) if message["code"] == "MAC_DISCONNECTED" => {
                return violation("PAIR-70", "`MAC_DISCONNECTED` on a connection that belongs to no session");
            }
            ("error", PairingState::Joined) if message["code"] == "MAC_DISCONNECTED" => {
                self.state = PairingState::Unjoined { joins: 0, host_lost: true };
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::order::violated_by;

    #[test]
    fn each_rule_is_violated_and_kept() {
        let joined = || json!({ "type": "joined" });
        let join = || json!({ "type": "join" });
        let data = || json!({ "type": "data" });
        let ping = |ts: f64| json!({ "type": "ping", "ts": ts });
        let pong = |ts: f64| json!({ "type": "pong", "ts": ts });
        let gone = || json!({ "type": "error", "code": "MAC_DISCONNECTED" });
        let refused = || json!({ "type": "error", "code": "INVALID_CODE" });
        let register = || json!({ "type": "register" });
        let registered = || json!({ "type": "registered" });
        for (role, messages, violated) in [
            ("host", vec![('<', registered()), ('<', data())], None),
            ("host", vec![('<', data())], Some("PAIR-10")),
            ("host", vec![('<', registered()), ('>', ping(1.0)), ('<', pong(1.0))], None),
            ("host", vec![('<', registered()), ('>', ping(1.0)), ('<', pong(2.0))], Some("PAIR-50")),
            ("host", vec![('<', registered()), ('>', ping(1.0)), ('<', pong(1.0)), ('<', pong(1.0))], Some("PAIR-50")),
            ("host", vec![('>', ping(1.0)), ('>', register()), ('<', registered()), ('>', data())], None),
            ("host", vec![('>', data())], Some("PAIR-H4")),
            ("host", vec![('>', register()), ('<', registered()), ('>', register())], Some("PAIR-H1")),
            ("viewer", vec![('>', join()), ('<', joined()), ('<', data())], None),
            ("viewer", vec![('<', joined())], Some("PAIR-20")),
            ("viewer", vec![('>', join()), ('<', joined()), ('>', join()), ('<', joined())], Some("PAIR-23")),
            ("viewer", vec![('>', join()), ('<', data())], Some("PAIR-42")),
            ("viewer", vec![('<', gone())], Some("PAIR-70")),
            ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('<', data())], Some("PAIR-42")),
            ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('>', join()), ('<', joined())], None),
            ("viewer", vec![('>', join()), ('>', ping(1.0)), ('<', joined()), ('>', data())], None),
            ("viewer", vec![('>', ping(1.0))], Some("PAIR-V1")),
            ("viewer", vec![('>', data())], Some("PAIR-V1")),
            ("viewer", vec![('>', join()), ('>', data())], Some("PAIR-V3")),
            ("viewer", vec![('>', join()), ('<', refused()), ('>', data())], Some("PAIR-V3")),
            ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('>', ping(1.0))], None),
            ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('>', data())], Some("PAIR-V5")),
            (
                "viewer",
                vec![('>', join()), ('<', joined()), ('<', gone()), ('>', join()), ('>', data())],
                Some("PAIR-V3"),
            ),
        ] {
            assert_eq!(violated_by(order(role), &messages), violated, "{role}: {messages:?}");
        }
    }

    #[test]
    fn ignores_binary_messages() {
        let mut order = order("viewer");
        assert_eq!(order.client_sent(&Observed::Binary(&[1])), Ok(()));
        assert_eq!(order.client_sent(&Observed::Message(&json!({ "type": "join" }))), Ok(()));
        assert_eq!(order.server_sent(&Observed::Binary(&[1])), Ok(()));
    }
}
