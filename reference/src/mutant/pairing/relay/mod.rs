//! Mutants of a pairing relay: one table for each topic.

mod beats;
mod codes;
mod crowd;
mod data;
mod expiry;
mod frames;
mod hostile;
mod invalid;
mod joins;
mod learn;
mod loss;
mod messages;
mod paths;
pub(crate) mod sessions;
mod strict;

use serde_json::json;

use crate::mutant::Mutant;
use crate::mutant::framing::{self, Framing};
use crate::mutant::link::{self, Admission, Effect, Flow, Link, Links, Loss};
use crate::mutant::observed::Observed;
use crate::mutant::wire::{CLOSE, Frame};

pub(crate) const MUTANTS: &[&[Mutant]] = &[
    paths::MUTANTS,
    codes::MUTANTS,
    joins::MUTANTS,
    expiry::MUTANTS,
    data::MUTANTS,
    messages::MUTANTS,
    invalid::MUTANTS,
    strict::MUTANTS,
    hostile::MUTANTS,
    loss::MUTANTS,
    beats::MUTANTS,
    frames::MUTANTS,
    framing::MUTANTS,
    crowd::MUTANTS,
];

#[derive(Debug)]
pub(crate) struct PairingLink {
    mutant: &'static str,
    number: usize,
    is_host: bool,
    target: String,
    /// The code that it was given or has joined.
    code: Option<String>,
    /// The code that it asked for last.
    asked: String,
    is_orphaned: bool,
    codes: Vec<String>,
    count: usize,
    pings: usize,
    held: Option<Frame>,
    questions: usize,
    is_asked: bool,
    /// Pings in a row during which it sent nothing, since it was paired.
    quiet_pings: usize,
    received: usize,
    poured: usize,
    framing: Framing,
    partial: Vec<u8>,
    is_partial: bool,
    /// Whether it has left unnoticed.
    is_gone: bool,
    has_lost: bool,
    /// The number of unknown codes that it sent.
    refusals: usize,
    was_registered: bool,
    /// Whether the mutant's condition has occurred.
    marked: bool,
}

impl Observed<'_> {
    fn error(&self) -> &str {
        if self.kind == "error" { self.text("code") } else { "" }
    }

    fn replaced(&self, code: &str) -> Effect {
        Effect { onward: vec![error(code, self.frame.masked)], ..Effect::default() }
    }

    fn refused(&self, code: &str) -> Effect {
        Effect::nothing().answered(error(code, !self.frame.masked))
    }

    fn last(&self, code: u16) -> Effect {
        let closed = Effect::ended(self.frame, code);
        Effect { onward: [vec![self.frame.clone()], closed.onward].concat(), ..closed }
    }
}

fn error(code: &str, masked: bool) -> Frame {
    let message = json!({ "type": "error", "code": code, "message": "So it is." });
    link::text(&message, &Frame { head: 0, masked, payload: Vec::new() })
}

impl PairingLink {
    pub(crate) fn new(mutant: &'static str, number: usize, target: &str) -> Self {
        Self {
            mutant,
            number,
            is_host: target.split('?').next() == Some("/mac"),
            target: target.to_owned(),
            code: None,
            asked: String::new(),
            is_orphaned: false,
            codes: Vec::new(),
            count: 0,
            pings: 0,
            held: None,
            questions: 0,
            is_asked: false,
            quiet_pings: 0,
            received: 0,
            poured: 0,
            framing: Framing::default(),
            partial: Vec::new(),
            is_partial: false,
            is_gone: false,
            has_lost: false,
            refusals: 0,
            was_registered: false,
            marked: false,
        }
    }

    fn alters(&mut self, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
        None.or_else(|| paths::alters(self, observed))
            .or_else(|| codes::alters(self, observed, state))
            .or_else(|| joins::alters(self, observed, state))
            .or_else(|| expiry::alters(self, observed, state))
            .or_else(|| data::alters(self, observed, state))
            .or_else(|| messages::alters(self, observed, state))
            .or_else(|| invalid::alters(self, observed, state))
            .or_else(|| strict::alters(self, observed, state))
            .or_else(|| hostile::alters(self, observed, state))
            .or_else(|| loss::alters(self, observed, state))
            .or_else(|| beats::alters(self, observed, state))
            .or_else(|| frames::alters(self, observed, state))
            .or_else(|| crowd::alters(self, observed, state))
    }
}

impl Link for PairingLink {
    fn asks(&mut self, head: &mut Vec<u8>, state: &mut Links) -> Admission {
        state.sessions.came(self.number, self.is_host);
        match self.mutant {
            _ if hostile::bars(self, state) || framing::bars(self.mutant, self.number, state) => {
                Admission::Answered(framing::UNAVAILABLE)
            }
            _ => paths::asks(self, head),
        }
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let observed = Observed { flow, kind, message: &message, frame: &frame };
        self.learn(&observed, state);
        let action = self.alters(&observed, state).unwrap_or_else(|| Effect::whole(&frame));
        let mail = if flow == Flow::Out { state.mail(self.number) } else { Vec::new() };
        match mail.iter().any(|frame| frame.head == CLOSE) {
            true => Effect { onward: mail, ends: true, ..Effect::default() },
            false => Effect { onward: [mail, action.onward].concat(), ..action },
        }
    }

    fn ends(&mut self, flow: Flow, loss: Loss, state: &mut Links) -> bool {
        let is_forwarded = loss::ends(self, flow, loss, state)
            && (flow == Flow::In || !self.framing.lingers(self.mutant) && !joins::lingers(self));
        if !self.is_gone {
            self.leave(flow, state);
        }
        is_forwarded
    }

    fn hoards(&self) -> bool {
        self.mutant == "hoards"
    }
}
