//! The heartbeat of one connection at work: Pings in time, and who counts as silent.
//!
//! A Pong can only be missed by who reads. A peer that is not read, because its partner is slow, is not blamed for that; a peer
//! that does not read is, whoever else waits (PAIR-81, PAIR-82). A peer that reads slowly gets its Ping late, and its time from
//! then on.

use std::task::Context;
use std::time::{Duration, Instant};

use super::{Connection, Ending};
use crate::net::clock;
use crate::net::closing::Close;
use crate::server::Core;

/// More than systems keep of what a peer has sent and nobody has read, in bytes. A Pong that was sent in time is in there.
const MOST_UNREAD: u64 = 64 << 20;
/// Close code for a peer that does not keep up (WIRE-11).
const TRY_AGAIN_LATER: u16 = 1013;
/// However short the deadline is, looking after a connection never fills a processor.
const SHORTEST_WATCH: Duration = Duration::from_millis(1);

impl<C: Core> Connection<C> {
    /// Does what is due by now, and has the task woken when more is.
    pub(super) fn keep_time(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let (awaited, unsent) = (self.heartbeat.awaits_pong(), self.heartbeat.is_unsent());
            if self.heartbeat.tick(clock::instant()) {
                self.ping_due = true;
                self.renewal_due = self.grown;
                self.member.mailbox().trim();
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
                self.member.unheard();
            }
            // A reset is not seen by reading while nothing is read.
            if self.held && !matches!(self.socket.get_ref().tcp().take_error(), Ok(None)) {
                return Err(Ending::Lost);
            }
            if let Some(slow) = self.partner.as_ref().filter(|_| self.held) {
                slow.nudge();
            }
            self.watched = self.held;
            self.set_alarm();
        }
        Ok(())
    }

    /// Whoever takes nothing at all is not waited for without end, where there are others who would have to wait too.
    pub(super) fn judge_stall(&mut self) -> Result<(), Ending> {
        let Some(limit) = C::STALL_LIMIT else { return Ok(()) };
        if !self.member.mailbox().is_awaited() {
            self.stalled = None;
            return Ok(());
        }
        let (now, taken) = (clock::instant(), self.socket.get_ref().bytes_written());
        match self.stalled {
            Some((since, before)) if before == taken && now.duration_since(since) >= limit => {
                Err(Ending::Close(Close { code: TRY_AGAIN_LATER, reason: "Reads too slowly" }))
            }
            Some((_, before)) if before == taken => Ok(()),
            _ => {
                self.stalled = Some((now, taken));
                Ok(())
            }
        }
    }

    /// A connection that is held is looked after in time for its partner to be told of its loss (PAIR-70).
    pub(super) fn watch_if_held(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        if self.held && !self.watched {
            self.watched = true;
            self.set_alarm();
            self.keep_time(cx)?;
        }
        Ok(())
    }

    /// A peer is silent only if what it has sent was read, and there was no Pong in it.
    pub(super) fn judge_silence(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        if self.heartbeat.is_stuck() {
            let taken = self.socket.get_ref().bytes_written();
            if taken == self.taken_at {
                return Err(Ending::Silent);
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
                return Err(Ending::Silent);
            }
            self.read_again();
            self.keep_time(cx)?;
        }
        Ok(())
    }

    /// The peer is read after a pause that was none of its making. Its Pong may still have to come, behind all that it has sent
    /// meanwhile: it has the whole time-out from now on, and again while something comes.
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
