//! The agent's own heartbeat: when a `Ping` is due, and when the cloud counts as lost (TUN-31).
//!
//! It reads no clock and sends nothing.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::Number;

/// Shorter times are taken for this long, so that a heartbeat never fills a processor.
const SHORTEST: Duration = Duration::from_millis(1);

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing yet.
    Nothing,
    /// A `Ping` with this timestamp.
    Ping(u64),
    /// The cloud is lost.
    Loss,
}

/// The heartbeat of one connection.
#[derive(Debug)]
pub(super) struct Beat {
    interval: Duration,
    timeout: Duration,
    next: Instant,
    /// The timestamp before which none may come: an old `Pong` would pass for a new one.
    last: u64,
    /// A `Ping` that waits for the network, and since when.
    unsent: Option<(u64, Instant)>,
    /// Those that have left, and until when their `Pong` has to come.
    awaited: VecDeque<(u64, Instant)>,
}

impl Beat {
    /// The heartbeat of a connection that was authenticated at this moment.
    pub(super) fn new(now: Instant, interval: Duration, timeout: Duration) -> Self {
        let (interval, timeout) = (interval.max(SHORTEST), timeout.max(SHORTEST));
        Self { interval, timeout, next: now + interval, last: 0, unsent: None, awaited: VecDeque::new() }
    }

    /// The next moment at which [`tick`](Self::tick) has something to do.
    pub(super) fn wake_at(&self) -> Instant {
        [self.stuck_at(), self.awaited.front().map(|(_, until)| *until)]
            .into_iter()
            .flatten()
            .fold(self.next, Instant::min)
    }

    /// Tells the time, by the clock of the world too: in ms since the Unix epoch.
    pub(super) fn tick(&mut self, now: Instant, unix: u64) -> Due {
        let overdue = self.awaited.front().map(|(_, until)| *until);
        if [self.stuck_at(), overdue].into_iter().flatten().any(|until| now >= until) {
            return Due::Loss;
        }
        if now < self.next {
            return Due::Nothing;
        }
        while self.next <= now {
            let missed = now.duration_since(self.next).as_nanos() / self.interval.as_nanos();
            self.next += self.interval * u32::try_from(missed + 1).unwrap_or(u32::MAX);
        }
        if self.unsent.is_some() {
            return Due::Nothing;
        }
        self.last = unix.max(self.last + 1);
        self.unsent = Some((self.last, now));
        Due::Ping(self.last)
    }

    /// All that waited has left for the network. From now on the cloud has time to answer.
    pub(super) fn sent(&mut self, now: Instant) {
        if let Some((timestamp, _)) = self.unsent.take() {
            self.awaited.push_back((timestamp, now + self.timeout));
        }
    }

    /// A `Pong` has come.
    pub(super) fn pong(&mut self, timestamp: &Number) {
        let is_it = |known: u64| timestamp.as_u64() == Some(known) || timestamp.as_f64() == Some(known as f64);
        self.awaited.retain(|(known, _)| !is_it(*known));
        // It may be here before its sending was told.
        self.unsent = self.unsent.filter(|(known, _)| !is_it(*known));
    }

    /// The network that has not taken a `Ping` until then takes nothing.
    fn stuck_at(&self) -> Option<Instant> {
        self.unsent.map(|(_, since)| since + self.interval + self.timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn beat() -> (Instant, Beat) {
        let now = Instant::now();
        (now, Beat::new(now, 30 * SECOND, 10 * SECOND))
    }

    #[test]
    fn pings_are_due_on_a_grid_and_their_timestamps_rise() {
        let (start, mut beat) = beat();
        assert_eq!(beat.wake_at(), start + 30 * SECOND);
        assert_eq!(beat.tick(start + 29 * SECOND, 7), Due::Nothing);
        for (at, unix, expected) in [(30, 1000, 1000), (61, 1000, 1001), (200, 500, 1002), (210, 5000, 5000)] {
            let now = start + at * SECOND;
            assert_eq!(beat.tick(now, unix), Due::Ping(expected));
            beat.sent(now);
            beat.pong(&expected.into());
        }
        assert_eq!(beat.wake_at(), start + 240 * SECOND);
    }

    #[test]
    fn a_cloud_that_does_not_repeat_a_timestamp_is_lost() {
        let (start, mut beat) = beat();
        assert_eq!(beat.tick(start + 30 * SECOND, 1000), Due::Ping(1000));
        beat.sent(start + 31 * SECOND);
        for wrong in [Number::from(999), Number::from(-1000), Number::from_f64(1000.5).expect("a number")] {
            beat.pong(&wrong);
        }
        assert_eq!(beat.wake_at(), start + 41 * SECOND);
        assert_eq!(beat.tick(start + 40 * SECOND, 1001), Due::Nothing);
        assert_eq!(beat.tick(start + 41 * SECOND, 1001), Due::Loss);
        beat.pong(&Number::from_f64(1000.0).expect("a number"));
        assert_eq!(beat.tick(start + 42 * SECOND, 1001), Due::Nothing);
    }

    #[test]
    fn each_ping_wants_its_own_pong() {
        let start = Instant::now();
        let mut beat = Beat::new(start, 10 * SECOND, 25 * SECOND);
        for (at, unix) in [(10, 1), (20, 2), (30, 3)] {
            assert_eq!(beat.tick(start + at * SECOND, unix), Due::Ping(unix));
            beat.sent(start + at * SECOND);
        }
        beat.pong(&3.into());
        beat.pong(&2.into());
        assert_eq!(beat.tick(start + 35 * SECOND, 4), Due::Loss);
    }

    #[test]
    fn a_network_that_takes_nothing_is_a_loss_too() {
        let (start, mut beat) = beat();
        assert_eq!(beat.tick(start + 30 * SECOND, 1), Due::Ping(1));
        assert_eq!(beat.tick(start + 60 * SECOND, 2), Due::Nothing, "one that waits is enough");
        assert_eq!(beat.wake_at(), start + 70 * SECOND);
        assert_eq!(beat.tick(start + 70 * SECOND, 3), Due::Loss);
    }
}
