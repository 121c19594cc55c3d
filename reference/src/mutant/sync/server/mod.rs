//! Mutants of a sync server: one table for each topic.

mod answers;
mod auth;
pub(crate) mod clients;
mod loss;
mod pushes;
mod snapshots;
mod wire;

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;

use crate::mutant::Mutant;
use crate::mutant::framing::{self, Framing};
use crate::mutant::link::{self, Admission, Effect, Flow, Link, Links, Loss};
use crate::mutant::observed::Observed;
use crate::mutant::wire::{CLOSE, Frame};
use clients::SyncClientState;

pub(crate) const MUTANTS: &[&[Mutant]] = &[
    auth::MUTANTS,
    answers::MUTANTS,
    snapshots::MUTANTS,
    pushes::MUTANTS,
    loss::MUTANTS,
    wire::MUTANTS,
    framing::MUTANTS,
];

/// Requests from this size on are not kept, in bytes.
const LARGE: usize = 128 << 10;

#[derive(Debug)]
pub(crate) struct SyncLink {
    mutant: &'static str,
    number: usize,
    requests: BTreeMap<String, Value>,
    framing: Framing,
    held: Option<Frame>,
    pushes: usize,
    /// The numbers of successful and failed `auth`.
    successes: usize,
    failures: usize,
    snapshots: usize,
    has_sent: bool,
    unsubscribed: Vec<String>,
    fragments: usize,
    last_out: Option<Instant>,
    poured: usize,
    /// Whether the mutant's condition has occurred.
    marked: bool,
}

impl Observed<'_> {
    fn is_push(&self) -> bool {
        self.flow == Flow::Out && self.kind == "data" && self.message["id"].is_null()
    }

    fn instead(&self, message: &Value) -> Effect {
        Effect::text(message, self.frame)
    }

    /// Answers the client without forwarding its request.
    fn answered(&self, message: &Value) -> Effect {
        Effect::nothing().answered(link::unmasked(&link::text(message, self.frame)))
    }
}

fn topic(message: &Value) -> String {
    format!(
        "{}/{}",
        message["resource"].as_str().unwrap_or_default(),
        message["resourceId"].as_str().unwrap_or_default()
    )
}

impl SyncLink {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self {
            mutant,
            number,
            requests: BTreeMap::new(),
            framing: Framing::default(),
            held: None,
            pushes: 0,
            successes: 0,
            failures: 0,
            snapshots: 0,
            has_sent: false,
            unsubscribed: Vec::new(),
            fragments: 0,
            last_out: None,
            poured: 0,
            marked: false,
        }
    }

    fn request(&self, answer: &Value) -> &Value {
        answer["id"].as_str().and_then(|id| self.requests.get(id)).unwrap_or(&Value::Null)
    }

    fn known<'a>(&self, state: &'a mut Links) -> &'a mut SyncClientState {
        state.clients.here.entry(self.number).or_default()
    }

    fn learn(&mut self, observed: &Observed<'_>, state: &mut Links) {
        match (observed.flow, observed.kind) {
            (Flow::In, _) if observed.frame.head == CLOSE => self.leave(false, state),
            (Flow::In, kind) if observed.message.is_object() => {
                self.has_sent |= kind == "send";
                self.known(state).has_sent |= kind == "send";
                if let Some(id) = observed.message["id"].as_str().filter(|_| observed.frame.payload.len() < LARGE) {
                    self.requests.insert(id.to_owned(), observed.message.clone());
                }
            }
            (Flow::Out, "auth_success") => {
                self.successes += 1;
                self.known(state).is_in = true;
            }
            (Flow::Out, "auth_failed") => self.failures += 1,
            (Flow::Out, "subscribed") => {
                self.snapshots += 1;
                *self.known(state).topics.entry(topic(observed.message)).or_default() += 1;
            }
            (Flow::Out, "data") if observed.message["data"]["unsubscribed"] == true => {
                let topic = topic(self.request(observed.message));
                state.clients.has_unsubscribed |= self.known(state).topics.remove(&topic).is_some();
            }
            (Flow::Out, _) if observed.is_push() => {
                self.pushes += 1;
                if let Some(id) = observed.message["data"]["chat"]["id"].as_str() {
                    state.clients.made.push(id.to_owned());
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, by_reset: bool, state: &mut Links) {
        if let Some(known) = state.clients.here.remove(&self.number) {
            let had_subscribed = known.topics.keys().any(|topic| topic.starts_with("chat/"));
            let is_next = |known: &SyncClientState| known.topics.keys().any(|topic| topic.starts_with("chat/"));
            if had_subscribed && state.clients.here.get(&(self.number + 1)).is_some_and(is_next) {
                (state.clients.lost, state.clients.has_reset) = (Some(self.number), by_reset);
            }
        }
    }

    fn alters(&mut self, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
        None.or_else(|| auth::alters(self, observed, state))
            .or_else(|| answers::alters(self, observed, state))
            .or_else(|| snapshots::alters(self, observed, state))
            .or_else(|| pushes::alters(self, observed, state))
            .or_else(|| loss::alters(self, observed, state))
            .or_else(|| wire::alters(self, observed, state))
            .or_else(|| self.framing.alters(self.mutant, self.number, observed.flow, observed.frame, state))
    }
}

impl Link for SyncLink {
    fn asks(&mut self, _: &mut Vec<u8>, state: &mut Links) -> Admission {
        self.known(state);
        let is_barred =
            framing::bars(self.mutant, self.number, state) || auth::bars(self, state) || wire::bars(self, state);
        if is_barred { Admission::Answered(framing::UNAVAILABLE) } else { Admission::Onward }
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let observed = Observed { flow, kind, message: &message, frame: &frame };
        self.learn(&observed, state);
        let action = self.alters(&observed, state).unwrap_or_else(|| Effect::whole(&frame));
        let mail = if flow == Flow::Out { state.mail(self.number) } else { Vec::new() };
        Effect { onward: [mail, action.onward].concat(), ..action }
    }

    fn ends(&mut self, flow: Flow, loss: Loss, state: &mut Links) -> bool {
        let is_forwarded = flow == Flow::In || !self.framing.lingers(self.mutant) && !wire::lingers(self);
        if is_forwarded {
            self.leave(loss == Loss::Reset, state);
        }
        is_forwarded
    }

    fn hoards(&self) -> bool {
        self.mutant == "hoards"
    }
}
