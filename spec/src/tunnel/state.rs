//! The order of one tunnel connection, as an observer on its wire can know it.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

use crate::order::{Breach, Order, Said};

/// The order rules of a new connection of an agent.
#[must_use]
pub fn order(_: &str) -> Box<dyn Order> {
    Box::new(Connection::default())
}

/// Ids and timestamps are remembered up to this many of each kind; rules that need more are silent from there on.
const REMEMBERED: usize = 100_000;

#[derive(Default)]
struct Connection {
    place: Place,
    /// How often the cloud asked with an id, and was not answered.
    asked: HashMap<String, usize>,
    /// Ids of requests that the cloud may not use again.
    used: HashSet<String>,
    /// Whether something was forgotten.
    is_full: bool,
    /// Timestamps that the client may repeat, and those that the server may.
    pings_of_cloud: VecDeque<Value>,
    pings_of_agent: VecDeque<Value>,
    stats: Option<[f64; 3]>,
}

#[derive(Default, PartialEq)]
enum Place {
    /// The agent has said nothing.
    #[default]
    Opening,
    /// The agent has opened with something else than `Auth`.
    Strange,
    /// `Auth` is not answered.
    Asked,
    Open,
    Refused,
}

const COUNTERS: [&str; 3] = ["requests_processed", "bytes_transferred", "uptime_seconds"];

fn breach(requirement: &'static str, why: impl Into<String>) -> Result<(), Breach> {
    Err(Breach { requirement, why: why.into() })
}

impl Order for Connection {
    fn client_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let Said::Message(message) = said else { return self.agent_opens("a binary message") };
        let name = said.name();
        match self.place {
            Place::Opening if name == "Auth" => {
                self.place = Place::Asked;
                return Ok(());
            }
            Place::Opening | Place::Asked => return self.agent_opens(name),
            Place::Refused => return breach("TUN-04", format!("`{name}` after `AuthError`")),
            Place::Strange => return Ok(()),
            Place::Open => {}
        }
        let data = &message["data"];
        match name {
            "Auth" => breach("TUN-01", "`Auth` again on a connection that is authenticated"),
            "HttpResponse" => self.answered(name, &data["id"]),
            "Error" if data["request_id"].is_string() => self.answered(name, &data["request_id"]),
            "Ping" => {
                self.remember_ping(data, Self::of_agent);
                Ok(())
            }
            "Pong" => repeated(&mut self.pings_of_cloud, data, self.is_full),
            "Stats" => self.counted(data),
            _ => Ok(()),
        }
    }

    fn server_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let Said::Message(message) = said else { return Ok(()) };
        let name = said.name();
        let data = &message["data"];
        match (&self.place, name) {
            (Place::Refused, _) => {
                return breach("TUN-02", format!("`{name}` after `AuthError`, where only the close is due"));
            }
            (Place::Asked, "AuthSuccess") => {
                self.place = Place::Open;
                return Ok(());
            }
            (Place::Open, "AuthSuccess") => return breach("TUN-02", "`AuthSuccess` without an `Auth`"),
            (Place::Opening | Place::Strange, "AuthSuccess") => {
                return breach("TUN-03", "`AuthSuccess` on a connection that has not opened with `Auth`");
            }
            (Place::Open, "AuthError") => return breach("TUN-02", "`AuthError` behind `AuthSuccess`"),
            // A connection that says nothing is refused too.
            (_, "AuthError") => {
                self.place = Place::Refused;
                return Ok(());
            }
            (Place::Opening | Place::Strange | Place::Asked, "HttpRequest") => {
                return breach("TUN-20", "`HttpRequest` to an agent that is not authenticated");
            }
            _ => {}
        }
        // Also of what is malformed: the agent answers with the id where it can read one.
        if let Some(id) = data["id"].as_str() {
            self.ask(name, id)?;
        }
        match name {
            "Ping" => {
                self.remember_ping(data, Self::of_cloud);
                Ok(())
            }
            "Pong" => repeated(&mut self.pings_of_agent, data, self.is_full),
            _ => Ok(()),
        }
    }
}

impl Connection {
    fn of_agent(&mut self) -> &mut VecDeque<Value> {
        &mut self.pings_of_agent
    }

    fn of_cloud(&mut self) -> &mut VecDeque<Value> {
        &mut self.pings_of_cloud
    }

    /// Something other than the first `Auth` before `AuthSuccess`.
    fn agent_opens(&mut self, what: &str) -> Result<(), Breach> {
        match self.place {
            Place::Opening => {
                self.place = Place::Strange;
                breach("TUN-01", "the first message on the connection is not `Auth`")
            }
            Place::Asked => breach("TUN-01", format!("`{what}` before `AuthSuccess`")),
            _ => Ok(()),
        }
    }

    fn ask(&mut self, name: &str, id: &str) -> Result<(), Breach> {
        if self.used.len() == REMEMBERED {
            self.is_full = true;
            return Ok(());
        }
        *self.asked.entry(id.to_owned()).or_default() += 1;
        let is_new = self.used.insert(id.to_owned());
        if name == "HttpRequest" && !is_new {
            return breach("TUN-20", "`HttpRequest` with an id that an earlier one on this connection had");
        }
        Ok(())
    }

    fn answered(&mut self, name: &str, id: &Value) -> Result<(), Breach> {
        match id.as_str().and_then(|id| self.asked.get_mut(id)) {
            Some(count @ 1..) => {
                *count -= 1;
                Ok(())
            }
            _ if self.is_full || !id.is_string() => Ok(()),
            Some(_) => breach("TUN-10", format!("`{name}` for a request that was answered already")),
            None => breach("TUN-10", format!("`{name}` for a request that did not come on this connection")),
        }
    }

    fn remember_ping(&mut self, data: &Value, of: fn(&mut Self) -> &mut VecDeque<Value>) {
        if of(self).len() == REMEMBERED {
            self.is_full = true;
        } else {
            of(self).push_back(data["timestamp"].clone());
        }
    }

    fn counted(&mut self, data: &Value) -> Result<(), Breach> {
        let now = COUNTERS.map(|name| data[name].as_f64().unwrap_or(f64::INFINITY));
        let before = self.stats.replace(now).unwrap_or_default();
        let fallen = COUNTERS.iter().zip(now.iter().zip(before)).find(|(_, (now, before))| **now < *before);
        fallen.map_or(Ok(()), |(name, _)| breach("TUN-32", format!("the counter `{name}` fell")))
    }
}

/// A `Pong` answers one `Ping`.
fn repeated(pings: &mut VecDeque<Value>, data: &Value, is_full: bool) -> Result<(), Breach> {
    let same = |ping: &Value| ping == &data["timestamp"] || ping.as_f64().is_some_and(|ms| data["timestamp"] == ms);
    match pings.iter().position(same) {
        Some(at) => {
            pings.remove(at);
            Ok(())
        }
        None if is_full => Ok(()),
        None => breach("TUN-30", "a `Pong` whose `timestamp` no unanswered `Ping` had"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Plays what agent (`>`) and cloud (`<`) said; the requirement that the last of it breaks, if any. What comes before must break none, but
    /// for what somebody (`!` the agent, `?` the cloud) does wrong on purpose.
    fn play(story: &[(char, Value)]) -> Option<&'static str> {
        let mut order = order("agent");
        let mut broken = None;
        for (who, message) in story {
            assert_eq!(broken, None, "before {message} in {story:?}");
            let said = if message.is_null() { Said::Binary(b"\xc1") } else { Said::Message(message) };
            let verdict = if matches!(who, '<' | '?') { order.server_said(&said) } else { order.client_said(&said) };
            broken = verdict.err().map(|breach| breach.requirement).filter(|_| !matches!(who, '!' | '?'));
        }
        broken
    }

    fn of(who: char, name: &str, data: Value) -> (char, Value) {
        (who, json!({ "type": name, "data": data }))
    }

    fn after_success(rest: Vec<(char, Value)>) -> Vec<(char, Value)> {
        let mut story = vec![of('>', "Auth", json!({ "token": "t" })), of('<', "AuthSuccess", json!({}))];
        story.extend(rest);
        story
    }

    #[test]
    fn opening_is_judged() {
        let auth = || of('>', "Auth", json!({ "token": "t" }));
        let ping = |who| of(who, "Ping", json!({ "timestamp": 1 }));
        for (story, broken) in [
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
            assert_eq!(play(&story), broken, "{story:?}");
        }
    }

    #[test]
    fn requests_have_one_answer() {
        let request = |who, id: &str| of(who, "HttpRequest", json!({ "id": id }));
        let response = |id: &str| of('>', "HttpResponse", json!({ "id": id }));
        let error = |id: Value| of('>', "Error", json!({ "request_id": id }));
        for (story, broken) in [
            (vec![request('<', "1"), request('<', "2"), response("2"), response("1")], None),
            (vec![request('<', "1"), error(json!("1"))], None),
            (vec![request('<', "1"), request('?', "1"), error(json!("1")), response("1")], None),
            (vec![of('<', "Unheard", json!({ "id": "x" })), error(json!("x"))], None),
            (vec![error(Value::Null), error(Value::Null)], None),
            (vec![request('<', "1"), response("1"), response("1")], Some("TUN-10")),
            (vec![request('<', "1"), response("1"), error(json!("1"))], Some("TUN-10")),
            (vec![response("1")], Some("TUN-10")),
            (vec![error(json!("1"))], Some("TUN-10")),
            (vec![request('<', "1"), response("1"), request('<', "1")], Some("TUN-20")),
        ] {
            assert_eq!(play(&after_success(story.clone())), broken, "{story:?}");
        }
    }

    #[test]
    fn pongs_repeat_pings_and_counters_do_not_fall() {
        let of = |who, name: &str, timestamp: f64| of(who, name, json!({ "timestamp": timestamp }));
        let stats = |count: u64| {
            super::tests::of(
                '>',
                "Stats",
                json!({
                    "requests_processed": count, "bytes_transferred": 2 * count, "uptime_seconds": 0.5
                }),
            )
        };
        for (story, broken) in [
            (vec![of('<', "Ping", 1.0), of('<', "Ping", 2.0), of('>', "Pong", 2.0), of('>', "Pong", 1.0)], None),
            (vec![of('>', "Ping", 1.0), of('<', "Pong", 1.0)], None),
            (vec![of('<', "Ping", 1.0), of('>', "Pong", 2.0)], Some("TUN-30")),
            (vec![of('<', "Ping", 1.0), of('>', "Pong", 1.0), of('>', "Pong", 1.0)], Some("TUN-30")),
            (vec![of('>', "Ping", 1.0), of('<', "Pong", 3.0)], Some("TUN-30")),
            (vec![of('<', "Ping", 1.0), of('<', "Pong", 1.0)], Some("TUN-30")),
            (vec![stats(1), stats(1), stats(7)], None),
            (vec![stats(2), stats(1)], Some("TUN-32")),
        ] {
            assert_eq!(play(&after_success(story.clone())), broken, "{story:?}");
        }
    }
}
