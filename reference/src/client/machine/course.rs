//! From phase to phase: what attempts, losses and successes lead to.

use std::time::{Duration, Instant};

use relayspec::driver::Event;
use relayspec::timing::Parameter;

use super::{Client, Phase, Wire};
use crate::client::backoff::Dice;
use crate::client::desk::{Course, Role};
use crate::client::{Action, Ending};

impl<R: Role, D: Dice> Client<R, D> {
    /// Whether the family's own success was reached on the connection that is there.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up)
    }

    /// Whether an attempt is under way whose handshake is not done.
    #[must_use]
    pub fn is_opening(&self) -> bool {
        matches!(self.wire, Wire::Opening)
    }

    pub(super) fn attempt(&mut self, now: Instant) {
        self.phase = Phase::Attempting { deadline: now + self.timing.value(Parameter::ConnectTimeout) };
        match self.wire {
            Wire::Open(_) => self.role.greet(&mut self.desk),
            Wire::Down | Wire::Opening => {
                self.wire = Wire::Opening;
                self.desk.actions.push(Action::Connect);
            }
        }
    }

    pub(super) fn abandon(&mut self, now: Instant) {
        self.desk.actions.push(Action::Abandon);
        self.drop_wire(None, now);
    }

    pub(super) fn drop_wire(&mut self, close_code: Option<u16>, now: Instant) {
        match std::mem::replace(&mut self.wire, Wire::Down) {
            Wire::Down => return,
            Wire::Opening => {}
            Wire::Open(_) => self.desk.report(Event::Disconnected {}),
        }
        self.desk.words.clear();
        (self.desk.is_open, self.desk.may_send) = (false, false);
        self.was_troubled = true;
        if !self.role.comes_back(close_code, &mut self.desk) {
            return self.end(Ending::GaveUp);
        }
        match self.phase {
            Phase::Up => {
                let delay = self.backoff.lost();
                self.wait(now, delay);
            }
            Phase::Attempting { .. } => self.fail(now),
            // The attempt had failed already, on the connection that is lost now.
            Phase::Waiting { delay, .. } => self.wait(now, delay),
            Phase::Resting | Phase::Ended => {}
        }
    }

    fn fail(&mut self, now: Instant) {
        self.was_troubled = true;
        match self.backoff.failed() {
            Some(delay) => self.wait(now, delay),
            None => self.end(Ending::GaveUp), // RECON-09
        }
    }

    fn wait(&mut self, now: Instant, delay: Duration) {
        self.phase = Phase::Waiting { until: now + delay, delay };
    }

    pub(super) fn end(&mut self, ending: Ending) {
        if let Phase::Ended = self.phase {
            return;
        }
        // What the user gave before they told the client to stop still goes out, where it can.
        if ending == Ending::GaveUp || !self.desk.may_send {
            self.send_back();
        }
        if ending == Ending::GaveUp {
            self.desk.report(Event::GaveUp {});
        }
        self.phase = Phase::Ended;
        self.desk.actions.push(Action::End(ending));
    }

    /// Nothing is dropped silently (PAIR-H4).
    pub(super) fn send_back(&mut self) {
        self.desk.send_back(self.role.forget(), "The client ends");
    }

    /// Follows what the role has asked for, and hands out what is to be done.
    pub(super) fn done(&mut self, now: Instant) -> Vec<Action> {
        match std::mem::replace(&mut self.desk.course, Course::Same) {
            _ if matches!(self.phase, Phase::Ended) => {}
            Course::Same => {}
            Course::Success => {
                self.phase = Phase::Up;
                self.backoff.succeeded();
                if std::mem::take(&mut self.was_troubled) {
                    self.desk.report(Event::Reconnected {});
                }
            }
            Course::Rest => self.phase = Phase::Resting,
            Course::Attempt => {
                let deadline = now + self.timing.value(Parameter::ConnectTimeout);
                if !matches!(self.phase, Phase::Up) {
                    self.phase = Phase::Attempting { deadline };
                }
            }
            Course::TryAgain => self.fail(now),
            Course::Anew => {
                self.desk.actions.push(Action::Leave);
                self.phase = Phase::Up; // Not the connection's fault: the delay is that after a loss.
                self.drop_wire(None, now);
            }
            Course::Lost => self.abandon(now),
            Course::GiveUp => self.end(Ending::GaveUp),
            Course::Stop => self.end(Ending::Stopped),
        }
        self.desk.actions.split_off(0)
    }
}
