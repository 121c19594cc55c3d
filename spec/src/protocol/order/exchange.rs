//! Requests that wait for their answers on one connection.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::observed::{MOST, Observed, OrderViolation, Sender, is_like, key, shown};
use super::{Due, Exchange, Refusal};
use crate::protocol::names::{ANY, Names};

/// A request that a message answers.
pub(super) struct Answered {
    /// Its name; empty if it has none.
    pub(super) name: String,
    /// The request.
    pub(super) request: Value,
}

/// The unanswered requests of one exchange.
#[derive(Default)]
pub(super) struct Ledger {
    /// By their ids; those of an exchange without ids stand under the empty one.
    open: HashMap<String, VecDeque<Pending>>,
    /// All ids so far.
    used: HashSet<String>,
    /// How many are unanswered.
    count: usize,
    /// Whether more were sent than are remembered.
    is_full: bool,
    refused: Option<String>,
}

struct Pending {
    name: String,
    asked_in: String,
    request: Value,
}

impl Ledger {
    /// Whether a request of one of these names is unanswered.
    pub(super) fn is_waiting_for(&self, names: &Names) -> bool {
        !names.is_empty() && self.open.values().flatten().any(|pending| names.has(&pending.name))
    }

    pub(super) fn observe(
        &mut self,
        exchange: &Exchange,
        state: &str,
        message: &Observed<'_>,
    ) -> (Option<Answered>, Result<(), OrderViolation>) {
        if !exchange.states.is_empty() && !exchange.states.has(state) {
            return (None, Ok(()));
        }
        let Some(json) = message.json else { return (None, Ok(())) };
        if exchange.requests.has(message) {
            return (None, self.asked(exchange, state, message, json));
        }
        let asker = if exchange.requests.client.is_empty() { Sender::Server } else { Sender::Client };
        let answer = message.name.and_then(|name| exchange.answers.get(name)).or_else(|| exchange.answers.get(ANY));
        match answer {
            Some(id) if message.by != asker => self.answered(exchange, id.as_deref(), message, json),
            _ => (None, Ok(())),
        }
    }

    fn asked(
        &mut self,
        exchange: &Exchange,
        state: &str,
        message: &Observed<'_>,
        json: &Value,
    ) -> Result<(), OrderViolation> {
        let Some(id) = id(exchange.id.as_deref(), json) else { return Ok(()) };
        let (name, has_id) = (message.name.unwrap_or_default(), exchange.id.is_some());
        let is_pending = has_id && self.open.contains_key(&id);
        let is_used = has_id && self.used.contains(&id);
        let value = exchange.refusal.as_ref().and_then(|refusal| refused(refusal, json));
        let is_refused = value.is_some() && value == self.refused;
        if self.count < MOST && self.used.len() < MOST {
            if has_id {
                self.used.insert(id.clone());
            }
            let pending = Pending { name: name.to_owned(), asked_in: state.to_owned(), request: json.clone() };
            self.open.entry(id).or_default().push_back(pending);
            self.count += 1;
        } else {
            self.is_full = true;
        }
        let violated = |wanted: &Option<super::Violated>| wanted.as_ref().and_then(|wanted| wanted.of(name)).cloned();
        if is_pending && let Some(requirement) = violated(&exchange.pending_id) {
            let why = format!("{} with the id of a request that is not answered yet", shown(message));
            return Err(OrderViolation::new(&requirement, why));
        }
        if is_used && let Some(requirement) = violated(&exchange.used_id) {
            let why = format!("{} with an id that an earlier request on this connection had", shown(message));
            return Err(OrderViolation::new(&requirement, why));
        }
        match &exchange.refusal {
            Some(refusal) if is_refused => {
                let why = format!("{} again with the value of {} that was refused", shown(message), refusal.value);
                Err(OrderViolation::new(&refusal.violates, why))
            }
            _ => Ok(()),
        }
    }

    fn answered(
        &mut self,
        exchange: &Exchange,
        pointer: Option<&str>,
        message: &Observed<'_>,
        json: &Value,
    ) -> (Option<Answered>, Result<(), OrderViolation>) {
        let Some(id) = id(pointer.or(exchange.id.as_deref()), json) else { return (None, Ok(())) };
        let name = message.name.unwrap_or_default();
        let Some(waiting) = self.open.get_mut(&id) else {
            let violated = exchange.stray.as_ref().and_then(|stray| stray.of(name)).filter(|_| !self.is_full);
            let Some(requirement) = violated else { return (None, Ok(())) };
            let why = match (exchange.id.is_some(), self.used.contains(&id)) {
                (false, _) => format!("{} without a request that it could answer", shown(message)),
                (true, true) => format!("{} to a request that was answered already", shown(message)),
                (true, false) => format!("{} to no request of this connection", shown(message)),
            };
            return (None, Err(OrderViolation::new(requirement, why)));
        };
        let fits = waiting.iter().position(|pending| due(exchange, pending, message, json).is_ok());
        let Some(pending) = waiting.remove(fits.unwrap_or_default()) else { return (None, Ok(())) };
        if waiting.is_empty() {
            self.open.remove(&id);
        }
        self.count -= 1;
        if let Some(refusal) = exchange.refusal.as_ref().filter(|refusal| refusal.by.has(name)) {
            self.refused = refused(refusal, &pending.request);
        }
        let result = due(exchange, &pending, message, json);
        (Some(Answered { name: pending.name, request: pending.request }), result)
    }
}

/// Whether an answer is due to a request.
fn due(exchange: &Exchange, pending: &Pending, message: &Observed<'_>, json: &Value) -> Result<(), OrderViolation> {
    let is_meant = |due: &&Due| {
        (due.to.has(ANY) || due.to.has(&pending.name))
            && (due.asked_in.is_empty() || due.asked_in.has(&pending.asked_in))
            && is_like(due.like.as_ref(), Some(&pending.request))
    };
    let Some(due) = exchange.due.iter().find(is_meant) else { return Ok(()) };
    let name = message.name.unwrap_or_default();
    let otherwise = due.otherwise.of(name).map_or("", String::as_str);
    let to =
        if pending.name.is_empty() { "a request without a name".to_owned() } else { format!("`{}`", pending.name) };
    let Some(form) = due.by.get(name).filter(|form| is_like(form.like.as_ref(), Some(json))) else {
        return Err(OrderViolation::new(otherwise, format!("{} is no answer to {to}", shown(message))));
    };
    let member = |value: &Value, pointer: &str| value.pointer(pointer).filter(|value| !value.is_null()).cloned();
    match form.same.iter().find(|pointer| member(json, pointer) != member(&pending.request, pointer)) {
        Some(pointer) => {
            let why = format!("{} has another {pointer} than {to} that it answers", shown(message));
            Err(OrderViolation::new(form.violates.as_deref().unwrap_or(otherwise), why))
        }
        None => Ok(()),
    }
}

/// The id in a message; the empty one where none is asked for. What has no id, or null, takes no part.
fn id(pointer: Option<&str>, json: &Value) -> Option<String> {
    match pointer {
        Some(pointer) => json.pointer(pointer).and_then(key),
        None => Some(String::new()),
    }
}

/// The value of a request that can be refused.
fn refused(refusal: &Refusal, request: &Value) -> Option<String> {
    let value = key(request.pointer(&refusal.value)?)?;
    Some(if refusal.ignore_case { value.to_lowercase() } else { value })
}
