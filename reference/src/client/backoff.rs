//! The position of a client in its reconnection policy: the next delay, and when to give up (RECON-02 to RECON-04, RECON-09).

use std::time::Duration;

use relayspec::reconnect::Policy;

pub(crate) trait JitterSource {
    /// An evenly distributed number from -1 to 1, different in each process (RECON-10).
    fn next_jitter(&mut self) -> f64;
}

/// A deliberate deviation from the policy, for [`crate::mutant`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PolicyDeviation {
    /// The policy is kept.
    #[default]
    None,
    /// The first delay is too short (RECON-02).
    ShortensFirstDelay,
    /// Success does not reset the sequence (RECON-04).
    NeverResets,
    /// A mere connection resets the sequence (RECON-04).
    ResetsOnConnection,
    /// The loss of a success counts as a failed attempt (RECON-09).
    CountsLosses,
    /// Success does not clear the count of failed attempts (RECON-09).
    NeverClearsFailures,
    /// All clients have the same jitter (RECON-10).
    SharesJitter,
}

#[derive(Debug)]
pub(crate) struct Backoff<J> {
    policy: Policy,
    deviation: PolicyDeviation,
    jitter: J,
    /// The index of the next delay; 0 is the first after a loss.
    next: u32,
    /// Failed attempts since the last success.
    failures: u32,
    /// Whether there was a delay since the last success.
    waited: bool,
}

impl<J: JitterSource> Backoff<J> {
    pub(crate) fn new(policy: Policy, jitter: J) -> Self {
        Self { policy, deviation: PolicyDeviation::None, jitter, next: 0, failures: 0, waited: false }
    }

    pub(crate) fn with(self, deviation: PolicyDeviation) -> Self {
        Self { deviation, ..self }
    }

    /// The handshake is done; by itself that changes nothing (RECON-04).
    pub(crate) fn connected(&mut self) {
        if self.deviation == PolicyDeviation::ResetsOnConnection {
            self.succeeded();
        }
    }

    /// The family's own success: resets the sequence (RECON-04).
    pub(crate) fn succeeded(&mut self) {
        if self.deviation != PolicyDeviation::NeverClearsFailures {
            self.failures = 0;
        }
        if self.deviation != PolicyDeviation::NeverResets {
            (self.next, self.waited) = (0, false);
        }
    }

    /// A successful connection is lost. Returns the delay before the next attempt.
    pub(crate) fn lost(&mut self) -> Duration {
        self.waited = true;
        self.failures += u32::from(self.deviation == PolicyDeviation::CountsLosses);
        self.delay()
    }

    /// An attempt failed. Returns the delay before the next one, or `None` if it was the last (RECON-09).
    pub(crate) fn failed(&mut self) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        // The very first attempt follows no loss, so its failure counts as one (RECON-01).
        if self.waited {
            self.next = self.next.saturating_add(1);
        }
        self.waited = true;
        let gives_up = self.policy.max_attempts.is_some_and(|most| self.failures >= most);
        (!gives_up).then(|| self.delay())
    }

    fn delay(&mut self) -> Duration {
        let swing = if self.deviation == PolicyDeviation::SharesJitter { 0.5 } else { self.jitter.next_jitter() };
        let delay = self.policy.delay(self.next, swing);
        if self.deviation == PolicyDeviation::ShortensFirstDelay && self.next == 0 { delay.mul_f64(0.3) } else { delay }
    }
}

#[cfg(test)]
#[derive(Debug)]
pub(crate) struct FixedJitter(pub(crate) f64);

#[cfg(test)]
impl JitterSource for FixedJitter {
    fn next_jitter(&mut self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(delays: &[Option<Duration>]) -> Vec<Option<u64>> {
        delays.iter().map(|delay| delay.map(|delay| delay.as_secs())).collect()
    }

    #[test]
    fn delays_grow_to_the_cap_and_reset_on_success_only() {
        let mut backoff = Backoff::new(Policy::RELAY, FixedJitter(0.0));
        let first: Vec<_> = (0..8).map(|_| backoff.failed()).collect();
        assert_eq!(seconds(&first), [1, 2, 4, 8, 16, 32, 32, 32].map(Some), "the first attempt that fails is a loss");
        backoff.succeeded();
        assert_eq!(backoff.lost().as_secs(), 1);
        let after: Vec<_> = (0..3).map(|_| backoff.failed()).collect();
        assert_eq!(seconds(&after), [2, 4, 8].map(Some));
        backoff.succeeded();
        assert_eq!(backoff.lost().as_secs(), 1);
    }

    #[test]
    fn gives_up_after_the_limit_of_failures_in_a_row() {
        let policy = Policy { max_attempts: Some(3), ..Policy::RELAY };
        let mut backoff = Backoff::new(policy, FixedJitter(0.0));
        let first: Vec<_> = (0..3).map(|_| backoff.failed()).collect();
        assert_eq!(seconds(&first), [Some(1), Some(2), None]);

        let mut backoff = Backoff::new(policy, FixedJitter(0.0));
        backoff.failed();
        backoff.failed();
        backoff.succeeded();
        assert_eq!(backoff.lost().as_secs(), 1);
        let after: Vec<_> = (0..3).map(|_| backoff.failed()).collect();
        assert_eq!(seconds(&after), [Some(2), Some(4), None], "a loss is not a failed attempt");
    }

    #[test]
    fn jitter_changes_a_delay() {
        let policy = Policy { jitter: 0.5, ..Policy::RELAY };
        for (swing, millis) in [(-1.0, 500), (0.0, 1000), (1.0, 1500)] {
            assert_eq!(Backoff::new(policy, FixedJitter(swing)).lost().as_millis(), millis);
        }
    }
}
