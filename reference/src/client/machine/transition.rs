//! Transitions between phases: what follows attempts, losses and successes.

use std::time::{Duration, Instant};

use relayspec::driver::Event;
use relayspec::timing::Parameter;

use super::{ClientCore, LinkState, Phase};
use crate::client::action::{ClientAction, Ending};
use crate::client::backoff::JitterSource;
use crate::client::context::{ClientRole, Transition};

impl<R: ClientRole, J: JitterSource> ClientCore<R, J> {
    /// Whether the connection has reached the family's own success.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up)
    }

    #[cfg(test)]
    pub(crate) fn is_opening(&self) -> bool {
        matches!(self.link, LinkState::Opening)
    }

    pub(super) fn attempt(&mut self, now: Instant) {
        self.phase = Phase::Attempting { deadline: now + self.timing.value(Parameter::ConnectTimeout) };
        match self.link {
            LinkState::Open(_) => self.role.greet(&mut self.ctx),
            LinkState::Down | LinkState::Opening => {
                self.link = LinkState::Opening;
                self.ctx.actions.push(ClientAction::Connect);
            }
        }
    }

    pub(super) fn abandon(&mut self, now: Instant) {
        self.ctx.actions.push(ClientAction::Abandon);
        self.drop_link(None, now);
    }

    pub(super) fn drop_link(&mut self, close_code: Option<u16>, now: Instant) {
        match std::mem::replace(&mut self.link, LinkState::Down) {
            LinkState::Down => return,
            LinkState::Opening => {}
            LinkState::Open(_) => self.ctx.report(Event::Disconnected {}),
        }
        self.ctx.own_messages.clear();
        (self.ctx.is_open, self.ctx.may_send) = (false, false);
        self.was_troubled = true;
        if !self.role.comes_back(close_code, &mut self.ctx) {
            return self.end(Ending::GaveUp);
        }
        match self.phase {
            Phase::Up => {
                let delay = self.backoff.lost();
                self.wait(now, delay);
            }
            Phase::Attempting { .. } => self.fail(now),
            // The attempt had already failed on the connection that is now lost.
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
        // Messages given before `stop` are still sent if possible.
        if ending == Ending::GaveUp || !self.ctx.may_send {
            self.send_back();
        }
        if ending == Ending::GaveUp {
            self.ctx.report(Event::GaveUp {});
        }
        self.phase = Phase::Ended;
        self.ctx.actions.push(ClientAction::End(ending));
    }

    /// No message is dropped silently (PAIR-H4).
    pub(super) fn send_back(&mut self) {
        self.ctx.send_back(self.role.forget(), "The client stops");
    }

    /// Carries out the transition that the role asked for, and returns all actions.
    pub(super) fn done(&mut self, now: Instant) -> Vec<ClientAction> {
        match std::mem::replace(&mut self.ctx.transition, Transition::None) {
            _ if matches!(self.phase, Phase::Ended) => {}
            Transition::None => {}
            Transition::Succeed => {
                self.phase = Phase::Up;
                self.backoff.succeeded();
                if std::mem::take(&mut self.was_troubled) {
                    self.ctx.report(Event::Reconnected {});
                }
            }
            Transition::Rest => self.phase = Phase::Resting,
            Transition::Attempt => {
                let deadline = now + self.timing.value(Parameter::ConnectTimeout);
                if !matches!(self.phase, Phase::Up) {
                    self.phase = Phase::Attempting { deadline };
                }
            }
            Transition::Retry => self.fail(now),
            Transition::Reconnect => {
                self.ctx.actions.push(ClientAction::Leave);
                self.phase = Phase::Up; // The server did not fail: the delay is that after a loss.
                self.drop_link(None, now);
            }
            Transition::Abandon => self.abandon(now),
            Transition::GiveUp => self.end(Ending::GaveUp),
            Transition::Stop => self.end(Ending::Stopped),
        }
        self.ctx.actions.split_off(0)
    }
}
