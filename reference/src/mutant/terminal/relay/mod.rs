//! Mutants of a terminal relay: one table for each topic.

mod beats;
mod bytes;
mod closings;
mod codes;
mod first;
mod frames;
mod learn;
mod loss;
mod malformed;
mod messages;
mod opening;
mod pressure;
mod scrollback;
pub(crate) mod sessions;
mod viewers;

use std::time::{Duration, Instant};

use crate::mutant::Mutant;
use crate::mutant::framing::{self, Framing};
use crate::mutant::link::{self, Admission, Effect, Flow, Link, Links, Loss};
use crate::mutant::observed::Observed;
use crate::mutant::wire::{CLOSE, Frame};

pub(crate) const MUTANTS: &[&[Mutant]] = &[
    opening::MUTANTS,
    first::MUTANTS,
    codes::MUTANTS,
    viewers::MUTANTS,
    bytes::MUTANTS,
    messages::MUTANTS,
    closings::MUTANTS,
    malformed::MUTANTS,
    scrollback::MUTANTS,
    loss::MUTANTS,
    beats::MUTANTS,
    frames::MUTANTS,
    framing::MUTANTS,
    pressure::MUTANTS,
];

/// A first message after this time is late.
const LATE: Duration = Duration::from_millis(100);
/// Connections that opened this shortly before or after are near.
const NEAR: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TerminalRole {
    Host,
    Viewer,
}

#[derive(Debug)]
pub(crate) struct TerminalLink {
    mutant: &'static str,
    number: usize,
    since: Instant,
    side: Option<TerminalRole>,
    words: usize,
    /// What was unusual about its first message.
    case: Option<&'static str>,
    was_late: bool,
    client: String,
    /// The code that a viewer asked for, as written.
    asked: String,
    code: String,
    /// The number of the viewer in its session, from 1.
    ordinal: usize,
    backlog: usize,
    sent_before: usize,
    shown: usize,
    reported: usize,
    pings: usize,
    pongs: usize,
    pinged: Vec<u8>,
    poured: usize,
    count: usize,
    held: Option<Frame>,
    framing: Framing,
    has_left: bool,
    /// Whether it stays open although the reference has closed it.
    is_kept_open: bool,
    /// Whether the mutant's condition has occurred.
    is_marked: bool,
}

impl TerminalLink {
    pub(crate) fn new(mutant: &'static str, number: usize) -> Self {
        Self {
            mutant,
            number,
            since: Instant::now(),
            side: None,
            words: 0,
            case: None,
            was_late: false,
            client: String::new(),
            asked: String::new(),
            code: String::new(),
            ordinal: 0,
            backlog: 0,
            sent_before: 0,
            shown: 0,
            reported: 0,
            pings: 0,
            pongs: 0,
            pinged: Vec::new(),
            poured: 0,
            count: 0,
            held: None,
            framing: Framing::default(),
            has_left: false,
            is_kept_open: false,
            is_marked: false,
        }
    }

    fn alters(&mut self, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
        None.or_else(|| opening::alters(self, observed))
            .or_else(|| first::alters(self, observed))
            .or_else(|| codes::alters(self, observed, state))
            .or_else(|| viewers::alters(self, observed, state))
            .or_else(|| bytes::alters(self, observed, state))
            .or_else(|| messages::alters(self, observed, state))
            .or_else(|| closings::alters(self, observed))
            .or_else(|| malformed::alters(self, observed, state))
            .or_else(|| scrollback::alters(self, observed, state))
            .or_else(|| loss::alters(self, observed, state))
            .or_else(|| beats::alters(self, observed, state))
            .or_else(|| frames::alters(self, observed, state))
            .or_else(|| pressure::alters(self, observed, state))
    }
}

impl Link for TerminalLink {
    fn asks(&mut self, _: &mut Vec<u8>, state: &mut Links) -> Admission {
        state.terminals.silent.insert(self.number);
        match framing::bars(self.mutant, self.number, state) {
            true => Admission::Answered(framing::UNAVAILABLE),
            false => Admission::Onward,
        }
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let observed = Observed { flow, kind, message: &message, frame: &frame };
        self.learn(&observed, state);
        let action = self.alters(&observed, state).unwrap_or_else(|| Effect::whole(&frame));
        let mail = if flow == Flow::Out && frame.head != CLOSE { state.mail(self.number) } else { Vec::new() };
        Effect { onward: [mail, action.onward].concat(), ..action }
    }

    fn ends(&mut self, flow: Flow, loss: Loss, state: &mut Links) -> bool {
        let is_forwarded = loss::ends(self, flow, loss) && (flow == Flow::In || !self.framing.lingers(self.mutant));
        self.ended(flow, loss, state);
        is_forwarded
    }

    fn hoards(&self) -> bool {
        self.mutant == "hoards"
    }
}
