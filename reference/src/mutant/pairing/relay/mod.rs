//! Mutants of a relay: each theme has a list of its own, and says what its mutants make of a frame.

mod beats;
mod codes;
mod crowd;
mod data;
mod expiry;
mod frames;
mod hostile;
mod invalid;
mod joins;
mod loss;
mod messages;
mod paths;
mod sessions;
mod strict;

use serde_json::json;

use crate::mutant::Mutant;
use crate::mutant::framing::{self, Framing};
use crate::mutant::link::{self, Admission, House, Link, Loss, Said, Way};
use crate::mutant::seen::Seen;
use crate::mutant::wire::{CLOSE, Frame};

pub(crate) use sessions::Sessions;

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

/// One connection.
#[derive(Debug)]
pub(crate) struct Relay {
    mutant: &'static str,
    number: usize,
    is_host: bool,
    /// What the request asked for.
    target: String,
    /// The code that it was told or, of a viewer, has joined.
    code: Option<String>,
    /// The code that it has last asked for.
    asked: String,
    /// Whether it had a host and has lost it.
    is_widowed: bool,
    /// All codes that it was given as a host.
    codes: Vec<String>,
    /// What a mutant counts.
    count: usize,
    /// Pings that went out.
    pings: usize,
    held: Option<Frame>,
    /// How often it has sent `ping` since it is paired.
    questions: usize,
    /// Whether a `ping` is unanswered.
    is_asked: bool,
    /// Pings in a row without a word of it, since it is paired.
    quiet_pings: usize,
    /// Data that went out.
    received: usize,
    /// How much of a flood has come in, in bytes.
    poured: usize,
    framing: Framing,
    /// What has come of a fragmented message.
    partial: Vec<u8>,
    is_partial: bool,
    /// Whether it has gone, and nobody knows.
    is_gone: bool,
    /// Whether it has ever lost its host.
    has_lost: bool,
    /// How often it was told that a code is unknown.
    refusals: usize,
    was_registered: bool,
    /// Whether something has come to pass that the mutant waits for.
    marked: bool,
}

impl Seen<'_> {
    /// The error that a message tells of.
    fn error(&self) -> &str {
        if self.kind == "error" { self.text("code") } else { "" }
    }

    /// An error in its place, the same way.
    fn replaced(&self, code: &str) -> Said {
        Said { onward: vec![error(code, self.frame.masked)], ..Said::default() }
    }

    /// Refused by an error, and heard by nobody.
    fn refused(&self, code: &str) -> Said {
        Said::nothing().answered(error(code, !self.frame.masked))
    }

    /// It goes on, and the connection is closed behind it.
    fn last(&self, code: u16) -> Said {
        let closed = Said::ended(self.frame, code);
        Said { onward: [vec![self.frame.clone()], closed.onward].concat(), ..closed }
    }
}

fn error(code: &str, masked: bool) -> Frame {
    let message = json!({ "type": "error", "code": code, "message": "So it is." });
    link::text(&message, &Frame { head: 0, masked, payload: Vec::new() })
}

impl Relay {
    pub(crate) fn new(mutant: &'static str, number: usize, target: &str) -> Self {
        Self {
            mutant,
            number,
            is_host: target.split('?').next() == Some("/mac"),
            target: target.to_owned(),
            code: None,
            asked: String::new(),
            is_widowed: false,
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

    /// What the theme of the mutant makes of it.
    fn alters(&mut self, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
        None.or_else(|| paths::alters(self, seen))
            .or_else(|| codes::alters(self, seen, house))
            .or_else(|| joins::alters(self, seen, house))
            .or_else(|| expiry::alters(self, seen, house))
            .or_else(|| data::alters(self, seen, house))
            .or_else(|| messages::alters(self, seen, house))
            .or_else(|| invalid::alters(self, seen, house))
            .or_else(|| strict::alters(self, seen, house))
            .or_else(|| hostile::alters(self, seen, house))
            .or_else(|| loss::alters(self, seen, house))
            .or_else(|| beats::alters(self, seen, house))
            .or_else(|| frames::alters(self, seen, house))
            .or_else(|| crowd::alters(self, seen, house))
    }
}

impl Link for Relay {
    fn asks(&mut self, head: &mut Vec<u8>, house: &mut House) -> Admission {
        house.sessions.came(self.number, self.is_host);
        match self.mutant {
            _ if hostile::bars(self, house) || framing::bars(self.mutant, self.number, house) => {
                Admission::Answered(framing::UNAVAILABLE)
            }
            _ => paths::asks(self, head),
        }
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let seen = Seen { way, kind, message: &message, frame: &frame };
        self.learn(&seen, house);
        let said = self.alters(&seen, house).unwrap_or_else(|| Said::whole(&frame));
        let mail = if way == Way::Out { house.mail(self.number) } else { Vec::new() };
        match mail.iter().any(|frame| frame.head == CLOSE) {
            true => Said { onward: mail, ends: true, ..Said::default() },
            false => Said { onward: [mail, said.onward].concat(), ..said },
        }
    }

    fn ends(&mut self, way: Way, loss: Loss, house: &mut House) -> bool {
        let is_told = loss::ends(self, way, loss, house)
            && (way == Way::In || !self.framing.lingers(self.mutant) && !joins::lingers(self));
        if !self.is_gone {
            self.leave(way, house);
        }
        is_told
    }

    fn hoards(&self) -> bool {
        self.mutant == "hoards"
    }
}
