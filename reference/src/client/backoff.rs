//! Where in the sequence of a policy a client is: how long to wait, and when to give up (RECON-02 to RECON-04, RECON-09).
//!
//! It draws no random numbers of its own and waits for nothing.

use std::time::Duration;

use relayspec::reconnect::Policy;

/// A source of jitter.
pub trait Dice {
    /// A number from -1 to 1, evenly distributed, and not the same in every process (RECON-10).
    fn swing(&mut self) -> f64;
}

/// What a client makes of its policy: it keeps to it, or has one of the bad habits that [`crate::mutant`] is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Habit {
    /// The policy is kept.
    #[default]
    Kept,
    /// The first delay is too short (RECON-02).
    HurriesFirst,
    /// Success does not start the sequence afresh (RECON-04).
    NeverResets,
    /// A mere connection starts the sequence afresh (RECON-04).
    ResetsOnConnection,
    /// The loss of a success counts as a failed attempt (RECON-09).
    CountsLosses,
    /// Success does not end the row of failed attempts (RECON-09).
    CountsForEver,
    /// All clients draw the same jitter (RECON-10).
    RollsAlike,
}

/// The state of one client's reconnection.
#[derive(Debug)]
pub struct Backoff<D> {
    policy: Policy,
    habit: Habit,
    dice: D,
    /// The number of the attempt that comes next, 0 for the first after a loss.
    next: u32,
    /// Attempts that failed since the last success.
    failures: u32,
    /// Whether any attempt has been waited for since the last success.
    waited: bool,
}

impl<D: Dice> Backoff<D> {
    /// A sequence before its first attempt, which waits for nothing.
    #[must_use]
    pub fn new(policy: Policy, dice: D) -> Self {
        Self { policy, habit: Habit::Kept, dice, next: 0, failures: 0, waited: false }
    }

    /// The same of a client with a habit.
    #[must_use]
    pub fn with(self, habit: Habit) -> Self {
        Self { habit, ..self }
    }

    /// The handshake is done, which means nothing (RECON-04).
    pub fn connected(&mut self) {
        if self.habit == Habit::ResetsOnConnection {
            self.succeeded();
        }
    }

    /// The family's own success: the sequence begins afresh (RECON-04).
    pub fn succeeded(&mut self) {
        if self.habit != Habit::CountsForEver {
            self.failures = 0;
        }
        if self.habit != Habit::NeverResets {
            (self.next, self.waited) = (0, false);
        }
    }

    /// A connection that had been a success is lost. The delay before the next attempt.
    pub fn lost(&mut self) -> Duration {
        self.waited = true;
        self.failures += u32::from(self.habit == Habit::CountsLosses);
        self.delay()
    }

    /// An attempt failed. The delay before the next one, or `None` where it was the last (RECON-09).
    pub fn failed(&mut self) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        // The very first attempt follows no loss. Its failure is one (RECON-01).
        if self.waited {
            self.next = self.next.saturating_add(1);
        }
        self.waited = true;
        let gives_up = self.policy.max_attempts.is_some_and(|most| self.failures >= most);
        (!gives_up).then(|| self.delay())
    }

    fn delay(&mut self) -> Duration {
        let swing = if self.habit == Habit::RollsAlike { 0.5 } else { self.dice.swing() };
        let delay = self.policy.delay(self.next, swing);
        if self.habit == Habit::HurriesFirst && self.next == 0 { delay.mul_f64(0.3) } else { delay }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(f64);

    impl Dice for Fixed {
        fn swing(&mut self) -> f64 {
            self.0
        }
    }

    fn seconds(delays: &[Option<Duration>]) -> Vec<Option<u64>> {
        delays.iter().map(|delay| delay.map(|delay| delay.as_secs())).collect()
    }

    #[test]
    fn delays_grow_to_the_cap_and_begin_afresh_after_success_only() {
        let mut backoff = Backoff::new(Policy::RELAY, Fixed(0.0));
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
    fn gives_up_after_so_many_failures_in_a_row() {
        let policy = Policy { max_attempts: Some(3), ..Policy::RELAY };
        let mut backoff = Backoff::new(policy, Fixed(0.0));
        let first: Vec<_> = (0..3).map(|_| backoff.failed()).collect();
        assert_eq!(seconds(&first), [Some(1), Some(2), None]);

        let mut backoff = Backoff::new(policy, Fixed(0.0));
        backoff.failed();
        backoff.failed();
        backoff.succeeded();
        assert_eq!(backoff.lost().as_secs(), 1);
        let after: Vec<_> = (0..3).map(|_| backoff.failed()).collect();
        assert_eq!(seconds(&after), [Some(2), Some(4), None], "a loss is no failed attempt");
    }

    #[test]
    fn jitter_moves_a_delay() {
        let policy = Policy { jitter: 0.5, ..Policy::RELAY };
        for (swing, millis) in [(-1.0, 500), (0.0, 1000), (1.0, 1500)] {
            assert_eq!(Backoff::new(policy, Fixed(swing)).lost().as_millis(), millis);
        }
    }
}
