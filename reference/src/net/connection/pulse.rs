//! Keeps the heartbeat of one connection, and decides who counts as silent.
//!
//! A Pong can be missed only by reading. A peer that is not read because its partner is slow is excused; a peer that does not read is not,
//! even while others wait (PAIR-81, PAIR-82). A peer that reads slowly gets its Ping late, and its full time from then on.

use std::task::Context;
use std::time::{Duration, Instant};

use super::{EndCause, ServerConnection};
use crate::net::clock;
use crate::net::closing::Close;
use crate::server::ServerCore;

/// More than any system buffers of unread data, in bytes: a Pong sent in time is within the first so many bytes.
const MOST_UNREAD: u64 = 64 << 20;
/// The close code for a peer that does not keep up (WIRE-11).
const TRY_AGAIN_LATER: u16 = 1013;
/// The shortest pause between checks, so that they never busy-loop.
const SHORTEST_WATCH: Duration = Duration::from_millis(1);

impl<C: ServerCore> ServerConnection<C> {
    pub(super) fn keep_time(&mut self, cx: &mut Context<'_>) -> Result<(), EndCause> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let (awaited, unsent) = (self.heartbeat.awaits_pong(), self.heartbeat.is_unsent());
            if self.heartbeat.tick(clock::instant()) {
                self.ping_due = true;
                self.renewal_due = self.grown;
                self.handle.mailbox().trim();
                self.outgoing.trim();
                if !awaited {
                    self.pinged_at = self.socket.get_ref().bytes_read();
                }
                if !unsent {
                    self.taken_at = self.socket.get_ref().bytes_written();
                }
            }
            if self.patience.is_some_and(|patience| patience <= clock::instant()) {
                self.patience = None;
                self.handle.first_message_overdue();
            }
            // While nothing is read, a reset goes unnoticed.
            if self.held && !matches!(self.socket.get_ref().tcp().take_error(), Ok(None)) {
                return Err(EndCause::Lost);
            }
            if let Some(slow) = self.partner.as_ref().filter(|_| self.held) {
                slow.nudge();
            }
            self.watched = self.held;
            self.set_alarm();
        }
        Ok(())
    }

    pub(super) fn check_stall(&mut self) -> Result<(), EndCause> {
        let Some(limit) = C::STALL_LIMIT else { return Ok(()) };
        if !self.handle.mailbox().is_awaited() {
            self.stalled = None;
            return Ok(());
        }
        let (now, taken) = (clock::instant(), self.socket.get_ref().bytes_written());
        match self.stalled {
            Some((since, before)) if before == taken && now.duration_since(since) >= limit => {
                Err(EndCause::Close(Close { code: TRY_AGAIN_LATER, reason: "Reads too slowly" }))
            }
            Some((_, before)) if before == taken => Ok(()),
            _ => {
                self.stalled = Some((now, taken));
                Ok(())
            }
        }
    }

    /// Checks a held connection often enough to notify its partner of a loss in time (PAIR-70).
    pub(super) fn watch_if_held(&mut self, cx: &mut Context<'_>) -> Result<(), EndCause> {
        if self.held && !self.watched {
            self.watched = true;
            self.set_alarm();
            self.keep_time(cx)?;
        }
        Ok(())
    }

    /// Ends the connection of a silent peer: everything it sent was read, without a Pong.
    pub(super) fn check_silence(&mut self, cx: &mut Context<'_>) -> Result<(), EndCause> {
        if self.heartbeat.is_stuck() {
            let taken = self.socket.get_ref().bytes_written();
            if taken == self.taken_at {
                return Err(EndCause::Silent);
            }
            self.taken_at = taken;
            self.heartbeat.wait_for_sending(clock::instant());
            self.set_alarm();
            self.keep_time(cx)?;
        }
        let read = self.socket.get_ref().bytes_read();
        let goes_on = !self.socket.get_ref().is_between_messages() && read > self.long_message_at;
        if C::EXCUSES_LONG_MESSAGES && self.heartbeat.is_overdue() && goes_on {
            self.long_message_at = read;
            self.heartbeat.excuse(clock::instant());
            self.set_alarm();
            self.keep_time(cx)?;
        }
        let read_most = read - self.pinged_at > MOST_UNREAD;
        if self.heartbeat.is_overdue() && (self.exhausted || read_most && !self.held) {
            if read_most || self.excused_at.is_none_or(|before| before == read) {
                return Err(EndCause::Silent);
            }
            self.read_again();
            self.keep_time(cx)?;
        }
        Ok(())
    }

    /// Reading resumes after a pause that the peer did not cause. Its Pong may be queued behind other data, so it has the whole time-out again,
    /// and once more while data keeps coming.
    pub(super) fn read_again(&mut self) {
        if self.heartbeat.awaits_pong() {
            self.heartbeat.excuse(clock::instant());
            self.excused_at = Some(self.socket.get_ref().bytes_read());
            self.set_alarm();
        }
    }

    fn set_alarm(&mut self) {
        let heartbeat = self.heartbeat.wake_at();
        let watch = self.watched.then(|| clock::instant() + (self.notify_deadline / 4).max(SHORTEST_WATCH));
        let wake_at = [watch, self.patience].into_iter().flatten().fold(heartbeat, Instant::min);
        self.alarm.as_mut().reset(wake_at.into());
    }
}
