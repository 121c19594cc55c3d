//! Mutants of a relay: each theme has a list of its own, and says what its mutants make of a frame.

mod beats;
mod bytes;
mod closings;
mod codes;
mod first;
mod frames;
mod loss;
mod malformed;
mod messages;
mod opening;
mod pressure;
mod scrollback;
mod sessions;
mod viewers;

use std::time::{Duration, Instant};

use crate::mutant::Mutant;
use crate::mutant::framing::{self, Framing};
use crate::mutant::link::{self, Admission, House, Link, Loss, Said, Way};
use crate::mutant::seen::Seen;
use crate::mutant::wire::{CLOSE, Frame};

pub(crate) use sessions::Terminals;

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

/// Who speaks so long after it has connected is late.
const LATE: Duration = Duration::from_millis(100);
/// Whoever has connected so shortly before or after is near.
const NEAR: usize = 5;

/// What a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Host,
    Viewer,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Relay {
    mutant: &'static str,
    number: usize,
    since: Instant,
    /// What it is, once it was answered.
    side: Option<Side>,
    /// Messages that came in.
    words: usize,
    /// What was odd about its first message.
    case: Option<&'static str>,
    /// Whether it was late with its first message.
    was_late: bool,
    /// Of a host.
    client: String,
    /// The code that a viewer has asked for, as it has written it.
    asked: String,
    /// The code of its session.
    code: String,
    /// Of the viewers of its session, counted from 1.
    ordinal: usize,
    /// Binary messages that were there when it came.
    backlog: usize,
    /// Binary messages that its host had sent when it came, kept or not.
    said_before: usize,
    /// Binary messages that went out.
    shown: usize,
    /// Viewers that it was told of.
    told: usize,
    /// Pings that went out, and Pongs that came in.
    pings: usize,
    pongs: usize,
    /// The bytes of the last Ping.
    pinged: Vec<u8>,
    /// How much of a flood has come in, in bytes.
    poured: usize,
    /// What a mutant counts.
    count: usize,
    held: Option<Frame>,
    framing: Framing,
    has_left: bool,
    /// Whether it stays open though the reference has closed it.
    is_kept_open: bool,
    /// Whether something has come to pass that the mutant waits for.
    is_marked: bool,
}

impl Relay {
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
            said_before: 0,
            shown: 0,
            told: 0,
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

    /// What the theme of the mutant makes of it.
    fn alters(&mut self, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
        None.or_else(|| opening::alters(self, seen))
            .or_else(|| first::alters(self, seen))
            .or_else(|| codes::alters(self, seen, house))
            .or_else(|| viewers::alters(self, seen, house))
            .or_else(|| bytes::alters(self, seen, house))
            .or_else(|| messages::alters(self, seen, house))
            .or_else(|| closings::alters(self, seen))
            .or_else(|| malformed::alters(self, seen, house))
            .or_else(|| scrollback::alters(self, seen, house))
            .or_else(|| loss::alters(self, seen, house))
            .or_else(|| beats::alters(self, seen, house))
            .or_else(|| frames::alters(self, seen, house))
            .or_else(|| pressure::alters(self, seen, house))
    }
}

impl Link for Relay {
    fn asks(&mut self, _: &mut Vec<u8>, house: &mut House) -> Admission {
        house.terminals.silent.insert(self.number);
        match framing::bars(self.mutant, self.number, house) {
            true => Admission::Answered(framing::UNAVAILABLE),
            false => Admission::Onward,
        }
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        let message = link::message(&frame);
        let kind = message["type"].as_str().unwrap_or_default();
        let seen = Seen { way, kind, message: &message, frame: &frame };
        self.learn(&seen, house);
        let said = self.alters(&seen, house).unwrap_or_else(|| Said::whole(&frame));
        let mail = if way == Way::Out && frame.head != CLOSE { house.mail(self.number) } else { Vec::new() };
        Said { onward: [mail, said.onward].concat(), ..said }
    }

    fn ends(&mut self, way: Way, loss: Loss, house: &mut House) -> bool {
        let is_told = loss::ends(self, way, loss) && (way == Way::In || !self.framing.lingers(self.mutant));
        self.ended(way, loss, house);
        is_told
    }

    fn hoards(&self) -> bool {
        self.mutant == "hoards"
    }
}
