//! Mutants of an agent. What comes in is what the agent says, what goes out is what it hears.

mod answers;
mod attacks;
mod beat;
mod opening;
mod passing;

use std::time::Instant;

use relayspec::driver::{PARAMS_VARIABLE, Params};
use serde_json::Value;

use super::rule::{self, Does, Rule, Seen, tables};
use crate::mutant::Mutant;
use crate::mutant::link::{Admission, House, Link, Loss, Said, Way};
use crate::mutant::wire::{BINARY, CLOSE, Frame, TEXT};

tables! {
    Agent: opening::RULES, beat::RULES, answers::KINDS, answers::RULES, passing::KINDS, passing::RULES, attacks::KINDS,
    attacks::RULES
}

type Row = Rule<Agent>;

/// A mutant in what the agent says.
const fn says(name: &'static str, breaks: &'static [&'static str], line: &'static str, does: Does<Agent>) -> Row {
    Row::heard(name, breaks, line, does)
}

/// A mutant in what the agent hears.
const fn hears(name: &'static str, breaks: &'static [&'static str], line: &'static str, does: Does<Agent>) -> Row {
    Row::told(name, breaks, line, does)
}

/// One connection of an agent.
pub(crate) struct Agent {
    mutant: &'static str,
    rule: Option<&'static Row>,
    number: usize,
    has_opened: bool,
    has_succeeded: bool,
    /// What the agent has heard and said of requests, in their order.
    requests: Vec<Request>,
    answers: usize,
    errors: usize,
    /// How many malformed messages the agent was sent.
    malformed: usize,
    /// The agent's last `Ping`, whether it is answered, and how many there were.
    ping: Value,
    is_answered: bool,
    pings: usize,
    stats: usize,
    /// `Ping` messages of the cloud that wait for an answer.
    asked: usize,
    fragment_bytes: usize,
    held: Vec<Frame>,
    count: usize,
}

/// A request that the agent was sent.
struct Request {
    id: String,
    message: Value,
    since: Instant,
    is_answered: bool,
}

impl Agent {
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

    /// The latest request of an id.
    fn request(&self, id: &str) -> Option<&Request> {
        self.requests.iter().rev().find(|request| request.id == id)
    }

    /// A member of the request that an answer is about.
    fn asked_for(&self, seen: &Seen<'_>, name: &str) -> &Value {
        self.request(&id(seen)).map_or(&Value::Null, |request| &request.message["data"][name])
    }

    /// Requests that are not answered.
    fn open(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().filter(|request| !request.is_answered)
    }

    fn said(&mut self, seen: &Seen<'_>) {
        match seen.kind {
            "HttpResponse" | "Error" => {
                self.answers += usize::from(seen.is("HttpResponse"));
                self.errors += usize::from(seen.is("Error"));
                let id = id(seen);
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

    fn heard(&mut self, seen: &Seen<'_>) {
        if seen.frame.head & 0x0F != 0 && seen.frame.is_message() {
            self.fragment_bytes = 0;
        }
        if seen.frame.is_fragment() {
            self.fragment_bytes += seen.frame.payload.len();
        }
        match seen.kind {
            "AuthSuccess" => self.has_succeeded = true,
            "Ping" => self.asked += 1,
            "Pong" => self.is_answered |= *seen.data("timestamp") == self.ping,
            "HttpRequest" if !attacks::is_malformed(seen.frame) => {
                let (id, message) = (seen.text("id").to_owned(), seen.message.clone());
                self.requests.push(Request { id, message, since: Instant::now(), is_answered: false });
            }
            _ => {}
        }
        self.malformed += usize::from(attacks::is_malformed(seen.frame));
    }
}

impl Link for Agent {
    fn asks(&mut self, head: &mut Vec<u8>, house: &mut House) -> Admission {
        opening::asks(self.mutant, head, house)
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        let message = rule::read(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let seen = Seen { way, frame: &frame, message: &message, kind };
        match way {
            Way::In => self.said(&seen),
            Way::Out => self.heard(&seen),
        }
        let said = self.rule.and_then(|rule| rule.apply(self, &seen, house));
        if way == Way::In {
            self.has_opened |= matches!(frame.head, TEXT | BINARY);
            if seen.is("Ping") {
                self.ping = seen.data("timestamp").clone();
            }
        }
        if way == Way::Out && frame.head == CLOSE {
            self.is_answered = true;
        }
        said.unwrap_or_else(|| Said::whole(&frame))
    }

    fn ends(&mut self, way: Way, loss: Loss, house: &mut House) -> bool {
        opening::ends(self, way, loss, house)
    }

    fn large(&mut self, way: Way, head: u8) -> Option<u16> {
        let is_due = match (self.mutant, way) {
            ("small-requests", Way::Out) | ("small-answers", Way::In) => head == TEXT,
            ("small-packed-requests", Way::Out) | ("small-packed-answers", Way::In) => head == BINARY,
            _ => false,
        };
        is_due.then_some(1009)
    }
}

/// The id of the request that a message of the agent is about.
fn id(seen: &Seen<'_>) -> String {
    [seen.text("id"), seen.text("request_id")].concat()
}

/// The token that the agent was handed over; empty where it has another.
fn token() -> String {
    let params = std::env::var(PARAMS_VARIABLE).ok().and_then(|text| Params::read(&text).ok());
    params.and_then(|params| params.token).unwrap_or_default()
}
