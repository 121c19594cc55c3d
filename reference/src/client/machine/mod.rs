//! Attempts, losses, delays and stopping: what all clients have in common (chapter `reconnect`).
//!
//! It decides when to connect and when an attempt has failed. What is said on a connection is for the [`Role`].

mod course;

use std::time::{Duration, Instant};

use relayspec::driver::{Command, CommandError, Event};
use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};

use super::backoff::{Backoff, Dice, Habit};
use super::desk::{Desk, Role};
use super::silence::{Due, Silence};
use super::tunnel::Fetched;
use super::{Action, Ending, Outgoing, refusal};

/// A client of any kind.
#[derive(Debug)]
pub struct Client<R, D> {
    role: R,
    desk: Desk,
    backoff: Backoff<D>,
    timing: Timing,
    phase: Phase,
    wire: Wire,
    /// A loss or a failed attempt since the last success: the next one is told as `reconnected`.
    was_troubled: bool,
    /// The user gives nothing more, and wants to end when all is sent.
    ends_when_sent: bool,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// For the next attempt.
    Waiting {
        until: Instant,
        delay: Duration,
    },
    /// Without success so far.
    Attempting {
        deadline: Instant,
    },
    /// The family's own success.
    Up,
    /// Connected, and nothing to try.
    Resting,
    Ended,
}

#[derive(Debug)]
enum Wire {
    Down,
    Opening,
    Open(Silence),
}

impl<R: Role, D: Dice> Client<R, D> {
    /// A client that makes its first attempt at once. Of the timing it uses `connect_timeout`, `heartbeat_interval` and
    /// `heartbeat_timeout`.
    #[must_use]
    pub fn new(role: R, policy: Policy, timing: Timing, dice: D, now: Instant) -> Self {
        Self {
            role,
            desk: Desk::new(now),
            backoff: Backoff::new(policy, dice),
            timing,
            phase: Phase::Waiting { until: now, delay: Duration::ZERO },
            wire: Wire::Down,
            was_troubled: false,
            ends_when_sent: false,
        }
    }

    /// The same client with a habit.
    #[must_use]
    pub fn with(self, habit: Habit) -> Self {
        Self { backoff: self.backoff.with(habit), ..self }
    }

    /// The next moment at which [`tick`](Self::tick) has something to do.
    #[must_use]
    pub fn wake_at(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Waiting { until, .. } => Some(until),
            Phase::Attempting { deadline } => Some(deadline),
            Phase::Up | Phase::Resting => None,
            Phase::Ended => return None,
        };
        let beat = match &self.wire {
            Wire::Open(silence) if !self.role.has_heartbeat() => Some(silence.wake_at()),
            _ => None,
        };
        let own = if self.may_tick() { self.role.wake_at() } else { None };
        [phase, beat, own].into_iter().flatten().min()
    }

    /// Tells the time.
    pub fn tick(&mut self, now: Instant) -> Vec<Action> {
        self.desk.now = now;
        match self.phase {
            Phase::Waiting { until, .. } if now >= until => self.attempt(now),
            Phase::Attempting { deadline } if now >= deadline => self.abandon(now), // RECON-12
            _ => {}
        }
        if let Wire::Open(silence) = &mut self.wire {
            match silence.tick(now) {
                _ if self.role.has_heartbeat() => {}
                Due::Nothing => {}
                Due::Ping => self.desk.say(Outgoing::Ping),
                Due::Loss => self.abandon(now),
            }
        }
        if self.may_tick() && !matches!(self.phase, Phase::Ended) {
            self.role.tick(&mut self.desk);
        }
        self.done(now)
    }

    fn may_tick(&self) -> bool {
        !self.role.has_heartbeat() || matches!(self.wire, Wire::Open(_))
    }

    /// The handshake is done.
    pub fn opened(&mut self, now: Instant) -> Vec<Action> {
        self.desk.now = now;
        if let Wire::Opening = self.wire {
            let [interval, timeout] = [Parameter::HeartbeatInterval, Parameter::HeartbeatTimeout]
                .map(|parameter| self.timing.value(parameter));
            self.wire = Wire::Open(Silence::new(now, interval, timeout));
            self.desk.is_open = true;
            self.backoff.connected();
            self.desk.report(Event::Connected {});
            self.role.greet(&mut self.desk);
        }
        self.done(now)
    }

    /// Something came, be it only a control frame; or nothing was looked for until now.
    pub fn heard(&mut self, now: Instant) {
        self.desk.now = now;
        if let Wire::Open(silence) = &mut self.wire {
            silence.broken(now);
        }
    }

    /// A text message has come.
    pub fn text(&mut self, text: &str, now: Instant) -> Vec<Action> {
        self.heard(now);
        if self.is_listening() {
            self.role.text(text, &mut self.desk);
        }
        self.done(now)
    }

    /// A binary message has come.
    pub fn binary(&mut self, bytes: &[u8], now: Instant) -> Vec<Action> {
        self.heard(now);
        if self.is_listening() {
            self.role.binary(bytes, &mut self.desk);
        }
        self.done(now)
    }

    /// The attempt failed, or the connection is lost, by a Close frame with this code or in whatever other way (RECON-01, WIRE-09).
    pub fn lost(&mut self, close_code: Option<u16>, now: Instant) -> Vec<Action> {
        self.drop_wire(close_code, now);
        self.done(now)
    }

    /// A line of the driver (chapter `driver`).
    pub fn line(&mut self, line: &str, now: Instant) -> Vec<Action> {
        match Command::read(line) {
            Ok(command) => return self.command(command, now),
            Err(CommandError::Unsupported(command)) => self.desk.report(Event::Unsupported { command }), // DRV-03
            Err(CommandError::Malformed(error)) => self.desk.refuse("INVALID_COMMAND", error.to_string()),
        }
        self.done(now)
    }

    /// The user wants something.
    pub fn command(&mut self, command: Command, now: Instant) -> Vec<Action> {
        self.desk.now = now;
        match command {
            _ if matches!(self.phase, Phase::Ended) => {}
            Command::Stop {} => return self.stop(),
            command => self.role.command(command, &mut self.desk),
        }
        self.done(now)
    }

    /// Asks the role for something that it alone knows of.
    pub fn ask<T>(&mut self, ask: impl FnOnce(&mut R, &mut Desk) -> T, now: Instant) -> (T, Vec<Action>) {
        let answer = ask(&mut self.role, &mut self.desk);
        (answer, self.done(now))
    }

    /// A person has typed something.
    pub fn typed(&mut self, bytes: &[u8], now: Instant) -> Vec<Action> {
        self.desk.now = now;
        if !matches!(self.phase, Phase::Ended) {
            self.role.typed(bytes, &mut self.desk);
        }
        self.done(now)
    }

    /// A program has written something into a terminal session.
    pub fn written(&mut self, session_id: &str, bytes: Vec<u8>, now: Instant) -> Vec<Action> {
        if !matches!(self.phase, Phase::Ended) {
            self.role.written(session_id, bytes, &mut self.desk);
        }
        self.done(now)
    }

    /// Something came of a local request.
    pub fn fetched(&mut self, key: u64, fetched: Fetched, now: Instant) -> Vec<Action> {
        self.desk.now = now;
        if self.is_listening() {
            self.role.fetched(key, fetched, &mut self.desk);
        }
        self.done(now)
    }

    /// Tells the user that something of theirs is no command.
    pub fn refuse(&mut self, code: &str, message: &str) -> Vec<Action> {
        vec![Action::Report(refusal(code, message))]
    }

    /// Ends when all that the user gave is sent, which may be now.
    pub fn end_when_sent(&mut self) -> Vec<Action> {
        self.ends_when_sent = true;
        self.end_if_sent()
    }

    /// Ends for good, in whatever state (RECON-13).
    pub fn stop(&mut self) -> Vec<Action> {
        self.end(Ending::Stopped);
        self.desk.actions.split_off(0)
    }

    /// The next message to send. It is asked for when the network takes one; what was not asked for outlives the connection.
    pub fn next_message(&mut self) -> Option<Outgoing> {
        if !self.desk.is_open {
            return None;
        }
        match self.desk.words.pop() {
            None if self.desk.may_send => self.desk.outbox.pop(),
            word => word,
        }
    }

    /// All messages were taken by the network.
    pub fn sent(&mut self, now: Instant) -> Vec<Action> {
        self.desk.now = now;
        self.role.sent(&mut self.desk);
        self.end_if_sent()
    }

    fn end_if_sent(&mut self) -> Vec<Action> {
        let is_done = self.ends_when_sent && self.desk.may_send && self.desk.outbox.is_empty();
        if is_done { self.stop() } else { Vec::new() }
    }

    /// The connection was closed after [`Action::End`]. Tells the user of what was not sent.
    pub fn closed(&mut self) -> Vec<Action> {
        self.send_back();
        self.desk.actions.split_off(0)
    }

    /// Whether so much waits to be sent that a user who can wait should.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.desk.outbox.has_enough()
    }

    /// Whether so much waits on this connection that local requests that are done should wait.
    #[must_use]
    pub fn has_enough_to_say(&self) -> bool {
        self.desk.words.has_enough()
    }

    /// Whether so much waits on this connection that the server should not be read.
    #[must_use]
    pub fn is_congested(&self) -> bool {
        self.desk.words.is_full()
    }

    /// Whether a person sees what comes of a terminal session.
    #[must_use]
    pub fn shows(&self, session_id: &str) -> bool {
        self.role.shows(session_id)
    }

    fn is_listening(&self) -> bool {
        matches!(self.wire, Wire::Open(_)) && !matches!(self.phase, Phase::Ended)
    }
}
