//! When a silent server counts as lost (RECON-01): it is pinged after a while, and must then answer in time.
//!
//! Anything received shows that the server is alive, its Pings included: a relay may have stopped reading a client because of a slow partner
//! (WIRE-11) and so cannot answer.

use std::time::{Duration, Instant};

/// The shortest interval and time-out, so that a heartbeat never busy-loops.
const SHORTEST: Duration = Duration::from_millis(1);

/// What [`Liveness::tick`] found due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LivenessDue {
    Nothing,
    Ping,
    Loss,
}

#[derive(Debug)]
pub(super) struct Liveness {
    interval: Duration,
    timeout: Duration,
    last_received: Instant,
    pinged: Option<Instant>,
}

impl Liveness {
    /// A connection opened at this time: a Ping is due after `interval` of silence, the loss `timeout` later.
    pub(super) fn new(opened: Instant, interval: Duration, timeout: Duration) -> Self {
        let (interval, timeout) = (interval.max(SHORTEST), timeout.max(SHORTEST));
        Self { interval, timeout, last_received: opened, pinged: None }
    }

    /// Something was received, or the connection was not read until now.
    pub(super) fn received(&mut self, now: Instant) {
        (self.last_received, self.pinged) = (now, None);
    }

    /// When [`tick`](Self::tick) is next due.
    pub(super) fn wake_at(&self) -> Instant {
        self.pinged.map_or(self.last_received + self.interval, |pinged| pinged + self.timeout)
    }

    pub(super) fn tick(&mut self, now: Instant) -> LivenessDue {
        if now < self.wake_at() {
            return LivenessDue::Nothing;
        }
        if self.pinged.is_some() {
            return LivenessDue::Loss;
        }
        self.pinged = Some(now);
        LivenessDue::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pings_a_silent_server_then_declares_it_lost() {
        let opened = Instant::now();
        let mut liveness = Liveness::new(opened, 30 * SECOND, 10 * SECOND);
        assert_eq!(liveness.tick(opened + 29 * SECOND), LivenessDue::Nothing);
        assert_eq!(liveness.wake_at(), opened + 30 * SECOND);
        assert_eq!(liveness.tick(opened + 31 * SECOND), LivenessDue::Ping);
        assert_eq!(liveness.tick(opened + 40 * SECOND), LivenessDue::Nothing);
        assert_eq!(liveness.tick(opened + 41 * SECOND), LivenessDue::Loss);
    }

    #[test]
    fn anything_received_is_a_sign_of_life() {
        let opened = Instant::now();
        let mut liveness = Liveness::new(opened, 30 * SECOND, 10 * SECOND);
        liveness.received(opened + 20 * SECOND);
        assert_eq!(liveness.tick(opened + 50 * SECOND), LivenessDue::Ping);
        liveness.received(opened + 59 * SECOND);
        assert_eq!(liveness.tick(opened + 60 * SECOND), LivenessDue::Nothing);
        assert_eq!(liveness.wake_at(), opened + 89 * SECOND);
    }
}
