//! The order of one rpc connection, as an observer on its wire can know it: what was asked, what was answered, and how.

use std::collections::HashMap;

use crate::order::{Breach, Order, Said};

/// The order rules of a new connection.
#[must_use]
pub fn order(_role: &str) -> Box<dyn Order> {
    Box::new(Connection { place: Place::Opening, asked: HashMap::new(), is_full: false })
}

/// Calls under way are remembered up to this many; beyond it nobody is blamed for an answer to nothing.
const MOST_CALLS: usize = 1_000_000;

struct Connection {
    place: Place,
    /// What is under way, by request id: usually one call each, more where the client does wrong.
    asked: HashMap<u64, Vec<Wanted>>,
    is_full: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The client has said nothing.
    Opening,
    /// `SessionStart` with this id is not acknowledged.
    Started(u64),
    Open,
}

/// What a message has to be answered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Response,
    Ack,
}

impl Wanted {
    fn name(self) -> &'static str {
        match self {
            Self::Response => "Response",
            Self::Ack => "Ack",
        }
    }
}

fn breach(requirement: &'static str, why: impl Into<String>) -> Result<(), Breach> {
    Err(Breach { requirement, why: why.into() })
}

/// Request id and name of a frame; nothing for an undecodable one.
fn frame<'a>(said: &Said<'a>) -> Option<(u64, &'a str)> {
    let Said::Message(frame) = said else { return None };
    Some((frame["id"].as_u64()?, super::tag(frame)?))
}

impl Order for Connection {
    fn client_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let Some((id, name)) = frame(said) else { return Ok(()) };
        let wanted = if name == "Request" { Wanted::Response } else { Wanted::Ack };
        let is_new = !self.asked.contains_key(&id);
        if self.asked.len() < MOST_CALLS {
            self.asked.entry(id).or_default().push(wanted);
        } else {
            self.is_full = true;
        }
        match self.place {
            Place::Opening if name == "SessionStart" => self.place = Place::Started(id),
            Place::Opening => {
                self.place = Place::Open;
                return breach(
                    "RPC-C1",
                    format!("the first message on the connection is `{name}`, not `SessionStart`"),
                );
            }
            Place::Started(_) => return breach("RPC-C1", format!("`{name}` before `SessionStart` was acknowledged")),
            Place::Open => {}
        }
        if is_new { Ok(()) } else { breach("RPC-C2", format!("the request id {id} is that of a call under way")) }
    }

    fn server_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let Some((id, name)) = frame(said) else { return Ok(()) };
        let Some(wanted) = self.asked.get_mut(&id) else {
            let why = format!("an answer with the request id {id}, under which nothing is unanswered");
            return if self.is_full { Ok(()) } else { breach("RPC-01", why) };
        };
        let found = wanted.iter().position(|wanted| wanted.name() == name);
        let first = wanted.remove(found.unwrap_or(0));
        if wanted.is_empty() {
            self.asked.remove(&id);
        }
        if found.is_none() {
            return breach("RPC-01", format!("`{name}` where `{}` is due", first.name()));
        }
        if self.place == Place::Started(id) {
            self.place = Place::Open;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(id: u64, name: &str) -> Value {
        let message = if name == "Ack" { Value::from(name) } else { json!({ name: {} }) };
        json!({ "id": id, "message": message })
    }

    /// Plays what client (`>`) and daemon (`<`) said; the requirement that the last of it breaks, if any. What comes before must break
    /// none, but for what the client (`!`) does wrong on purpose.
    fn play(story: &[(char, u64, &str)]) -> Option<&'static str> {
        let mut order = order("client");
        let mut broken = None;
        for (who, id, name) in story {
            assert_eq!(broken, None, "before {name} {id} in {story:?}");
            let frame = said(*id, name);
            let said = Said::Message(&frame);
            let verdict = if *who == '<' { order.server_said(&said) } else { order.client_said(&said) };
            broken = verdict.err().map(|breach| breach.requirement).filter(|_| *who != '!');
        }
        broken
    }

    #[test]
    fn each_rule_is_broken_and_kept() {
        let open = [('>', 1, "SessionStart"), ('<', 1, "Ack")];
        let then = |more: &[(char, u64, &'static str)]| [&open[..], more].concat();
        for (story, broken) in [
            (then(&[]), None),
            (then(&[('>', 1, "IoData"), ('>', 2, "Request"), ('<', 2, "Response"), ('<', 1, "Ack")]), None),
            (then(&[('>', 9, "SessionStart"), ('>', 2, "Event"), ('<', 2, "Ack")]), None),
            (vec![('>', 1, "IoData")], Some("RPC-C1")),
            (vec![('>', 1, "SessionStart"), ('>', 2, "IoData")], Some("RPC-C1")),
            (then(&[('>', 2, "IoData"), ('>', 2, "IoData")]), Some("RPC-C2")),
            (then(&[('>', 2, "IoData"), ('<', 2, "Ack"), ('<', 2, "Ack")]), Some("RPC-01")),
            (then(&[('<', 3, "Ack")]), Some("RPC-01")),
            (then(&[('>', 2, "IoData"), ('<', 2, "Response")]), Some("RPC-01")),
            (then(&[('>', 2, "Request"), ('<', 2, "Ack")]), Some("RPC-01")),
            (vec![('!', 1, "Response"), ('<', 1, "Ack")], None),
            (then(&[('>', 2, "IoData"), ('!', 2, "Request"), ('<', 2, "Response"), ('<', 2, "Ack")]), None),
        ] {
            assert_eq!(play(&story), broken, "{story:?}");
        }
    }

    #[test]
    fn what_is_undecodable_breaks_no_order() {
        let mut order = order("client");
        assert_eq!(order.client_said(&Said::Binary(b"x")), Ok(()));
        assert_eq!(order.server_said(&Said::Binary(b"x")), Ok(()));
    }
}
