//! The heartbeat of one connection: when a Ping is due, and when a peer counts as silent (PAIR-80 to PAIR-82).

use std::time::{Duration, Instant};

/// The shortest interval, so that a heartbeat never busy-loops.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

/// The heartbeat of one connection.
///
/// Pings are due on a grid from the opening of the connection, so they do not drift. Any Pong answers all Pings before it (RFC 6455,
/// section 5.5.3), so the time-out may be shorter or longer than the interval.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    next_ping: Instant,
    unanswered: Option<Instant>,
    unsent: Option<Instant>,
    overdue: bool,
    stuck: bool,
}

impl Heartbeat {
    pub(crate) fn new(opened: Instant, interval: Duration, timeout: Duration) -> Self {
        let interval = interval.max(SHORTEST_INTERVAL);
        let next_ping = opened + interval;
        Self { interval, timeout, next_ping, unanswered: None, unsent: None, overdue: false, stuck: false }
    }

    /// When [`tick`](Self::tick) is next due.
    pub(crate) fn wake_at(&self) -> Instant {
        let unanswered = self.unanswered.filter(|_| !self.overdue);
        let unsent = self.unsent.filter(|_| !self.stuck);
        [unanswered, unsent].into_iter().flatten().map(|since| since + self.timeout).fold(self.next_ping, Instant::min)
    }

    /// Time has passed. Returns whether a Ping is due (PAIR-80); missed Pings are not made up for.
    #[must_use = "a Ping may be due"]
    pub(crate) fn tick(&mut self, now: Instant) -> bool {
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

    /// All due Pings have left: the peer's time to answer starts.
    pub(crate) fn sent(&mut self, now: Instant) {
        if self.unsent.take().is_some() {
            self.unanswered.get_or_insert(now);
        }
        self.stuck = false;
    }

    /// The peer takes earlier data, only slowly: the time-out for sending the Ping starts again.
    pub(crate) fn wait_for_sending(&mut self, now: Instant) {
        if self.unsent.is_some() {
            (self.unsent, self.stuck) = (Some(now), false);
        }
    }

    pub(crate) fn pong(&mut self) {
        (self.unanswered, self.overdue) = (None, false);
    }

    /// The peer was not read until now. Its Pong may be queued behind other data, so the time-out starts again.
    pub(crate) fn excuse(&mut self, now: Instant) {
        if self.unanswered.is_some() {
            (self.unanswered, self.overdue) = (Some(now), false);
        }
    }

    pub(crate) fn is_unsent(&self) -> bool {
        self.unsent.is_some()
    }

    /// Whether a Ping has left without a Pong since.
    pub(crate) fn awaits_pong(&self) -> bool {
        self.unanswered.is_some()
    }

    /// Whether the time-out for a Pong had passed at the last tick. The peer is silent only if nothing it sent is unread (PAIR-81).
    pub(crate) fn is_overdue(&self) -> bool {
        self.overdue
    }

    /// Whether the time-out for sending a Ping had passed at the last tick: the peer does not read.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pings_stay_on_the_grid_when_ticks_are_late() {
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
    fn a_silent_peer_is_overdue_one_timeout_after_the_ping() {
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
    fn a_peer_that_was_not_read_has_the_whole_timeout_again() {
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
        assert_eq!(heartbeat.wake_at(), opened + 59 * SECOND, "the time to answer starts when the Ping leaves");
        assert!(!heartbeat.tick(opened + 59 * SECOND) && heartbeat.is_overdue());
    }
}
