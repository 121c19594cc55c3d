//! The order rules of sync that data cannot express well: pushes against subscriptions, and errors about messages without an id.
//!
//! Whether a push is due depends on several answers before it, and its `seq` on the pushes and snapshots before it.

use serde_json::Value;

use super::subscriptions::{Subscriptions, topic, violation};
use crate::protocol::order::{BuiltIn, Observed, OrderViolation, Sender};

/// The rules of one connection.
#[derive(Default)]
pub struct SyncRules {
    /// The number of unanswered messages without an id.
    nameless: usize,
    subscriptions: Subscriptions,
}

impl BuiltIn for SyncRules {
    fn observe(&mut self, message: &Observed<'_>, answered: Option<&Value>) -> Result<(), OrderViolation> {
        let id = message.json.map(|json| &json["id"]);
        match (message.by, message.json, message.name) {
            (Sender::Client, _, _) => {
                self.nameless += usize::from(id.is_none_or(|id| !id.is_string()));
                Ok(())
            }
            (Sender::Server, Some(push), Some("data")) if push["id"].is_null() => self.subscriptions.push(push),
            (Sender::Server, Some(error), Some("error")) if error["id"].is_null() => {
                match self.nameless.checked_sub(1) {
                    Some(left) => self.nameless = left,
                    None => return violation("SYNC-60", "an `error` with `id` null, and every message had an `id`"),
                }
                Ok(())
            }
            (Sender::Server, Some(answer), Some(name)) => match answered {
                Some(request) => self.answered(request, name, answer),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl SyncRules {
    fn answered(&mut self, request: &Value, name: &str, answer: &Value) -> Result<(), OrderViolation> {
        let topic = topic(request);
        match (request["type"].as_str().unwrap_or_default(), name, topic) {
            ("subscribe", "subscribed", None) => {
                violation("SYNC-11", "`subscribed` to a request that names no resource")
            }
            ("subscribe", "subscribed", Some(topic)) => self.subscriptions.begin(&topic, &answer["data"]),
            ("unsubscribe", "data", None) => violation("SYNC-11", "`data` to a request that names no resource"),
            ("unsubscribe", "data", Some(topic)) => {
                self.subscriptions.end(&topic);
                Ok(())
            }
            ("unsubscribe", "error", Some(topic)) if self.subscriptions.has(&topic) => {
                violation("SYNC-40", "`error` to an `unsubscribe` of what is subscribed")
            }
            ("send", "data", _) if ["resourceId", "message"].iter().any(|member| !request[*member].is_string()) => {
                violation("SYNC-30", "`data` to a `send` that lacks a member")
            }
            _ => Ok(()),
        }
    }
}
