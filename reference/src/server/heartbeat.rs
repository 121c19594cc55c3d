//! The heartbeat of one connection: when a Ping is due, and when a peer counts as silent (PAIR-80 to PAIR-82).
//!
//! It reads no clock and sends nothing.

use std::time::{Duration, Instant};

/// Shorter intervals are taken for this long, so that a heartbeat never fills a processor.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

/// The heartbeat of one connection.
///
/// Pings are due on a grid that starts at the opening of the connection, so they do not drift. Any Pong answers all Pings before
/// it (RFC 6455, section 5.5.3), hence the time-out may be shorter or longer than the interval.
#[derive(Debug)]
pub struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    next_ping: Instant,
    unanswered: Option<Instant>,
    unsent: Option<Instant>,
    overdue: bool,
    stuck: bool,
}

impl Heartbeat {
    /// The heartbeat of a connection that was opened at this moment.
    #[must_use]
    pub fn new(opened: Instant, interval: Duration, timeout: Duration) -> Self {
        let interval = interval.max(SHORTEST_INTERVAL);
        let next_ping = opened + interval;
        Self { interval, timeout, next_ping, unanswered: None, unsent: None, overdue: false, stuck: false }
    }

    /// The next moment at which [`tick`](Self::tick) has something to do.
    #[must_use]
    pub fn wake_at(&self) -> Instant {
        let unanswered = self.unanswered.filter(|_| !self.overdue);
        let unsent = self.unsent.filter(|_| !self.stuck);
        [unanswered, unsent].into_iter().flatten().map(|since| since + self.timeout).fold(self.next_ping, Instant::min)
    }

    /// Tells the time. True when a Ping is due (PAIR-80); Pings that were missed are not made up for.
    #[must_use = "a Ping may be due"]
    pub fn tick(&mut self, now: Instant) -> bool {
        let long_ago = |since: Option<Instant>| since.is_some_and(|since| now >= since + self.timeout);
        (self.overdue, self.stuck) = (long_ago(self.unanswered), long_ago(self.unsent));
        if now < self.next_ping {
            return false;
        }
        while self.next_ping <= now {
            let missed = now.duration_since(self.next_ping).as_nanos() / self.interval.as_nanos();
            self.next_ping += self.interval * u32::try_from(missed + 1).unwrap_or(u32::MAX);
        }
        self.unsent.get_or_insert(now);
        true
    }

    /// All Pings that were due have left for the network. From now on the peer has time to answer.
    pub fn sent(&mut self, now: Instant) {
        if self.unsent.take().is_some() {
            self.unanswered.get_or_insert(now);
        }
        self.stuck = false;
    }

    /// The peer takes what it was sent before the Ping, only slowly: the time-out of the Ping's leaving begins anew.
    pub fn wait_for_sending(&mut self, now: Instant) {
        if self.unsent.is_some() {
            (self.unsent, self.stuck) = (Some(now), false);
        }
    }

    /// A Pong has come.
    pub fn pong(&mut self) {
        (self.unanswered, self.overdue) = (None, false);
    }

    /// The peer was not read until now. A Pong may be on its way behind other things, so the time-out begins anew.
    pub fn excuse(&mut self, now: Instant) {
        if self.unanswered.is_some() {
            (self.unanswered, self.overdue) = (Some(now), false);
        }
    }

    /// Whether a Ping was due that has not left.
    #[must_use]
    pub fn is_unsent(&self) -> bool {
        self.unsent.is_some()
    }

    /// Whether a Ping has left and no Pong has come since.
    #[must_use]
    pub fn awaits_pong(&self) -> bool {
        self.unanswered.is_some()
    }

    /// Whether, at the last tick, a Ping had left for longer than the time-out and no Pong had been read since. The peer is silent if
    /// nothing that it sent is waiting to be read (PAIR-81).
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        self.overdue
    }

    /// Whether, at the last tick, a Ping had been waiting to leave for longer than the time-out: the peer does not read.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pings_keep_to_the_grid_when_ticks_are_late() {
        let opened = Instant::now();
        let mut heartbeat = Heartbeat::new(opened, 30 * SECOND, 10 * SECOND);
        assert_eq!(heartbeat.wake_at(), opened + 30 * SECOND);
        assert!(!heartbeat.tick(opened + 29 * SECOND));
        assert!(heartbeat.tick(opened + 31 * SECOND));
        heartbeat.sent(opened + 31 * SECOND);
        heartbeat.pong();
        assert_eq!(heartbeat.wake_at(), opened + 60 * SECOND);
        assert!(heartbeat.tick(opened + 200 * SECOND));
        heartbeat.sent(opened + 200 * SECOND);
        heartbeat.pong();
        assert_eq!(heartbeat.wake_at(), opened + 210 * SECOND);
    }

    #[test]
    fn a_silent_peer_is_overdue_one_timeout_after_the_ping_be_it_shorter_or_longer_than_the_interval() {
        for timeout in [10, 75] {
            let opened = Instant::now();
            let mut heartbeat = Heartbeat::new(opened, 30 * SECOND, timeout * SECOND);
            let due = opened + (30 + timeout) * SECOND;
            let mut pings = 0;
            while !heartbeat.is_overdue() {
                let now = heartbeat.wake_at();
                assert!(now <= due, "overdue too late");
                pings += u32::from(heartbeat.tick(now));
                heartbeat.sent(now);
                assert_eq!(heartbeat.is_overdue(), now == due);
            }
            assert_eq!(pings, 1 + timeout / 30);
            heartbeat.pong();
            assert!(!heartbeat.is_overdue());
        }
    }

    #[test]
    fn a_peer_that_answers_is_never_overdue() {
        let opened = Instant::now();
        let mut heartbeat = Heartbeat::new(opened, 30 * SECOND, 40 * SECOND);
        for _ in 0..1000 {
            let now = heartbeat.wake_at();
            if heartbeat.tick(now) {
                heartbeat.sent(now);
            }
            heartbeat.pong();
            assert!(!heartbeat.is_overdue() && !heartbeat.is_stuck());
        }
    }

    #[test]
    fn a_peer_that_was_not_read_has_the_whole_timeout_from_then_on() {
        let opened = Instant::now();
        let mut heartbeat = Heartbeat::new(opened, 30 * SECOND, 10 * SECOND);
        heartbeat.excuse(opened + SECOND);
        assert!(!heartbeat.awaits_pong());
        assert!(heartbeat.tick(opened + 30 * SECOND) && !heartbeat.awaits_pong());
        heartbeat.sent(opened + 30 * SECOND);
        assert!(heartbeat.awaits_pong());
        assert!(!heartbeat.tick(opened + 41 * SECOND) && heartbeat.is_overdue());
        heartbeat.excuse(opened + 45 * SECOND);
        assert!(!heartbeat.is_overdue());
        assert_eq!(heartbeat.wake_at(), opened + 55 * SECOND);
        assert!(!heartbeat.tick(opened + 55 * SECOND) && heartbeat.is_overdue());
    }

    #[test]
    fn a_ping_that_cannot_leave_is_stuck_unless_the_peer_takes_something() {
        let opened = Instant::now();
        let mut heartbeat = Heartbeat::new(opened, 30 * SECOND, 10 * SECOND);
        assert!(heartbeat.tick(opened + 30 * SECOND));
        heartbeat.pong();
        assert_eq!(heartbeat.wake_at(), opened + 40 * SECOND);
        assert!(!heartbeat.tick(opened + 40 * SECOND));
        assert!(heartbeat.is_stuck() && !heartbeat.is_overdue());
        assert_eq!(heartbeat.wake_at(), opened + 60 * SECOND, "a stuck heartbeat must not spin");
        heartbeat.wait_for_sending(opened + 40 * SECOND);
        assert!(!heartbeat.tick(opened + 49 * SECOND) && !heartbeat.is_stuck());
        heartbeat.sent(opened + 49 * SECOND);
        assert_eq!(heartbeat.wake_at(), opened + 59 * SECOND, "the time to answer runs from the Ping's leaving");
        assert!(!heartbeat.tick(opened + 59 * SECOND) && heartbeat.is_overdue());
    }
}
