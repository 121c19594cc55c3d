//! The order of one pairing connection, as an observer on its wire can know it.
//!
//! Binary messages belong to no conversation of this family; that they came at all is for lint.

use crate::order::{Breach, Order, Said};

/// The order rules of a new connection of a host or a viewer.
#[must_use]
pub fn order(role: &str) -> Box<dyn Order> {
    let place = if role == "host" { Place::Unregistered } else { Place::Unjoined { joins: 0, host_lost: false } };
    Box::new(Connection { place, client_is_silent: true, registers: 0, pings: Vec::new() })
}

/// Pings that nobody has answered are remembered up to this many; a subject that answers none fails elsewhere.
const MAX_PINGS: usize = 10_000;

struct Connection {
    place: Place,
    /// Whether the client has said nothing yet.
    client_is_silent: bool,
    registers: usize,
    pings: Vec<f64>,
}

enum Place {
    Unregistered,
    Registered,
    Unjoined {
        /// The joins since the connection belonged to no session.
        joins: usize,
        /// Whether it had one, and the host of that one was lost.
        host_lost: bool,
    },
    Joined,
}

fn breach(requirement: &'static str, why: &str) -> Result<(), Breach> {
    Err(Breach { requirement, why: why.to_owned() })
}

impl Order for Connection {
    fn client_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let Said::Message(message) = said else { return Ok(()) };
        let is_first = std::mem::take(&mut self.client_is_silent);
        match (said.name(), &mut self.place) {
            ("join", Place::Unjoined { joins, .. }) => *joins += 1,
            ("ping", _) if self.pings.len() < MAX_PINGS => self.pings.extend(message["ts"].as_f64()),
            ("register", Place::Unregistered | Place::Registered) => self.registers += 1,
            _ => {}
        }
        match (said.name(), &self.place) {
            (name, Place::Unjoined { .. }) if is_first && name != "join" => {
                breach("PAIR-V1", "the first message on a viewer's connection is not `join`")
            }
            // What was on its way when the host was lost looks the same: whoever plays the relay lets the viewer fall silent first.
            ("data", Place::Unjoined { joins: 0, host_lost: true }) => {
                breach("PAIR-V5", "`data` after `MAC_DISCONNECTED`")
            }
            ("data", Place::Unjoined { .. }) => breach("PAIR-V3", "`data` before `joined`"),
            ("data", Place::Unregistered) => breach("PAIR-H4", "`data` before `registered`"),
            ("register", _) if self.registers > 1 => breach("PAIR-H1", "`register` again on one connection"),
            _ => Ok(()),
        }
    }

    fn server_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let Said::Message(message) = said else { return Ok(()) };
        let name = said.name();
        if let Place::Unregistered = self.place {
            self.place = Place::Registered;
            if name != "registered" {
                return breach("PAIR-10", "the first message on a host's connection is not `registered`");
            }
        }
        match (name, &self.place) {
            ("pong", _) => {
                let answered = self.pings.iter().position(|ts| Some(*ts) == message["ts"].as_f64());
                if self.pings.len() == MAX_PINGS {
                    return Ok(());
                }
                let Some(at) = answered else {
                    return breach("PAIR-50", "`pong` with a `ts` that no unanswered `ping` of this connection has");
                };
                self.pings.swap_remove(at);
            }
            ("joined", Place::Unjoined { joins: 0, .. }) => return breach("PAIR-20", "`joined` without a `join`"),
            ("joined", Place::Unjoined { .. }) => self.place = Place::Joined,
            ("joined", Place::Joined) => return breach("PAIR-23", "`joined` on a connection that has joined already"),
            ("data", Place::Unjoined { .. }) => {
                return breach("PAIR-42", "`data` on a viewer's connection that belongs to no session");
            }
            ("error", Place::Unjoined { .. }) if message["code"] == "MAC_DISCONNECTED" => {
                return breach("PAIR-70", "`MAC_DISCONNECTED` on a connection that belongs to no session");
            }
            ("error", Place::Joined) if message["code"] == "MAC_DISCONNECTED" => {
                self.place = Place::Unjoined { joins: 0, host_lost: true };
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Plays `>` (the client said) and `<` (the server said) messages; the requirement that the last of them breaks, if any. Those before
    /// must break none.
    fn play(role: &str, story: &[(char, Value)]) -> Option<&'static str> {
        let mut order = order(role);
        let mut broken = None;
        for (who, message) in story {
            assert_eq!(broken, None, "{role}: before {message} in {story:?}");
            let said = Said::Message(message);
            let verdict = if *who == '>' { order.client_said(&said) } else { order.server_said(&said) };
            broken = verdict.err().map(|breach| breach.requirement);
        }
        broken
    }

    #[test]
    fn each_rule_is_broken_and_kept() {
        let joined = || json!({ "type": "joined" });
        let join = || json!({ "type": "join" });
        let data = || json!({ "type": "data" });
        let ping = |ts: f64| json!({ "type": "ping", "ts": ts });
        let pong = |ts: f64| json!({ "type": "pong", "ts": ts });
        let gone = || json!({ "type": "error", "code": "MAC_DISCONNECTED" });
        let refused = || json!({ "type": "error", "code": "INVALID_CODE" });
        let register = || json!({ "type": "register" });
        let registered = || json!({ "type": "registered" });
        for (role, story, broken) in [
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
            assert_eq!(play(role, &story), broken, "{role}: {story:?}");
        }
    }

    #[test]
    fn binary_messages_are_no_part_of_it() {
        let mut order = order("viewer");
        assert_eq!(order.client_said(&Said::Binary(&[1])), Ok(()));
        assert_eq!(order.client_said(&Said::Message(&json!({ "type": "join" }))), Ok(()));
        assert_eq!(order.server_said(&Said::Binary(&[1])), Ok(()));
    }
}
