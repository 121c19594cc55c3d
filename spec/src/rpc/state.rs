//! The order rules of an rpc connection: requests and their answers.

use std::collections::HashMap;

use crate::order::{Observed, Order, RuleViolation, violation};

/// The order rules of a new connection.
pub fn order(_role: &str) -> Box<dyn Order> {
    Box::new(RpcOrder { state: RpcState::Opening, pending: HashMap::new(), is_full: false })
}

/// The number of calls in flight that are remembered; beyond it, unknown answers are not reported.
const MOST_CALLS: usize = 1_000_000;

struct RpcOrder {
    state: RpcState,
    /// The calls in flight by request id; one each, unless the client violates the rules.
    pending: HashMap<u64, Vec<AnswerKind>>,
    is_full: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RpcState {
    Opening,
    /// The `SessionStart` with this id is not acknowledged yet.
    Started(u64),
    Open,
}

/// The message that must answer a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerKind {
    Response,
    Ack,
}

impl AnswerKind {
    fn name(self) -> &'static str {
        match self {
            Self::Response => "Response",
            Self::Ack => "Ack",
        }
    }
}

/// The request id and the name of a frame; `None` for an undecodable one.
fn frame<'a>(observed: &Observed<'a>) -> Option<(u64, &'a str)> {
    let Observed::Message(frame) = observed else { return None };
    Some((frame["id"].as_u64()?, super::tag(frame)?))
}

impl Order for RpcOrder {
    fn client_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let Some((id, name)) = frame(observed) else { return Ok(()) };
        let wanted = if name == "Request" { AnswerKind::Response } else { AnswerKind::Ack };
        let is_new = !self.pending.contains_key(&id);
        if self.pending.len() < MOST_CALLS {
            self.pending.entry(id).or_default().push(wanted);
        } else {
            self.is_full = true;
        }
        match self.state {
            RpcState::Opening if name == "SessionStart" => self.state = RpcState::Started(id),
            RpcState::Opening => {
                self.state = RpcState::Open;
                let why = format!("the first message on the connection is `{name}`, not `SessionStart`");
                return violation("RPC-C1", why);
            }
            RpcState::Started(_) => {
                return violation("RPC-C1", format!("`{name}` before `SessionStart` is acknowledged"));
            }
            RpcState::Open => {}
        }
        if is_new { Ok(()) } else { violation("RPC-C2", format!("the request id {id} is that of a call in flight")) }
    }

    fn server_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let Some((id, name)) = frame(observed) else { return Ok(()) };
        let Some(wanted) = self.pending.get_mut(&id) else {
            let why = format!("an answer with the request id {id}, which has no unanswered call");
            return if self.is_full { Ok(()) } else { violation("RPC-01", why) };
        };
        let found = wanted.iter().position(|wanted| wanted.name() == name);
        let first = wanted.remove(found.unwrap_or(0));
        if wanted.is_empty() {
            self.pending.remove(&id);
        }
        if found.is_none() {
            return violation("RPC-01", format!("`{name}` instead of `{}`", first.name()));
        }
        if self.state == RpcState::Started(id) {
            self.state = RpcState::Open;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::order::violated_by;

    fn frame((sender, id, name): (char, u64, &str)) -> (char, Value) {
        let message = if name == "Ack" { Value::from(name) } else { json!({ name: {} }) };
        (sender, json!({ "id": id, "message": message }))
    }

    #[test]
    fn each_rule_is_violated_and_kept() {
        let open = [('>', 1, "SessionStart"), ('<', 1, "Ack")];
        let then = |more: &[(char, u64, &'static str)]| [&open[..], more].concat();
        for (messages, violated) in [
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
            let frames: Vec<_> = messages.iter().copied().map(frame).collect();
            assert_eq!(violated_by(order("client"), &frames), violated, "{messages:?}");
        }
    }

    #[test]
    fn ignores_undecodable_frames() {
        let mut order = order("client");
        assert_eq!(order.client_sent(&Observed::Binary(b"x")), Ok(()));
        assert_eq!(order.server_sent(&Observed::Binary(b"x")), Ok(()));
    }
}
