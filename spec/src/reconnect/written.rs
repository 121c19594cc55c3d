//! Policies as people write them in flags: `base=100ms,factor=2,cap=800ms`, or `tunnel,max_attempts=3`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Policy;
use crate::timing::Written;

/// A text that is no policy: which part of it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPolicy {
    part: String,
    why: String,
}

impl fmt::Display for NoPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no part of a policy: {}", self.part, self.why)
    }
}

impl std::error::Error for NoPolicy {}

const MEMBERS: [&str; 5] = ["base", "factor", "cap", "jitter", "max_attempts"];

impl FromStr for Policy {
    type Err = NoPolicy;

    /// Reads a policy; what the text leaves out is as in `relay`, or as in the policy that it begins with.
    fn from_str(text: &str) -> Result<Self, NoPolicy> {
        Self::RELAY.with(text)
    }
}

impl Policy {
    /// This policy with the members that a text gives: members with their values, separated by commas, in any order, each at most once;
    /// in front perhaps the name of another policy to start from. Durations are written as everywhere, `100ms` or `1.5s`.
    ///
    /// # Errors
    /// Where a part of the text is neither a name nor a member with a value of its kind.
    pub fn with(self, text: &str) -> Result<Self, NoPolicy> {
        let mut policy = self;
        let mut seen: Vec<&str> = Vec::new();
        for (at, part) in text.split(',').map(str::trim).enumerate() {
            let wrong = |why: String| NoPolicy { part: part.chars().take(40).collect(), why };
            let Some((name, value)) = part.split_once('=') else {
                policy = Self::named(part).filter(|_| at == 0).ok_or_else(|| wrong(usage()))?;
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if seen.contains(&name) {
                return Err(wrong(format!("`{name}` is given twice")));
            }
            seen.push(name);
            match name {
                "base" => policy.base = duration(value).map_err(wrong)?,
                "factor" => policy.factor = number(value).map_err(wrong)?,
                "cap" => policy.cap = duration(value).map_err(wrong)?,
                "jitter" => policy.jitter = number(value).map_err(wrong)?,
                "max_attempts" => policy.max_attempts = attempts(value).map_err(wrong)?,
                _ => return Err(wrong(usage())),
            }
        }
        Ok(policy)
    }
}

fn usage() -> String {
    let names: Vec<_> = Policy::NAMED.iter().map(|(name, _)| *name).collect();
    format!(
        "write `member=value` with a member of {}, after one of {} or nothing",
        MEMBERS.join(", "),
        names.join(", ")
    )
}

fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<Written>().map(|written| written.0).map_err(|error| error.to_string())
}

fn number(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("`{text}` is no number: write it as `2` or `0.5`"))
}

fn attempts(text: &str) -> Result<Option<u32>, String> {
    match text {
        "endless" => Ok(None),
        _ => text.parse().map(Some).map_err(|_| format!("`{text}` is neither `endless` nor a whole number")),
    }
}

impl fmt::Display for Policy {
    /// Writes every member, so that it reads back as the same policy, to the microsecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, factor, cap, jitter, max_attempts } = self;
        write!(f, "base={},factor={factor},cap={},jitter={jitter},max_attempts=", Written(*base), Written(*cap))?;
        match max_attempts {
            Some(attempts) => write!(f, "{attempts}"),
            None => f.write_str("endless"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn any_part_is_read_over_a_named_policy() {
        for (text, printed) in [
            ("relay", "base=1s,factor=2,cap=32s,jitter=0,max_attempts=endless"),
            ("tunnel", "base=1s,factor=2,cap=5min,jitter=0,max_attempts=endless"),
            ("jitter=0.5", "base=1s,factor=2,cap=32s,jitter=0.5,max_attempts=endless"),
            ("rpc, max_attempts = 3", "base=1s,factor=2,cap=30s,jitter=0,max_attempts=3"),
            (
                "base=100ms,factor=1.5,cap=800ms,jitter=0.2,max_attempts=3",
                "base=100ms,factor=1.5,cap=800ms,jitter=0.2,max_attempts=3",
            ),
        ] {
            assert_eq!(text.parse::<Policy>().map(|policy| policy.to_string()), Ok(printed.to_owned()));
        }
        let limited = Policy { max_attempts: Some(3), ..Policy::RPC };
        assert_eq!(limited.with("max_attempts=endless,cap=30s"), Ok(Policy::RPC));
    }

    #[test]
    fn what_is_no_policy_is_told_with_its_part() {
        for (text, told) in [
            ("", "`` is no part of a policy: write `member=value`"),
            ("relays", "`relays` is no part of a policy: write `member=value`"),
            ("base=1s,relay", "`relay` is no part"),
            ("base=1", "`base=1` is no part of a policy: `1` is no duration"),
            ("factor=2,factor=3", "`factor` is given twice"),
            ("factor=nan", "`nan` is no number"),
            ("jitter=inf", "`inf` is no number"),
            ("max_attempts=-1", "`-1` is neither `endless` nor a whole number"),
            ("speed=2", "with a member of base, factor, cap, jitter, max_attempts, after one of relay, tunnel, rpc"),
        ] {
            let error = text.parse::<Policy>().expect_err(text).to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(
            base in 0..3_600_000_000_u64, cap in 0..3_600_000_000_u64, factor in 0.0..1e6, jitter in 0.0..1.0,
            max_attempts in any::<Option<u32>>(),
        ) {
            let (base, cap) = (Duration::from_micros(base), Duration::from_micros(cap));
            let policy = Policy { base, factor, cap, jitter, max_attempts };
            prop_assert_eq!(policy.to_string().parse::<Policy>(), Ok(policy));
            let json = serde_json::to_string(&policy)?;
            prop_assert_eq!(serde_json::from_str::<Policy>(&json)?, policy);
        }
    }
}
