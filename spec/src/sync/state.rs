//! The order of one sync connection, as an observer on its wire can know it: requests and their answers, and what may be pushed when.

mod request;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Topic;
use crate::order::{Breach, Order, Said};
use request::{Request, Standing, shown};
use subscriptions::Subscriptions;

/// The order rules of a new connection.
#[must_use]
pub fn order(role: &str) -> Box<dyn Order> {
    Box::new(Connection { is_client: role == "client", ..Connection::default() })
}

/// So many ids, and so many open requests, are remembered.
const MOST: usize = 200_000;

#[derive(Default)]
struct Connection {
    /// Whether who has connected is to open it as a client does.
    is_client: bool,
    has_authenticated: bool,
    /// How many `auth` are not answered.
    asked: usize,
    /// The PIN that was refused last.
    refused: Option<Value>,
    /// The ids of all requests so far.
    ids: BTreeSet<String>,
    /// Requests that are not answered, by their ids; two may have the same.
    open: BTreeMap<String, Vec<Request>>,
    /// How many messages without an id, or that are none, are not answered.
    nameless: usize,
    subscriptions: Subscriptions,
}

fn breach(requirement: &'static str, why: impl Into<String>) -> Result<(), Breach> {
    Err(Breach { requirement, why: why.into() })
}

impl Order for Connection {
    fn client_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let Said::Message(message) = said else {
            self.nameless += 1;
            return Ok(());
        };
        let verdict = if self.is_client { self.judge_client(said.name(), message) } else { Ok(()) };
        self.remember(message);
        verdict
    }

    fn server_said(&mut self, said: &Said<'_>) -> Result<(), Breach> {
        let Said::Message(message) = said else { return Ok(()) };
        match (said.name(), &message["id"]) {
            ("data", Value::Null) => self.pushed(message),
            ("error", Value::Null) if self.nameless == 0 => {
                breach("SYNC-60", "an `error` with `id` null, and every message had an `id`")
            }
            ("error", Value::Null) => {
                self.nameless -= 1;
                Ok(())
            }
            (_, Value::String(id)) => self.answered(id, message),
            // That is for the schema to say.
            _ => Ok(()),
        }
    }
}

impl Connection {
    fn judge_client(&self, name: &str, message: &Value) -> Result<(), Breach> {
        if name != "auth" && !self.has_authenticated {
            return breach("SYNC-C1", format!("{} before `auth_success`", shown(name)));
        }
        if message["id"].as_str().is_some_and(|id| self.ids.contains(id)) {
            return breach("SYNC-C2", "two requests with the same `id`");
        }
        if name == "auth" && self.refused.as_ref() == Some(&message["pin"]) {
            return breach("SYNC-C2", "`auth` again with the PIN that was refused");
        }
        Ok(())
    }

    fn remember(&mut self, message: &Value) {
        let Some(id) = message["id"].as_str() else {
            self.nameless += 1;
            return;
        };
        let standing = match (self.has_authenticated, self.asked) {
            (true, _) => Standing::Within,
            (false, 0) => Standing::Before,
            (false, _) => Standing::Perhaps,
        };
        let request = Request::read(message, standing);
        self.asked += usize::from(request.is_auth());
        if self.ids.len() < MOST {
            self.ids.insert(id.to_owned());
            self.open.entry(id.to_owned()).or_default().push(request);
        }
    }

    fn answered(&mut self, id: &str, message: &Value) -> Result<(), Breach> {
        let name = message["type"].as_str().unwrap_or_default();
        let Some(requests) = self.open.get_mut(id) else {
            if self.ids.len() == MOST {
                return Ok(());
            }
            let what = if self.ids.contains(id) { "a second answer to a request" } else { "an answer to no request" };
            return breach("SYNC-60", format!("{what}: {} with the `id` \"{id}\"", shown(name)));
        };
        let is_subscribed = |topic: &Topic| self.subscriptions.has(topic);
        let fits = requests.iter().position(|request| request.judge(message, is_subscribed).is_ok());
        let request = requests.remove(fits.unwrap_or_default());
        let verdict = request.judge(message, is_subscribed);
        if requests.is_empty() {
            self.open.remove(id);
        }
        if request.is_auth() {
            self.asked -= 1;
        }
        self.refused = request.refused_by(name).or(self.refused.take());
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

    fn pushed(&mut self, message: &Value) -> Result<(), Breach> {
        if !self.has_authenticated {
            return breach("SYNC-22", "a push before `auth_success`");
        }
        self.subscriptions.push(message)
    }
}
