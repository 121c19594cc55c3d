//! Mutants by position: a client that fails at its n-th message, connection or event.
//!
//! They violate no requirement of their own. A scenario reaches its last check only if everything before it succeeds: these mutants fail late,
//! and so show that the last check can fail too.

use crate::mutant::Mutant;
use crate::mutant::link::{Admission, Effect, Flow, Link, Links, Loss, closing};
use crate::mutant::wire::Frame;

const ENOUGH: u16 = 1008;

/// Mutants that differ only in their number.
macro_rules! rows {
    ($($what:literal, $line:literal: $($number:literal)*;)*) => {
        &[$($(Mutant::at_place(concat!($what, "-", $number), concat!($line, " ", $number))),*),*]
    };
}

pub(crate) const EVENTS: &[Mutant] = rows! {
    "hides-event", "does not report event": 3 4 5 6 7;
    "repeats-event", "reports twice event": 2 7 55;
    "invents-error", "reports a false error after event": 2 8;
};

pub(crate) const RETURNS: &[Mutant] = rows! {
    "absent-from-connection", "does not make connection": 2 3 4 5 6 8;
    "doubles-connection", "makes two attempts at once for connection": 2 6 8;
};

pub(crate) const PLACES: &[Mutant] = rows! {
    "ends-at-message", "closes each connection at received message": 5 7 8 9 10 11 12 14;
    "ends-after-frame", "closes each connection after sent frame": 2 3 6 10 11 12 13 14 15 16 30;
    "hides-on-return", "does not send, after reconnecting, message": 2;
    "hides-on-second-return", "does not send, from its third connection on, message": 2;
    "repeats-on-return", "sends twice, after reconnecting, message": 1 2 3;
    "spoils-message", "truncates message": 1;
    "mute-from-frame", "sends nothing more on a connection from frame": 3 4 5 6;
    "repeats-message", "sends twice on each connection message": 1 2 4 5 6 7 55;
    "deaf-on-connection", "ignores everything on connection": 2 3 4 6 7;
};

/// Splits a name into the kind of failure and its position.
pub(in crate::mutant) fn read(name: &'static str) -> (&'static str, usize) {
    let (what, number) = name.rsplit_once('-').unwrap_or((name, ""));
    (what, number.parse().unwrap_or(usize::MAX))
}

#[derive(Debug)]
pub(crate) struct PositionMutant {
    what: &'static str,
    at: usize,
    number: usize,
    received: usize,
    action: usize,
    frames: usize,
}

impl PositionMutant {
    pub(crate) fn new(name: &'static str, number: usize) -> Self {
        let (what, at) = read(name);
        Self { what, at, number, received: 0, action: 0, frames: 0 }
    }

    fn is_mute(&self) -> bool {
        self.what == "mute-from-frame" && self.frames >= self.at
    }

    fn is_deaf(&self) -> bool {
        self.what == "deaf-on-connection" && self.number == self.at && self.received > 0
    }
}

impl Link for PositionMutant {
    fn asks(&mut self, _: &mut Vec<u8>, _: &mut Links) -> Admission {
        let is_absent = self.what == "absent-from-connection" && self.number >= self.at;
        if is_absent { Admission::Ignored } else { Admission::Onward }
    }

    fn beside(&self) -> usize {
        usize::from(self.what == "doubles-connection" && self.number == self.at)
    }

    fn ends(&mut self, flow: Flow, _: Loss, _: &mut Links) -> bool {
        match flow {
            Flow::In => !self.is_mute(),
            Flow::Out => !self.is_deaf(),
        }
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, _: &mut Links) -> Effect {
        let (from, what) = match self.what {
            "hides-on-return" => (2, "hides-message"),
            "hides-on-second-return" => (3, "hides-message"),
            "repeats-on-return" => (2, "repeats-message"),
            what => (1, what),
        };
        let is_message = matches!(frame.head & 0x0F, 1 | 2);
        match flow {
            Flow::In => {
                self.frames += 1;
                self.action += usize::from(is_message);
                let is_due = self.number >= from && is_message && self.action == self.at;
                match what {
                    _ if self.is_mute() => Effect::nothing(),
                    "ends-after-frame" if self.frames == self.at => Effect {
                        onward: vec![frame.clone(), closing(ENOUGH, true)],
                        back: vec![closing(ENOUGH, false)],
                        ends: true,
                        ..Effect::default()
                    },
                    "repeats-message" if is_due => Effect::times(&frame, 2),
                    "hides-message" if is_due => Effect::nothing(),
                    "spoils-message" if is_due => {
                        let end = frame.payload.len().saturating_sub(1);
                        Effect::payload(frame.payload.iter().copied().take(end).collect(), &frame)
                    }
                    _ => Effect::whole(&frame),
                }
            }
            Flow::Out if self.is_deaf() => Effect::nothing(),
            Flow::Out => {
                self.received += usize::from(is_message);
                let is_over = self.what == "ends-at-message" && is_message && self.received == self.at;
                if is_over { Effect::ended(&frame, ENOUGH) } else { Effect::whole(&frame) }
            }
        }
    }
}
