//! The order of one pairing connection, as an observer on its wire can know it.

use serde_json::Value;

use crate::order::{Breach, Order};

/// The order rules of a new connection of a host or a viewer.
#[must_use]
pub fn order(role: &str) -> Box<dyn Order> {
    let place = if role == "host" { Place::Unregistered } else { Place::Unjoined { joins: 0 } };
    Box::new(Connection { place, pings: Vec::new() })
}

/// Pings that nobody has answered are remembered up to this many; a subject that answers none fails elsewhere.
const MAX_PINGS: usize = 10_000;

struct Connection {
    place: Place,
    pings: Vec<f64>,
}

enum Place {
    Unregistered,
    Registered,
    Unjoined { joins: usize },
    Joined,
}

impl Order for Connection {
    fn client_sent(&mut self, message: &Value) {
        match (message["type"].as_str(), &mut self.place) {
            (Some("ping"), _) if self.pings.len() < MAX_PINGS => self.pings.extend(message["ts"].as_f64()),
            (Some("join"), Place::Unjoined { joins }) => *joins += 1,
            _ => {}
        }
    }

    fn server_sent(&mut self, message: &Value) -> Result<(), Breach> {
        let breach = |requirement, why: &str| Err(Breach { requirement, why: why.to_owned() });
        let name = message["type"].as_str().unwrap_or_default();
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
            ("joined", Place::Unjoined { joins: 0 }) => return breach("PAIR-20", "`joined` without a `join`"),
            ("joined", Place::Unjoined { .. }) => self.place = Place::Joined,
            ("joined", Place::Joined) => return breach("PAIR-23", "`joined` on a connection that has joined already"),
            ("data", Place::Unjoined { .. }) => {
                return breach("PAIR-42", "`data` on a viewer's connection that belongs to no session");
            }
            ("error", Place::Unjoined { .. }) if message["code"] == "MAC_DISCONNECTED" => {
                return breach("PAIR-70", "`MAC_DISCONNECTED` on a connection that belongs to no session");
            }
            ("error", Place::Joined) if message["code"] == "MAC_DISCONNECTED" => {
                self.place = Place::Unjoined { joins: 0 };
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

    /// Plays `>` (client sent) and `<` (server sent) messages; the requirement that the last of them breaks, if any.
    fn play(role: &str, story: &[(char, Value)]) -> Option<&'static str> {
        let mut order = order(role);
        let mut broken = None;
        for (who, message) in story {
            match who {
                '>' => order.client_sent(message),
                _ => broken = order.server_sent(message).err().map(|breach| breach.requirement),
            }
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
        let registered = || json!({ "type": "registered" });
        for (role, story, broken) in [
            ("host", vec![('<', registered()), ('<', data())], None),
            ("host", vec![('<', data())], Some("PAIR-10")),
            ("host", vec![('<', registered()), ('>', ping(1.0)), ('<', pong(1.0))], None),
            ("host", vec![('<', registered()), ('>', ping(1.0)), ('<', pong(2.0))], Some("PAIR-50")),
            ("host", vec![('<', registered()), ('>', ping(1.0)), ('<', pong(1.0)), ('<', pong(1.0))], Some("PAIR-50")),
            ("viewer", vec![('>', join()), ('<', joined()), ('<', data())], None),
            ("viewer", vec![('<', joined())], Some("PAIR-20")),
            ("viewer", vec![('>', join()), ('<', joined()), ('>', join()), ('<', joined())], Some("PAIR-23")),
            ("viewer", vec![('>', join()), ('<', data())], Some("PAIR-42")),
            ("viewer", vec![('<', gone())], Some("PAIR-70")),
            ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('<', data())], Some("PAIR-42")),
            ("viewer", vec![('>', join()), ('<', joined()), ('<', gone()), ('>', join()), ('<', joined())], None),
        ] {
            assert_eq!(play(role, &story), broken, "{role}: {story:?}");
        }
    }
}
