//! When a silent server counts as lost (RECON-01): it is pinged after a while, and has some time to answer.
//!
//! Whatever comes is a sign of life. A relay that pings its clients is hardly ever pinged by them; and one that has stopped reading a
//! client because of a slow partner (WIRE-11) still shows by its own Pings that it is there.

use std::time::{Duration, Instant};

/// Shorter times are taken for this long, so that a heartbeat never fills a processor.
const SHORTEST: Duration = Duration::from_millis(1);

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing yet.
    Nothing,
    /// A Ping.
    Ping,
    /// The server is lost.
    Loss,
}

/// The silence of the server on one connection.
#[derive(Debug)]
pub struct Silence {
    interval: Duration,
    timeout: Duration,
    heard: Instant,
    pinged: Option<Instant>,
}

impl Silence {
    /// The silence on a connection that was opened at this moment: a Ping after `interval`, the loss `timeout` after that.
    #[must_use]
    pub fn new(opened: Instant, interval: Duration, timeout: Duration) -> Self {
        Self { interval: interval.max(SHORTEST), timeout: timeout.max(SHORTEST), heard: opened, pinged: None }
    }

    /// Something came, or nothing was looked for until now.
    pub fn broken(&mut self, now: Instant) {
        (self.heard, self.pinged) = (now, None);
    }

    /// The next moment at which [`tick`](Self::tick) has something to do.
    #[must_use]
    pub fn wake_at(&self) -> Instant {
        self.pinged.map_or(self.heard + self.interval, |pinged| pinged + self.timeout)
    }

    /// Tells the time.
    pub fn tick(&mut self, now: Instant) -> Due {
        if now < self.wake_at() {
            return Due::Nothing;
        }
        if self.pinged.is_some() {
            return Due::Loss;
        }
        self.pinged = Some(now);
        Due::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_silent_server_is_pinged_then_lost() {
        let opened = Instant::now();
        let mut silence = Silence::new(opened, 30 * SECOND, 10 * SECOND);
        assert_eq!(silence.tick(opened + 29 * SECOND), Due::Nothing);
        assert_eq!(silence.wake_at(), opened + 30 * SECOND);
        assert_eq!(silence.tick(opened + 31 * SECOND), Due::Ping);
        assert_eq!(silence.tick(opened + 40 * SECOND), Due::Nothing);
        assert_eq!(silence.tick(opened + 41 * SECOND), Due::Loss);
    }

    #[test]
    fn whatever_comes_is_a_sign_of_life() {
        let opened = Instant::now();
        let mut silence = Silence::new(opened, 30 * SECOND, 10 * SECOND);
        silence.broken(opened + 20 * SECOND);
        assert_eq!(silence.tick(opened + 50 * SECOND), Due::Ping);
        silence.broken(opened + 59 * SECOND);
        assert_eq!(silence.tick(opened + 60 * SECOND), Due::Nothing);
        assert_eq!(silence.wake_at(), opened + 89 * SECOND);
    }
}
