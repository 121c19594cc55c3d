//! The order rules of a sync connection: requests and their answers, subscriptions and pushes.

mod request;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Topic;
use crate::order::{Observed, Order, RuleViolation, violation};
use request::{AuthState, PendingRequest, shown};
use subscriptions::Subscriptions;

/// The order rules of a new connection.
pub fn order(role: &str) -> Box<dyn Order> {
    Box::new(SyncOrder { is_client: role == "client", ..SyncOrder::default() })
}

/// The number of ids, and of open requests, that are remembered.
const MOST: usize = 200_000;

#[derive(Default)]
struct SyncOrder {
    /// Whether the rules for clients apply.
    is_client: bool,
    has_authenticated: bool,
    pending_auths: usize,
    refused_pin: Option<Value>,
    used_ids: BTreeSet<String>,
    /// Unanswered requests by id; two may have the same.
    open: BTreeMap<String, Vec<PendingRequest>>,
    /// The number of unanswered messages without an id, invalid ones included.
    nameless: usize,
    subscriptions: Subscriptions,
}

impl Order for SyncOrder {
    fn client_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let Observed::Message(message) = observed else {
            self.nameless += 1;
            return Ok(());
        };
        let verdict = if self.is_client { self.check_client(observed.name(), message) } else { Ok(()) };
        self.remember(message);
        verdict
    }

    fn server_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation> {
        let Observed::Message(message) = observed else { return Ok(()) };
        match (observed.name(), &message["id"]) {
            ("data", Value::Null) => self.pushed(message),
            ("error", Value::Null) if self.nameless == 0 => {
                violation("SYNC-60", "an `error` with `id` null, and every message had an `id`")
            }
            ("error", Value::Null) => {
                self.nameless -= 1;
                Ok(())
            }
            (_, Value::String(id)) => self.answered(id, message),
            // The schema reports it.
            _ => Ok(()),
        }
    }
}

impl SyncOrder {
    fn check_client(&self, name: &str, message: &Value) -> Result<(), RuleViolation> {
        if name != "auth" && !self.has_authenticated {
            return violation("SYNC-C1", format!("{} before `auth_success`", shown(name)));
        }
        if message["id"].as_str().is_some_and(|id| self.used_ids.contains(id)) {
            return violation("SYNC-C2", "two requests with the same `id`");
        }
        if name == "auth" && self.refused_pin.as_ref() == Some(&message["pin"]) {
            return violation("SYNC-C2", "`auth` again with the PIN that was refused");
        }
        Ok(())
    }

    fn remember(&mut self, message: &Value) {
        let Some(id) = message["id"].as_str() else {
            self.nameless += 1;
            return;
        };
        let auth = match (self.has_authenticated, self.pending_auths) {
            (true, _) => AuthState::Authenticated,
            (false, 0) => AuthState::Unauthenticated,
            (false, _) => AuthState::Pending,
        };
        let request = PendingRequest::read(message, auth);
        self.pending_auths += usize::from(request.is_auth());
        if self.used_ids.len() < MOST {
            self.used_ids.insert(id.to_owned());
            self.open.entry(id.to_owned()).or_default().push(request);
        }
    }

    fn answered(&mut self, id: &str, message: &Value) -> Result<(), RuleViolation> {
        let name = message["type"].as_str().unwrap_or_default();
        let Some(requests) = self.open.get_mut(id) else {
            if self.used_ids.len() == MOST {
                return Ok(());
            }
            let what =
                if self.used_ids.contains(id) { "a second answer to a request" } else { "an answer without a request" };
            return violation("SYNC-60", format!("{what}: {} with the `id` \"{id}\"", shown(name)));
        };
        let is_subscribed = |topic: &Topic| self.subscriptions.has(topic);
        let fits = requests.iter().position(|request| request.check(message, is_subscribed).is_ok());
        let request = requests.remove(fits.unwrap_or_default());
        let verdict = request.check(message, is_subscribed);
        if requests.is_empty() {
            self.open.remove(id);
        }
        if request.is_auth() {
            self.pending_auths -= 1;
        }
        self.refused_pin = request.refused_by(name).or(self.refused_pin.take());
        self.has_authenticated |= name == "auth_success";
        verdict?;
        match (name, request.topic()) {
            ("subscribed", Some(topic)) => self.subscriptions.begin(topic, &message["data"]),
            ("data", Some(topic)) => {
                self.subscriptions.end(topic);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn pushed(&mut self, message: &Value) -> Result<(), RuleViolation> {
        if !self.has_authenticated {
            return violation("SYNC-22", "a push before `auth_success`");
        }
        self.subscriptions.push(message)
    }
}
