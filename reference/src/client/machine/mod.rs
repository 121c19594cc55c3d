//! Attempts, losses, delays and stopping, for clients of any [`ClientRole`] (chapter `reconnect`).

mod transition;

use std::time::{Duration, Instant};

use relayspec::driver::{Command, CommandError, Event};
use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};

use super::action::{ClientAction, Ending, Outgoing};
use super::backoff::{Backoff, JitterSource, PolicyDeviation};
use super::context::{ClientContext, ClientRole};
use super::fetch::Fetched;
use super::liveness::{Liveness, LivenessDue};

/// From this many unsent bytes of the user on, a user who can wait should: a shell that is stopped should not run on for long.
const BUSY_BYTES: usize = 1 << 20;
/// From this many bytes of answers on, finished local requests wait.
const DEFER_BYTES: usize = 4 << 20;
/// From this many bytes of answers on, the server is not read: it asks for more than it takes.
const CONGESTED_BYTES: usize = 64 << 20;

#[derive(Debug)]
pub(crate) struct ClientCore<R, J> {
    role: R,
    ctx: ClientContext,
    backoff: Backoff<J>,
    timing: Timing,
    phase: Phase,
    link: LinkState,
    /// There was a loss or a failed attempt since the last success: the next success is reported as `reconnected`.
    was_troubled: bool,
    /// The input has ended, and the client stops once all is sent.
    ends_when_sent: bool,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Until the next attempt.
    Waiting {
        until: Instant,
        delay: Duration,
    },
    /// Without the family's success so far.
    Attempting {
        deadline: Instant,
    },
    /// The family's own success.
    Up,
    /// Connected, with nothing to attempt.
    Resting,
    Ended,
}

#[derive(Debug)]
enum LinkState {
    Down,
    Opening,
    Open(Liveness),
}

impl<R: ClientRole, J: JitterSource> ClientCore<R, J> {
    /// A client whose first attempt is due at once. Uses `connect_timeout`, `heartbeat_interval` and `heartbeat_timeout`.
    pub(crate) fn new(role: R, policy: Policy, timing: Timing, jitter: J, now: Instant) -> Self {
        Self {
            role,
            ctx: ClientContext::new(now),
            backoff: Backoff::new(policy, jitter),
            timing,
            phase: Phase::Waiting { until: now, delay: Duration::ZERO },
            link: LinkState::Down,
            was_troubled: false,
            ends_when_sent: false,
        }
    }

    pub(crate) fn with(self, deviation: PolicyDeviation) -> Self {
        Self { backoff: self.backoff.with(deviation), ..self }
    }

    /// When [`tick`](Self::tick) is next due.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Waiting { until, .. } => Some(until),
            Phase::Attempting { deadline } => Some(deadline),
            Phase::Up | Phase::Resting => None,
            Phase::Ended => return None,
        };
        let beat = match &self.link {
            LinkState::Open(liveness) if !self.role.has_heartbeat() => Some(liveness.wake_at()),
            _ => None,
        };
        let own = if self.may_tick() { self.role.wake_at() } else { None };
        [phase, beat, own].into_iter().flatten().min()
    }

    pub(crate) fn tick(&mut self, now: Instant) -> Vec<ClientAction> {
        self.ctx.now = now;
        match self.phase {
            Phase::Waiting { until, .. } if now >= until => self.attempt(now),
            Phase::Attempting { deadline } if now >= deadline => self.abandon(now), // RECON-12
            _ => {}
        }
        if let LinkState::Open(liveness) = &mut self.link {
            match liveness.tick(now) {
                _ if self.role.has_heartbeat() => {}
                LivenessDue::Nothing => {}
                LivenessDue::Ping => self.ctx.send(Outgoing::Ping),
                LivenessDue::Loss => self.abandon(now),
            }
        }
        if self.may_tick() && !matches!(self.phase, Phase::Ended) {
            self.role.tick(&mut self.ctx);
        }
        self.done(now)
    }

    fn may_tick(&self) -> bool {
        !self.role.has_heartbeat() || matches!(self.link, LinkState::Open(_))
    }

    pub(crate) fn opened(&mut self, now: Instant) -> Vec<ClientAction> {
        self.ctx.now = now;
        if let LinkState::Opening = self.link {
            let [interval, timeout] = [Parameter::HeartbeatInterval, Parameter::HeartbeatTimeout]
                .map(|parameter| self.timing.value(parameter));
            self.link = LinkState::Open(Liveness::new(now, interval, timeout));
            self.ctx.is_open = true;
            self.backoff.connected();
            self.ctx.report(Event::Connected {});
            self.role.greet(&mut self.ctx);
        }
        self.done(now)
    }

    /// Something was received, if only a control frame; or the connection was not read until now.
    pub(crate) fn received(&mut self, now: Instant) {
        self.ctx.now = now;
        if let LinkState::Open(liveness) = &mut self.link {
            liveness.received(now);
        }
    }

    pub(crate) fn text(&mut self, text: &str, now: Instant) -> Vec<ClientAction> {
        self.received(now);
        if self.is_listening() {
            self.role.text(text, &mut self.ctx);
        }
        self.done(now)
    }

    pub(crate) fn binary(&mut self, bytes: &[u8], now: Instant) -> Vec<ClientAction> {
        self.received(now);
        if self.is_listening() {
            self.role.binary(bytes, &mut self.ctx);
        }
        self.done(now)
    }

    /// The attempt failed or the connection is lost, with the code of a Close frame if any (RECON-01, WIRE-09).
    pub(crate) fn lost(&mut self, close_code: Option<u16>, now: Instant) -> Vec<ClientAction> {
        self.drop_link(close_code, now);
        self.done(now)
    }

    pub(crate) fn line(&mut self, line: &str, now: Instant) -> Vec<ClientAction> {
        match Command::read(line) {
            Ok(command) => return self.command(command, now),
            Err(CommandError::Unsupported(command)) => self.ctx.report(Event::Unsupported { command }), // DRV-03
            Err(CommandError::Malformed(error)) => self.ctx.refuse("INVALID_COMMAND", error.to_string()),
        }
        self.done(now)
    }

    pub(crate) fn command(&mut self, command: Command, now: Instant) -> Vec<ClientAction> {
        self.ctx.now = now;
        match command {
            _ if matches!(self.phase, Phase::Ended) => {}
            Command::Stop {} => return self.stop(),
            command => self.role.command(command, &mut self.ctx),
        }
        self.done(now)
    }

    pub(crate) fn ask<T>(
        &mut self,
        ask: impl FnOnce(&mut R, &mut ClientContext) -> T,
        now: Instant,
    ) -> (T, Vec<ClientAction>) {
        let answer = ask(&mut self.role, &mut self.ctx);
        (answer, self.done(now))
    }

    pub(crate) fn typed(&mut self, bytes: &[u8], now: Instant) -> Vec<ClientAction> {
        self.ctx.now = now;
        if !matches!(self.phase, Phase::Ended) {
            self.role.typed(bytes, &mut self.ctx);
        }
        self.done(now)
    }

    pub(crate) fn written(&mut self, session_id: &str, bytes: Vec<u8>, now: Instant) -> Vec<ClientAction> {
        if !matches!(self.phase, Phase::Ended) {
            self.role.written(session_id, bytes, &mut self.ctx);
        }
        self.done(now)
    }

    pub(crate) fn fetched(&mut self, key: u64, fetched: Fetched, now: Instant) -> Vec<ClientAction> {
        self.ctx.now = now;
        if self.is_listening() {
            self.role.fetched(key, fetched, &mut self.ctx);
        }
        self.done(now)
    }

    pub(crate) fn refuse(&mut self, code: &str, message: &str) -> Vec<ClientAction> {
        self.ctx.refuse(code, message);
        self.ctx.actions.split_off(0)
    }

    /// Stops when all messages of the user are sent, perhaps at once.
    pub(crate) fn end_when_sent(&mut self) -> Vec<ClientAction> {
        self.ends_when_sent = true;
        self.end_if_sent()
    }

    /// Stops for good, in any state (RECON-13).
    pub(crate) fn stop(&mut self) -> Vec<ClientAction> {
        self.end(Ending::Stopped);
        self.ctx.actions.split_off(0)
    }

    /// The next message to send. Call it only when the network can take one: messages that stay here survive a loss.
    pub(crate) fn next_message(&mut self) -> Option<Outgoing> {
        if !self.ctx.is_open {
            return None;
        }
        match self.ctx.own_messages.pop() {
            None if self.ctx.may_send => self.ctx.user_messages.pop(),
            message => message,
        }
    }

    pub(crate) fn sent(&mut self, now: Instant) -> Vec<ClientAction> {
        self.ctx.now = now;
        self.role.sent(&mut self.ctx);
        self.end_if_sent()
    }

    fn end_if_sent(&mut self) -> Vec<ClientAction> {
        let is_done = self.ends_when_sent && self.ctx.may_send && self.ctx.user_messages.is_empty();
        if is_done { self.stop() } else { Vec::new() }
    }

    /// The connection was closed after [`ClientAction::End`]. Reports unsent messages.
    pub(crate) fn closed(&mut self) -> Vec<ClientAction> {
        self.send_back();
        self.ctx.actions.split_off(0)
    }

    /// Whether so many messages of the user wait that a user who can wait should.
    pub(crate) fn is_busy(&self) -> bool {
        self.ctx.user_messages.bytes() > BUSY_BYTES
    }

    /// Whether so many answers wait that finished local requests should wait too.
    pub(crate) fn should_defer_fetches(&self) -> bool {
        self.ctx.own_messages.bytes() > DEFER_BYTES
    }

    /// Whether so many answers wait that the server should not be read.
    pub(crate) fn is_congested(&self) -> bool {
        self.ctx.own_messages.bytes() > CONGESTED_BYTES
    }

    /// Whether the output of a terminal session is visible to a person.
    pub(crate) fn shows(&self, session_id: &str) -> bool {
        self.role.shows(session_id)
    }

    fn is_listening(&self) -> bool {
        matches!(self.link, LinkState::Open(_)) && !matches!(self.phase, Phase::Ended)
    }
}
