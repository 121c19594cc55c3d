//! Mutants by place: a client that goes wrong at its n-th message, connection or event, whatever that may be.
//!
//! They break no requirement of their own. What a scenario asks for last is judged only where all before it went well: these let all go well until then,
//! and so show that the last check can fail, too.

use crate::mutant::Mutant;
use crate::mutant::link::{Admission, House, Link, Loss, Said, Way, closing};
use crate::mutant::wire::Frame;

/// The code of who has had enough.
const ENOUGH: u16 = 1008;

/// A row of mutants that differ in their number alone.
macro_rules! rows {
    ($($what:literal, $line:literal: $($number:literal)*;)*) => {
        &[$($(Mutant::at_place(concat!($what, "-", $number), concat!($line, " ", $number))),*),*]
    };
}

/// Mutants in what the driver is told.
pub(crate) const EVENTS: &[Mutant] = rows! {
    "hides-event", "does not tell its driver of event": 3 4 5 6 7;
    "repeats-event", "tells its driver twice of event": 2 7 55;
    "invents-error", "tells its driver of an error that there was not, behind event": 2 8;
};

/// Mutants in coming back.
pub(crate) const RETURNS: &[Mutant] = rows! {
    "absent-from-connection", "does not come back for its connection": 2 3 4 5 6 8;
    "doubles-connection", "makes two attempts at once as its connection": 2 6 8;
};

/// Mutants of a client at a WebSocket.
pub(crate) const PLACES: &[Mutant] = rows! {
    "ends-at-message", "closes each connection at the message that it hears as number": 5 7 8 9 10 11 12 14;
    "ends-after-frame", "closes each connection after its own frame": 2 3 6 10 11 12 13 14 15 16 30;
    "hides-on-return", "does not say, on each connection but the first, its message": 2;
    "hides-on-second-return", "does not say, from its third connection on, its message": 2;
    "repeats-on-return", "says twice, on each connection but the first, its message": 1 2 3;
    "spoils-message", "cuts off the end of its message": 1;
    "mute-from-frame", "says nothing more on a connection from its frame": 3 4 5 6;
    "repeats-message", "says twice on each connection its message": 1 2 4 5 6 7 55;
    "deaf-on-connection", "hears nothing on its connection": 2 3 4 6 7;
};

/// What a name says: what goes wrong, and where.
pub(in crate::mutant) fn read(name: &'static str) -> (&'static str, usize) {
    let (what, number) = name.rsplit_once('-').unwrap_or((name, ""));
    (what, number.parse().unwrap_or(usize::MAX))
}

/// One connection of a client.
#[derive(Debug)]
pub(crate) struct Place {
    what: &'static str,
    at: usize,
    /// Of the connection, counted from 1.
    number: usize,
    /// Messages that the client has heard.
    heard: usize,
    /// Messages that it has said.
    said: usize,
    /// Frames that it has said.
    frames: usize,
}

impl Place {
    pub(crate) fn new(name: &'static str, number: usize) -> Self {
        let (what, at) = read(name);
        Self { what, at, number, heard: 0, said: 0, frames: 0 }
    }

    fn is_mute(&self) -> bool {
        self.what == "mute-from-frame" && self.frames >= self.at
    }

    fn is_deaf(&self) -> bool {
        self.what == "deaf-on-connection" && self.number == self.at && self.heard > 0
    }
}

impl Link for Place {
    fn asks(&mut self, _: &mut Vec<u8>, _: &mut House) -> Admission {
        let is_absent = self.what == "absent-from-connection" && self.number >= self.at;
        if is_absent { Admission::Ignored } else { Admission::Onward }
    }

    fn beside(&self) -> usize {
        usize::from(self.what == "doubles-connection" && self.number == self.at)
    }

    fn ends(&mut self, way: Way, _: Loss, _: &mut House) -> bool {
        match way {
            Way::In => !self.is_mute(),
            Way::Out => !self.is_deaf(),
        }
    }

    fn says(&mut self, way: Way, frame: Frame, _: &mut House) -> Said {
        let (from, what) = match self.what {
            "hides-on-return" => (2, "hides-message"),
            "hides-on-second-return" => (3, "hides-message"),
            "repeats-on-return" => (2, "repeats-message"),
            what => (1, what),
        };
        let is_message = matches!(frame.head & 0x0F, 1 | 2);
        match way {
            Way::In => {
                self.frames += 1;
                self.said += usize::from(is_message);
                let is_due = self.number >= from && is_message && self.said == self.at;
                match what {
                    _ if self.is_mute() => Said::nothing(),
                    "ends-after-frame" if self.frames == self.at => Said {
                        onward: vec![frame.clone(), closing(ENOUGH, true)],
                        back: vec![closing(ENOUGH, false)],
                        ends: true,
                        ..Said::default()
                    },
                    "repeats-message" if is_due => Said::times(&frame, 2),
                    "hides-message" if is_due => Said::nothing(),
                    "spoils-message" if is_due => {
                        let end = frame.payload.len().saturating_sub(1);
                        Said::payload(frame.payload.iter().copied().take(end).collect(), &frame)
                    }
                    _ => Said::whole(&frame),
                }
            }
            Way::Out if self.is_deaf() => Said::nothing(),
            Way::Out => {
                self.heard += usize::from(is_message);
                let is_over = self.what == "ends-at-message" && is_message && self.heard == self.at;
                if is_over { Said::ended(&frame, ENOUGH) } else { Said::whole(&frame) }
            }
        }
    }
}
