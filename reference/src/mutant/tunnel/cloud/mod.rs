//! Mutants of a cloud, on the side of the agents and on that of the public.

mod answers;
mod bodies;
mod encodings;
mod first;
mod frames;
mod losses;
mod messages;
mod opening;
mod passing;
mod public;
mod requests;
mod shared;
mod violations;

use std::time::Instant;

use serde_json::Value;

use super::rule::{self, Rule, TunnelFrame, tables};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Link, Links, Loss};
use crate::mutant::wire::{CLOSE, Frame, PING, PONG};
pub(crate) use public::PublicMutant;
use shared::{AgentLoss, shared};

type CloudRule = Rule<CloudMutant>;

tables! {
    CloudMutant: opening::KINDS, opening::RULES, first::KINDS, first::RULES, requests::RULES, losses::KINDS, losses::RULES,
    answers::KINDS, answers::RULES, passing::KINDS, passing::RULES, bodies::RULES, encodings::RULES, messages::RULES,
    frames::RULES, violations::KINDS, violations::RULES; and public::MUTANTS
}

pub(crate) struct CloudMutant {
    mutant: &'static str,
    rule: Option<&'static Rule<CloudMutant>>,
    number: usize,
    since: Instant,
    /// Its first message, as far as it is in one frame.
    first: Option<(Frame, Value)>,
    /// The number of `Auth` messages, and the last token.
    auths: usize,
    token: String,
    is_let_in: bool,
    has_pinged: bool,
    /// The last Ping frame, and whether it came inside a message.
    ping: Option<(Frame, bool)>,
    last: Option<Frame>,
    fragments: usize,
    fragment_bytes: usize,
    pings: usize,
    /// Whether a malformed and an unsolicited message came.
    has_erred: bool,
    has_guessed: bool,
    has_closed: bool,
    is_refused: bool,
    /// The requests in order: when they were sent, and whether they are answered.
    asked: Vec<CloudRequest>,
    held: Vec<Frame>,
    count: usize,
}

struct CloudRequest {
    id: String,
    at: u128,
    answers: usize,
    frame: Frame,
    message: Value,
}

impl CloudMutant {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        let rule = RULES.iter().flat_map(|rules| rules.iter()).find(|rule| rule.mutant.name == mutant);
        shared().opens(number);
        Self {
            mutant,
            rule,
            number,
            since: Instant::now(),
            first: None,
            auths: 0,
            token: String::new(),
            is_let_in: false,
            has_pinged: false,
            ping: None,
            last: None,
            fragments: 0,
            fragment_bytes: 0,
            pings: 0,
            has_erred: false,
            has_guessed: false,
            has_closed: false,
            is_refused: false,
            asked: Vec::new(),
            held: Vec::new(),
            count: 0,
        }
    }

    fn opened_with_auth(&self) -> bool {
        self.first.as_ref().is_some_and(|(_, message)| message["type"] == "Auth")
    }

    fn request(&self, id: &str) -> Option<&CloudRequest> {
        self.asked.iter().rev().find(|asked| asked.id == id)
    }

    fn age(&self, id: &str) -> u128 {
        self.request(id).map_or(0, |asked| rule::now().saturating_sub(asked.at))
    }

    fn open(&self) -> impl Iterator<Item = &CloudRequest> {
        self.asked.iter().filter(|asked| asked.answers == 0)
    }

    fn gets(&mut self, observed: &TunnelFrame<'_>) {
        let frame = observed.frame;
        match frame.head {
            PING => self.has_pinged = true,
            CLOSE => self.has_closed = true,
            _ => {}
        }
        if frame.is_message() && self.first.is_none() {
            self.first = Some((frame.clone(), observed.message.clone()));
        }
        if observed.is("Auth") {
            self.auths += 1;
            observed.text("token").clone_into(&mut self.token);
        }
        if frame.head & 0x0F != 0 && frame.is_message() {
            (self.fragments, self.fragment_bytes) = (0, 0);
        }
        if frame.is_fragment() {
            self.fragments += 1;
            self.fragment_bytes += frame.payload.len();
        }
        self.has_erred |= frame.is_message() && !frame.is_fragment() && messages::is_malformed(frame);
        self.pings = if observed.is("Ping") { self.pings + 1 } else { 0 };
        if let Some(harm) = harm(observed) {
            shared().harm = harm;
        }
        let id = ["id", "request_id"].map(|name| observed.text(name)).concat();
        if observed.is("HttpResponse") || observed.is("Error") {
            match self.asked.iter_mut().rev().find(|asked| asked.id == id) {
                Some(asked) => {
                    asked.answers += 1;
                    self.has_guessed |= asked.answers > 1;
                }
                None => self.has_guessed |= !id.is_empty(),
            }
        }
    }

    fn note_outgoing(&mut self, observed: &TunnelFrame<'_>) {
        if observed.is("AuthSuccess") {
            self.is_let_in = true;
            shared().lets_in(self.number, &self.token);
        }
        if observed.is("AuthError") {
            shared().refused_at = Some(rule::now());
        }
        if observed.is("Pong") {
            self.pings = 0;
        }
        if observed.is("HttpRequest") {
            let (id, at) = (observed.text("id").to_owned(), rule::now());
            // Only the latest matter.
            if self.asked.len() > 1000 {
                self.asked.drain(..500);
            }
            let is_small = observed.frame.payload.len() < 64 << 10;
            let (frame, message) = if is_small {
                (observed.frame.clone(), observed.message.clone())
            } else {
                (Frame { payload: Vec::new(), ..observed.frame.clone() }, Value::Null)
            };
            self.asked.push(CloudRequest { id, at, answers: 0, frame, message });
            let mut shared = shared();
            shared.asks(self.number, observed.frame.payload.len());
            shared.orphans.retain(|url| url != observed.text("url"));
        }
    }
}

impl Link for CloudMutant {
    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let message = rule::read(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let observed = TunnelFrame { flow, frame: &frame, message: &message, kind };
        match flow {
            Flow::In => self.gets(&observed),
            Flow::Out => self.note_outgoing(&observed),
        }
        let action = self.rule.and_then(|rule| rule.apply(self, &observed, state));
        if flow == Flow::In {
            if frame.head == PING {
                self.ping = Some((frame.clone(), self.fragments > 0));
            }
            if frame.is_message() && frame.head & 0x80 != 0 {
                (self.fragments, self.fragment_bytes) = (0, 0);
            }
            if observed.is("HttpResponse") {
                shared().answers(self.number);
            }
            if frame.head != PONG {
                self.last = Some(frame.clone());
            }
        } else if frame.close_code() > 0 && !self.has_closed {
            self.is_refused |= frame.close_code() == 1008;
            shared().loses(self.number, AgentLoss::Closed, self.open().last().map(|asked| asked.frame.clone()));
        }
        if flow == Flow::In && frame.head == CLOSE {
            shared().loses(self.number, AgentLoss::Close, self.open().last().map(|asked| asked.frame.clone()));
        }
        action.unwrap_or_else(|| Effect::whole(&frame))
    }

    fn ends(&mut self, flow: Flow, loss: Loss, _: &mut Links) -> bool {
        if flow == Flow::In {
            let how = if loss == Loss::Reset { AgentLoss::Reset } else { AgentLoss::End };
            shared().loses(self.number, how, self.open().last().map(|asked| asked.frame.clone()));
        }
        losses::is_forwarded(self, flow, loss)
    }

    fn hoards(&self) -> bool {
        self.mutant == "hoards"
    }

    fn large(&mut self, flow: Flow, head: u8) -> Option<u16> {
        bodies::large(self.mutant, flow, head)
    }
}

impl Drop for CloudMutant {
    fn drop(&mut self) {
        shared().agents.remove(&self.number);
    }
}

/// How a response attacks the public, by the name of the mutant that lets it.
fn harm(observed: &TunnelFrame<'_>) -> Option<&'static str> {
    let headers = observed.data("headers").as_object().filter(|_| observed.is("HttpResponse"))?;
    let line_end = |text: &str| text.contains("\r\n");
    if line_end(observed.text("status_text")) {
        return Some("injects-by-a-status-text");
    }
    headers.iter().find_map(|(name, value)| {
        let text = value.as_str().unwrap_or_default();
        Some(match () {
            () if line_end(name) => "injects-by-a-name",
            () if line_end(text) && text.contains("HTTP/1.1") => "injects-an-answer",
            () if line_end(text) => "injects-by-a-value",
            () if text.contains('\n') => "injects-by-half-a-line-end",
            () if value.as_array().is_some_and(|all| all.iter().any(|one| one.as_str().is_some_and(line_end))) => {
                "injects-a-cookie"
            }
            () => return None,
        })
    })
}
