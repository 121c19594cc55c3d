//! How a client reconnects after a loss: the policy as data, and the delays that follow from it (chapter `reconnect`).
//!
//! Pure arithmetic: this module draws no random numbers and waits for nothing.
//!
//! ```
//! use std::time::Duration;
//!
//! use relayspec::reconnect::Policy;
//!
//! let policy: Policy = "base=100ms,factor=2,cap=1s,jitter=0.5".parse()?;
//! assert_eq!(policy.nominal(2), Duration::from_millis(400));
//! assert_eq!(policy.envelope(9), Duration::from_millis(500)..=Duration::from_millis(1500));
//! assert!(policy.check().is_ok());
//! # Ok::<(), relayspec::reconnect::InvalidPolicy>(())
//! ```

mod notation;

use std::ops::RangeInclusive;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use notation::InvalidPolicy;

use crate::number::{optional_u32, seconds};

/// How a client reconnects after a loss.
// A deserialized policy may still violate the chapter: see `check`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The nominal delay before the first attempt after a loss, in seconds.
    #[serde(with = "seconds")]
    #[schemars(schema_with = "seconds::schema")]
    pub base: Duration,
    /// The factor by which the nominal delay grows after each failed attempt; 1 or more.
    pub factor: f64,
    /// The longest nominal delay, in seconds.
    #[serde(with = "seconds")]
    #[schemars(schema_with = "seconds::schema")]
    pub cap: Duration,
    /// How far a delay may differ from its nominal value, as a fraction of it: 0.5 is up to 50 % shorter or longer. At most 0.5.
    pub jitter: f64,
    /// The failed attempts in a row after which the client gives up; null or absent: never.
    #[serde(default, deserialize_with = "optional_u32")]
    #[schemars(range(min = 0, max = 4_294_967_295_u32))]
    pub max_attempts: Option<u32>,
}

/// The longest delay that a client may wait, jitter included: 5 min plus 50 % (RECON-07).
pub const LONGEST_DELAY: Duration = Duration::from_secs(450);

/// The largest jitter: with it, two attempts are at least half of `base` apart (RECON-06).
const LARGEST_JITTER: f64 = 0.5;

const fn endless(base: u64, cap: u64) -> Policy {
    let (base, cap) = (Duration::from_secs(base), Duration::from_secs(cap));
    Policy { base, factor: 2.0, cap, jitter: 0.0, max_attempts: None }
}

/// A requirement that a policy violates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyViolation {
    /// The requirement's id.
    pub requirement: &'static str,
    /// The reason, in one sentence.
    pub why: String,
}

fn violation(requirement: &'static str, why: impl Into<String>) -> Result<(), PolicyViolation> {
    Err(PolicyViolation { requirement, why: why.into() })
}

impl Policy {
    /// `relay`: 1, 2, 4, 8, 16, 32, 32 … s.
    pub const RELAY: Self = endless(1, 32);
    /// `tunnel`: 1, 2, 4 … 256, 300, 300 … s.
    pub const TUNNEL: Self = endless(1, 300);
    /// `rpc`: 1, 2, 4, 8, 16, 30, 30 … s.
    pub const RPC: Self = endless(1, 30);

    /// The named policies, in the order of the chapter.
    pub const NAMED: [(&str, Self); 3] = [("relay", Self::RELAY), ("tunnel", Self::TUNNEL), ("rpc", Self::RPC)];

    /// The policy with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find_map(|(known, policy)| (known == name).then_some(policy))
    }

    /// The nominal delay before attempt n, where 0 is the first after a loss: `base` * `factor`^n, at most `cap`.
    ///
    /// Total over all n and policies: NaN and overflow give `cap`, a negative product zero.
    pub fn nominal(&self, attempt: u32) -> Duration {
        if attempt == 0 || self.base.is_zero() {
            return self.base.min(self.cap);
        }
        let grown = self.base.as_secs_f64() * self.factor.powi(i32::try_from(attempt).unwrap_or(i32::MAX));
        if grown < 0.0 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(grown).map_or(self.cap, |grown| grown.min(self.cap))
    }

    /// The delay before attempt n with jitter: the nominal one, changed by `jitter` times `swing`, from -1 (shortest) to 1 (longest).
    ///
    /// A swing outside this range is clamped; NaN counts as 0.
    pub fn delay(&self, attempt: u32, swing: f64) -> Duration {
        let nominal = self.nominal(attempt);
        let swing = if swing.is_nan() { 0.0 } else { swing.clamp(-1.0, 1.0) };
        let part = self.jitter * swing;
        if part == 0.0 || part.is_nan() || nominal.is_zero() {
            return nominal;
        }
        let moved = nominal.as_secs_f64() * (1.0 + part);
        if moved < 0.0 { Duration::ZERO } else { Duration::try_from_secs_f64(moved).unwrap_or(Duration::MAX) }
    }

    /// The shortest and the longest delay before attempt n, jitter included (RECON-02).
    pub fn envelope(&self, attempt: u32) -> RangeInclusive<Duration> {
        let (a, b) = (self.delay(attempt, -1.0), self.delay(attempt, 1.0));
        a.min(b)..=a.max(b)
    }

    /// How far a delay may be outside its envelope: 10 % of the nominal delay or 50 ms, whichever is larger (RECON-02).
    pub fn tolerance(&self, attempt: u32) -> Duration {
        (self.nominal(attempt) / 10).max(Duration::from_millis(50))
    }

    /// Checks that a client may have this policy.
    /// Fails if it is inconsistent, or allows delays that are too short (RECON-06) or too long (RECON-07).
    pub fn check(&self) -> Result<(), PolicyViolation> {
        let Self { base, factor, cap, jitter, max_attempts } = *self;
        if base.is_zero() {
            return violation("RECON-06", "`base` is 0: attempts would follow each other at once");
        }
        if !(factor.is_finite() && factor >= 1.0) {
            return violation("RECON-03", format!("`factor` is {factor}: delays grow by a factor of 1 or more"));
        }
        if cap < base {
            return violation("RECON-03", "`cap` is shorter than `base`: no delay would be as long as `base`");
        }
        if !(jitter.is_finite() && jitter >= 0.0) {
            return violation("RECON-02", format!("`jitter` is {jitter}: it is a fraction of the delay, 0 or more"));
        }
        if jitter > LARGEST_JITTER {
            let why = format!("`jitter` is {jitter}: above 0.5, attempts may be closer together than half of `base`");
            return violation("RECON-06", why);
        }
        if max_attempts == Some(0) {
            return violation("RECON-09", "`max_attempts` is 0: the first attempt counts, so it is 1 or more");
        }
        let last = max_attempts.map_or(u32::MAX, |attempts| attempts - 1);
        let longest = *self.envelope(last).end();
        if longest > LONGEST_DELAY {
            let (longest, most) = (longest.as_secs_f64(), LONGEST_DELAY.as_secs());
            return violation("RECON-07", format!("a delay could last {longest} s: the longest allowed is {most} s"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::{self, CHAPTERS};

    #[test]
    fn chapter_lists_every_named_policy() {
        let chapter = CHAPTERS.iter().find(|chapter| chapter.name == "reconnect").expect("the chapter");
        for (name, policy) in Policy::NAMED {
            let Policy { base, factor, cap, jitter, .. } = policy;
            let row =
                format!("| `{name}` | {} s | {factor} | {} s | {jitter} | endless |", base.as_secs(), cap.as_secs());
            assert!(chapter.text.contains(&row), "text/reconnect.md has no row `{row}`");
            assert_eq!(policy.check(), Ok(()));
        }
    }

    #[test]
    fn no_value_and_no_attempt_panics() {
        let numbers = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 0.5, 1.0, 2.0, 1e300, f64::MIN_POSITIVE];
        let durations = [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1), Duration::MAX];
        for (base, cap) in durations.iter().flat_map(|base| durations.iter().map(move |cap| (*base, *cap))) {
            for (factor, jitter) in numbers.iter().flat_map(|a| numbers.iter().map(move |b| (*a, *b))) {
                let policy = Policy { base, factor, cap, jitter, max_attempts: None };
                for attempt in [0, 1, 2, 31, 1000, i32::MAX as u32, i32::MAX as u32 + 1, u32::MAX] {
                    assert!(policy.nominal(attempt) <= cap, "{policy:?}");
                    for swing in numbers {
                        assert!(policy.envelope(attempt).contains(&policy.delay(attempt, swing)), "{policy:?} {swing}");
                    }
                }
                if let Err(violation) = policy.check() {
                    assert!(requirement::find(violation.requirement).is_some(), "{violation:?}");
                }
            }
        }
    }

    #[test]
    fn valid_policy_never_shrinks_and_stays_at_its_cap() {
        for (_, policy) in Policy::NAMED {
            for attempt in 0..1000 {
                assert!(policy.nominal(attempt) <= policy.nominal(attempt + 1));
            }
            assert_eq!(policy.nominal(u32::MAX), policy.cap);
        }
    }
}
