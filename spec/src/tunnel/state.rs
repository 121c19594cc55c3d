//! The order rules of a tunnel connection.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

use crate::order::{Observed, Order, RuleViolation, violation};

/// The order rules of a new connection of an agent.
pub fn order(_: &str) -> Box<dyn Order> {
    Box::new(TunnelOrder::default())
}

/// The number of ids and of timestamps that are remembered; beyond it, the rules that need them report nothing.
const REMEMBERED: usize = 100_000;

#[derive(Default)]
struct TunnelOrder {
    state: TunnelState,
    unanswered: HashMap<String, usize>,
    used_ids: HashSet<String>,
    /// Whether something could not be remembered.
    is_full: bool,
    /// Timestamps that a `Pong` may repeat.
    pings_of_cloud: VecDeque<Value>,
    pings_of_agent: VecDeque<Value>,
    stats: Option<[f64; 3]>,
}

#[derive(Default, PartialEq)]
enum TunnelState {
    #[default]
    Opening,
    /// The agent opened with something else than `Auth`.
    Invalid,
    Pending,
    Open,
    Refused,
}

const COUNTERS: [&str; 3] = ["requests_processed", "bytes_transferred", "uptime_seconds"];

impl Order for TunnelOrder {
    fn client_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let Observed::Message(message) = observed else { return self.agent_opens("a binary message") };
        let name = observed.name();
        match self.state {
            TunnelState::Opening if name == "Auth" => {
                self.state = TunnelState::Pending;
                return Ok(());
            }
            TunnelState::Opening | TunnelState::Pending => return self.agent_opens(name),
            TunnelState::Refused => return violation("TUN-04", format!("`{name}` after `AuthError`")),
            TunnelState::Invalid => return Ok(()),
            TunnelState::Open => {}
        }
        let data = &message["data"];
        match name {
            "Auth" => violation("TUN-01", "`Auth` again on a connection that is authenticated"),
            "HttpResponse" => self.answered(name, &data["id"]),
            "Error" if data["request_id"].is_string() => self.answered(name, &data["request_id"]),
            "Ping" => {
                remember(&mut self.pings_of_agent, data, &mut self.is_full);
                Ok(())
            }
            "Pong" => repeated(&mut self.pings_of_cloud, data, self.is_full),
            "Stats" => self.counted(data),
            _ => Ok(()),
        }
    }

    fn server_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let Observed::Message(message) = observed else { return Ok(()) };
        let name = observed.name();
        let data = &message["data"];
        match (&self.state, name) {
            (TunnelState::Refused, _) => {
                return violation("TUN-02", format!("`{name}` after `AuthError`, instead of the close"));
            }
            (TunnelState::Pending, "AuthSuccess") => {
                self.state = TunnelState::Open;
                return Ok(());
            }
            (TunnelState::Open, "AuthSuccess") => return violation("TUN-02", "`AuthSuccess` without an `Auth`"),
            (TunnelState::Opening | TunnelState::Invalid, "AuthSuccess") => {
                return violation("TUN-03", "`AuthSuccess` on a connection that has not opened with `Auth`");
            }
            (TunnelState::Open, "AuthError") => return violation("TUN-02", "`AuthError` after `AuthSuccess`"),
            // A connection on which the agent sends nothing is refused too.
            (_, "AuthError") => {
                self.state = TunnelState::Refused;
                return Ok(());
            }
            (TunnelState::Opening | TunnelState::Invalid | TunnelState::Pending, "HttpRequest") => {
                return violation("TUN-20", "`HttpRequest` to an agent that is not authenticated");
            }
            _ => {}
        }
        // Even if malformed: the agent answers with the id if it can read one.
        if let Some(id) = data["id"].as_str() {
            self.ask(name, id)?;
        }
        match name {
            "Ping" => {
                remember(&mut self.pings_of_cloud, data, &mut self.is_full);
                Ok(())
            }
            "Pong" => repeated(&mut self.pings_of_agent, data, self.is_full),
            _ => Ok(()),
        }
    }
}

impl TunnelOrder {
    /// Handles anything but the first `Auth` before `AuthSuccess`.
    fn agent_opens(&mut self, what: &str) -> Result<(), RuleViolation> {
        match self.state {
            TunnelState::Opening => {
                self.state = TunnelState::Invalid;
                violation("TUN-01", "the first message on the connection is not `Auth`")
            }
            TunnelState::Pending => violation("TUN-01", format!("`{what}` before `AuthSuccess`")),
            _ => Ok(()),
        }
    }

    fn ask(&mut self, name: &str, id: &str) -> Result<(), RuleViolation> {
        if self.used_ids.len() == REMEMBERED {
            self.is_full = true;
            return Ok(());
        }
        *self.unanswered.entry(id.to_owned()).or_default() += 1;
        let is_new = self.used_ids.insert(id.to_owned());
        if name == "HttpRequest" && !is_new {
            return violation("TUN-20", "`HttpRequest` with an id that an earlier one on this connection had");
        }
        Ok(())
    }

    fn answered(&mut self, name: &str, id: &Value) -> Result<(), RuleViolation> {
        match id.as_str().and_then(|id| self.unanswered.get_mut(id)) {
            Some(count @ 1..) => {
                *count -= 1;
                Ok(())
            }
            _ if self.is_full || !id.is_string() => Ok(()),
            Some(_) => violation("TUN-10", format!("`{name}` for a request that was answered already")),
            None => violation("TUN-10", format!("`{name}` for a request that did not come on this connection")),
        }
    }

    fn counted(&mut self, data: &Value) -> Result<(), RuleViolation> {
        let now = COUNTERS.map(|name| data[name].as_f64().unwrap_or(f64::INFINITY));
        let before = self.stats.replace(now).unwrap_or_default();
        let fallen = COUNTERS.iter().zip(now.iter().zip(before)).find(|(_, (now, before))| **now < *before);
        fallen.map_or(Ok(()), |(name, _)| violation("TUN-32", format!("the counter `{name}` fell")))
    }
}

fn remember(pings: &mut VecDeque<Value>, data: &Value, is_full: &mut bool) {
    if pings.len() == REMEMBERED {
        *is_full = true;
    } else {
        pings.push_back(data["timestamp"].clone());
    }
}

/// Checks that a `Pong` repeats the timestamp of an unanswered `Ping`.
fn repeated(pings: &mut VecDeque<Value>, data: &Value, is_full: bool) -> Result<(), RuleViolation> {
    let same = |ping: &Value| ping == &data["timestamp"] || ping.as_f64().is_some_and(|ms| data["timestamp"] == ms);
    match pings.iter().position(same) {
        Some(at) => {
            pings.remove(at);
            Ok(())
        }
        None if is_full => Ok(()),
        None => violation("TUN-30", "a `Pong` whose `timestamp` no unanswered `Ping` had"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::order::violated_by;

    fn violated(messages: &[(char, Value)]) -> Option<&'static str> {
        violated_by(order("agent"), messages)
    }

    fn of(sender: char, name: &str, data: Value) -> (char, Value) {
        (sender, json!({ "type": name, "data": data }))
    }

    fn after_success(rest: Vec<(char, Value)>) -> Vec<(char, Value)> {
        let mut messages = vec![of('>', "Auth", json!({ "token": "t" })), of('<', "AuthSuccess", json!({}))];
        messages.extend(rest);
        messages
    }

    #[test]
    fn each_rule_of_the_opening_is_violated_and_kept() {
        let auth = || of('>', "Auth", json!({ "token": "t" }));
        let ping = |who| of(who, "Ping", json!({ "timestamp": 1 }));
        for (messages, rule) in [
            (vec![auth(), of('<', "AuthSuccess", json!({}))], None),
            (vec![auth(), of('<', "AuthError", json!({}))], None),
            (vec![of('<', "AuthError", json!({}))], None),
            (vec![ping('>')], Some("TUN-01")),
            (vec![('>', Value::Null)], Some("TUN-01")),
            (vec![auth(), ping('>')], Some("TUN-01")),
            (vec![auth(), auth()], Some("TUN-01")),
            (vec![auth(), of('<', "AuthSuccess", json!({})), auth()], Some("TUN-01")),
            (vec![auth(), of('<', "AuthError", json!({})), ping('>')], Some("TUN-04")),
            (vec![auth(), of('<', "AuthError", json!({})), of('<', "Error", json!({}))], Some("TUN-02")),
            (vec![auth(), of('<', "AuthSuccess", json!({})), of('<', "AuthSuccess", json!({}))], Some("TUN-02")),
            (vec![auth(), of('<', "AuthSuccess", json!({})), of('<', "AuthError", json!({}))], Some("TUN-02")),
            (vec![ping('!'), of('<', "AuthSuccess", json!({}))], Some("TUN-03")),
            (vec![of('<', "AuthSuccess", json!({}))], Some("TUN-03")),
            (vec![auth(), of('<', "HttpRequest", json!({ "id": "1" }))], Some("TUN-20")),
        ] {
            assert_eq!(violated(&messages), rule, "{messages:?}");
        }
    }

    #[test]
    fn requests_have_one_answer() {
        let request = |who, id: &str| of(who, "HttpRequest", json!({ "id": id }));
        let response = |id: &str| of('>', "HttpResponse", json!({ "id": id }));
        let error = |id: Value| of('>', "Error", json!({ "request_id": id }));
        for (messages, rule) in [
            (vec![request('<', "1"), request('<', "2"), response("2"), response("1")], None),
            (vec![request('<', "1"), error(json!("1"))], None),
            (vec![request('<', "1"), request('?', "1"), error(json!("1")), response("1")], None),
            (vec![of('<', "Unknown", json!({ "id": "x" })), error(json!("x"))], None),
            (vec![error(Value::Null), error(Value::Null)], None),
            (vec![request('<', "1"), response("1"), response("1")], Some("TUN-10")),
            (vec![request('<', "1"), response("1"), error(json!("1"))], Some("TUN-10")),
            (vec![response("1")], Some("TUN-10")),
            (vec![error(json!("1"))], Some("TUN-10")),
            (vec![request('<', "1"), response("1"), request('<', "1")], Some("TUN-20")),
        ] {
            assert_eq!(violated(&after_success(messages.clone())), rule, "{messages:?}");
        }
    }

    #[test]
    fn pongs_repeat_pings_and_counters_do_not_fall() {
        let of = |who, name: &str, timestamp: f64| of(who, name, json!({ "timestamp": timestamp }));
        let stats = |count: u64| {
            let stats = json!({ "requests_processed": count, "bytes_transferred": 2 * count, "uptime_seconds": 0.5 });
            super::tests::of('>', "Stats", stats)
        };
        for (messages, rule) in [
            (vec![of('<', "Ping", 1.0), of('<', "Ping", 2.0), of('>', "Pong", 2.0), of('>', "Pong", 1.0)], None),
            (vec![of('>', "Ping", 1.0), of('<', "Pong", 1.0)], None),
            (vec![of('<', "Ping", 1.0), of('>', "Pong", 2.0)], Some("TUN-30")),
            (vec![of('<', "Ping", 1.0), of('>', "Pong", 1.0), of('>', "Pong", 1.0)], Some("TUN-30")),
            (vec![of('>', "Ping", 1.0), of('<', "Pong", 3.0)], Some("TUN-30")),
            (vec![of('<', "Ping", 1.0), of('<', "Pong", 1.0)], Some("TUN-30")),
            (vec![stats(1), stats(1), stats(7)], None),
            (vec![stats(2), stats(1)], Some("TUN-32")),
        ] {
            assert_eq!(violated(&after_success(messages.clone())), rule, "{messages:?}");
        }
    }
}
