//! Mutants of an agent. Incoming frames are those that the agent sends.

mod answers;
mod attacks;
mod beat;
mod opening;
mod passing;

use std::time::Instant;

use relayspec::driver::{PARAMS_VARIABLE, Params};
use serde_json::Value;

use super::rule::{self, Rule, RuleEffect, TunnelFrame, tables};
use crate::mutant::Mutant;
use crate::mutant::link::{Admission, Effect, Flow, Link, Links, Loss};
use crate::mutant::wire::{BINARY, CLOSE, Frame, TEXT};

tables! {
    AgentMutant: opening::RULES, beat::RULES, answers::KINDS, answers::RULES, passing::KINDS, passing::RULES, attacks::KINDS,
    attacks::RULES
}

type AgentRule = Rule<AgentMutant>;

const fn sends(
    name: &'static str,
    breaks: &'static [&'static str],
    line: &'static str,
    does: RuleEffect<AgentMutant>,
) -> AgentRule {
    AgentRule::received(name, breaks, line, does)
}

const fn gets(
    name: &'static str,
    breaks: &'static [&'static str],
    line: &'static str,
    does: RuleEffect<AgentMutant>,
) -> AgentRule {
    AgentRule::sent(name, breaks, line, does)
}

pub(crate) struct AgentMutant {
    mutant: &'static str,
    rule: Option<&'static AgentRule>,
    number: usize,
    has_opened: bool,
    has_succeeded: bool,
    requests: Vec<AgentRequest>,
    answers: usize,
    errors: usize,
    malformed: usize,
    /// The agent's last `Ping`, whether it is answered, and the number of `Ping`s.
    ping: Value,
    is_answered: bool,
    pings: usize,
    stats: usize,
    asked: usize,
    fragment_bytes: usize,
    held: Vec<Frame>,
    count: usize,
}

struct AgentRequest {
    id: String,
    message: Value,
    since: Instant,
    is_answered: bool,
}

impl AgentMutant {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        let rule = RULES.iter().flat_map(|rules| rules.iter()).find(|rule| rule.mutant.name == mutant);
        Self {
            mutant,
            rule,
            number,
            has_opened: false,
            has_succeeded: false,
            requests: Vec::new(),
            answers: 0,
            errors: 0,
            malformed: 0,
            ping: Value::Null,
            is_answered: true,
            pings: 0,
            stats: 0,
            asked: 0,
            fragment_bytes: 0,
            held: Vec::new(),
            count: 0,
        }
    }

    fn request(&self, id: &str) -> Option<&AgentRequest> {
        self.requests.iter().rev().find(|request| request.id == id)
    }

    /// A member of the request that an answer belongs to.
    fn asked_for(&self, observed: &TunnelFrame<'_>, name: &str) -> &Value {
        self.request(&id(observed)).map_or(&Value::Null, |request| &request.message["data"][name])
    }

    fn open(&self) -> impl Iterator<Item = &AgentRequest> {
        self.requests.iter().filter(|request| !request.is_answered)
    }

    fn action(&mut self, observed: &TunnelFrame<'_>) {
        match observed.kind {
            "HttpResponse" | "Error" => {
                self.answers += usize::from(observed.is("HttpResponse"));
                self.errors += usize::from(observed.is("Error"));
                let id = id(observed);
                let request = self.requests.iter_mut().find(|request| request.id == id && !request.is_answered);
                if let Some(request) = request {
                    request.is_answered = true;
                }
            }
            "Ping" => {
                self.pings += 1;
                self.is_answered = false;
            }
            "Stats" => self.stats += 1,
            "Pong" => self.asked = self.asked.saturating_sub(1),
            _ => {}
        }
    }

    fn incoming(&mut self, observed: &TunnelFrame<'_>) {
        if observed.frame.head & 0x0F != 0 && observed.frame.is_message() {
            self.fragment_bytes = 0;
        }
        if observed.frame.is_fragment() {
            self.fragment_bytes += observed.frame.payload.len();
        }
        match observed.kind {
            "AuthSuccess" => self.has_succeeded = true,
            "Ping" => self.asked += 1,
            "Pong" => self.is_answered |= *observed.data("timestamp") == self.ping,
            "HttpRequest" if !attacks::is_malformed(observed.frame) => {
                let (id, message) = (observed.text("id").to_owned(), observed.message.clone());
                self.requests.push(AgentRequest { id, message, since: Instant::now(), is_answered: false });
            }
            _ => {}
        }
        self.malformed += usize::from(attacks::is_malformed(observed.frame));
    }
}

impl Link for AgentMutant {
    fn asks(&mut self, head: &mut Vec<u8>, state: &mut Links) -> Admission {
        opening::asks(self.mutant, head, state)
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let message = rule::read(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let observed = TunnelFrame { flow, frame: &frame, message: &message, kind };
        match flow {
            Flow::In => self.action(&observed),
            Flow::Out => self.incoming(&observed),
        }
        let action = self.rule.and_then(|rule| rule.apply(self, &observed, state));
        if flow == Flow::In {
            self.has_opened |= matches!(frame.head, TEXT | BINARY);
            if observed.is("Ping") {
                self.ping = observed.data("timestamp").clone();
            }
        }
        if flow == Flow::Out && frame.head == CLOSE {
            self.is_answered = true;
        }
        action.unwrap_or_else(|| Effect::whole(&frame))
    }

    fn ends(&mut self, flow: Flow, loss: Loss, state: &mut Links) -> bool {
        opening::ends(self, flow, loss, state)
    }

    fn large(&mut self, flow: Flow, head: u8) -> Option<u16> {
        let is_due = match (self.mutant, flow) {
            ("small-requests", Flow::Out) | ("small-answers", Flow::In) => head == TEXT,
            ("small-packed-requests", Flow::Out) | ("small-packed-answers", Flow::In) => head == BINARY,
            _ => false,
        };
        is_due.then_some(1009)
    }
}

fn id(observed: &TunnelFrame<'_>) -> String {
    [observed.text("id"), observed.text("request_id")].concat()
}

/// The agent's token; empty if the environment has none.
fn token() -> String {
    let params = std::env::var(PARAMS_VARIABLE).ok().and_then(|text| Params::read(&text).ok());
    params.and_then(|params| params.token).unwrap_or_default()
}
