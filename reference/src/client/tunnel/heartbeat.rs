//! The agent's own heartbeat: when a `Ping` is due, and when the cloud counts as lost (TUN-31).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::Number;

/// The shortest interval and time-out, so that a heartbeat never busy-loops.
const SHORTEST: Duration = Duration::from_millis(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeartbeatDue {
    Nothing,
    /// A `Ping` with this timestamp.
    Ping(u64),
    /// The cloud is lost.
    Loss,
}

#[derive(Debug)]
pub(super) struct AgentHeartbeat {
    interval: Duration,
    timeout: Duration,
    next: Instant,
    /// The last timestamp. They increase, or an old `Pong` could pass for a new one.
    last: u64,
    /// An unsent `Ping`, and since when it waits.
    unsent: Option<(u64, Instant)>,
    /// Sent ones, and the deadline of each `Pong`.
    awaited: VecDeque<(u64, Instant)>,
}

impl AgentHeartbeat {
    pub(super) fn new(now: Instant, interval: Duration, timeout: Duration) -> Self {
        let (interval, timeout) = (interval.max(SHORTEST), timeout.max(SHORTEST));
        Self { interval, timeout, next: now + interval, last: 0, unsent: None, awaited: VecDeque::new() }
    }

    /// When [`tick`](Self::tick) is next due.
    pub(super) fn wake_at(&self) -> Instant {
        [self.stuck_at(), self.awaited.front().map(|(_, until)| *until)]
            .into_iter()
            .flatten()
            .fold(self.next, Instant::min)
    }

    /// Time has passed; `unix` is in ms since the Unix epoch.
    pub(super) fn tick(&mut self, now: Instant, unix: u64) -> HeartbeatDue {
        let overdue = self.awaited.front().map(|(_, until)| *until);
        if [self.stuck_at(), overdue].into_iter().flatten().any(|until| now >= until) {
            return HeartbeatDue::Loss;
        }
        if now < self.next {
            return HeartbeatDue::Nothing;
        }
        while self.next <= now {
            let missed = now.duration_since(self.next).as_nanos() / self.interval.as_nanos();
            self.next += self.interval * u32::try_from(missed + 1).unwrap_or(u32::MAX);
        }
        if self.unsent.is_some() {
            return HeartbeatDue::Nothing;
        }
        self.last = unix.max(self.last + 1);
        self.unsent = Some((self.last, now));
        HeartbeatDue::Ping(self.last)
    }

    /// The network has taken all messages: the cloud's time to answer starts.
    pub(super) fn sent(&mut self, now: Instant) {
        if let Some((timestamp, _)) = self.unsent.take() {
            self.awaited.push_back((timestamp, now + self.timeout));
        }
    }

    pub(super) fn pong(&mut self, timestamp: &Number) {
        let is_it = |known: u64| timestamp.as_u64() == Some(known) || timestamp.as_f64() == Some(known as f64);
        self.awaited.retain(|(known, _)| !is_it(*known));
        // It may arrive before its `Ping` is reported as sent.
        self.unsent = self.unsent.filter(|(known, _)| !is_it(*known));
    }

    fn stuck_at(&self) -> Option<Instant> {
        self.unsent.map(|(_, since)| since + self.interval + self.timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn heartbeat() -> (Instant, AgentHeartbeat) {
        let now = Instant::now();
        (now, AgentHeartbeat::new(now, 30 * SECOND, 10 * SECOND))
    }

    #[test]
    fn pings_are_due_on_a_grid_with_increasing_timestamps() {
        let (start, mut heartbeat) = heartbeat();
        assert_eq!(heartbeat.wake_at(), start + 30 * SECOND);
        assert_eq!(heartbeat.tick(start + 29 * SECOND, 7), HeartbeatDue::Nothing);
        for (at, unix, expected) in [(30, 1000, 1000), (61, 1000, 1001), (200, 500, 1002), (210, 5000, 5000)] {
            let now = start + at * SECOND;
            assert_eq!(heartbeat.tick(now, unix), HeartbeatDue::Ping(expected));
            heartbeat.sent(now);
            heartbeat.pong(&expected.into());
        }
        assert_eq!(heartbeat.wake_at(), start + 240 * SECOND);
    }

    #[test]
    fn a_cloud_that_does_not_echo_a_timestamp_is_lost() {
        let (start, mut heartbeat) = heartbeat();
        assert_eq!(heartbeat.tick(start + 30 * SECOND, 1000), HeartbeatDue::Ping(1000));
        heartbeat.sent(start + 31 * SECOND);
        for wrong in [Number::from(999), Number::from(-1000), Number::from_f64(1000.5).expect("a number")] {
            heartbeat.pong(&wrong);
        }
        assert_eq!(heartbeat.wake_at(), start + 41 * SECOND);
        assert_eq!(heartbeat.tick(start + 40 * SECOND, 1001), HeartbeatDue::Nothing);
        assert_eq!(heartbeat.tick(start + 41 * SECOND, 1001), HeartbeatDue::Loss);
        heartbeat.pong(&Number::from_f64(1000.0).expect("a number"));
        assert_eq!(heartbeat.tick(start + 42 * SECOND, 1001), HeartbeatDue::Nothing);
    }

    #[test]
    fn each_ping_needs_its_own_pong() {
        let start = Instant::now();
        let mut heartbeat = AgentHeartbeat::new(start, 10 * SECOND, 25 * SECOND);
        for (at, unix) in [(10, 1), (20, 2), (30, 3)] {
            assert_eq!(heartbeat.tick(start + at * SECOND, unix), HeartbeatDue::Ping(unix));
            heartbeat.sent(start + at * SECOND);
        }
        heartbeat.pong(&3.into());
        heartbeat.pong(&2.into());
        assert_eq!(heartbeat.tick(start + 35 * SECOND, 4), HeartbeatDue::Loss);
    }

    #[test]
    fn a_stalled_network_is_a_loss() {
        let (start, mut heartbeat) = heartbeat();
        assert_eq!(heartbeat.tick(start + 30 * SECOND, 1), HeartbeatDue::Ping(1));
        assert_eq!(heartbeat.tick(start + 60 * SECOND, 2), HeartbeatDue::Nothing, "one unsent Ping is enough");
        assert_eq!(heartbeat.wake_at(), start + 70 * SECOND);
        assert_eq!(heartbeat.tick(start + 70 * SECOND, 3), HeartbeatDue::Loss);
    }
}
