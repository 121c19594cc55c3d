//! The notation of policies in flags: `base=100ms,factor=2,cap=800ms`, or `tunnel,max_attempts=3`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::Policy;
use crate::timing::HumanDuration;

/// A text that is not a policy: the invalid part, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid part `{part}` of a policy: {why}")]
pub struct InvalidPolicy {
    part: String,
    why: String,
}

const MEMBERS: [&str; 5] = ["base", "factor", "cap", "jitter", "max_attempts"];

impl FromStr for Policy {
    type Err = InvalidPolicy;

    /// Parses a policy; omitted members are as in `relay`, or as in the policy that the text starts with.
    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        Self::RELAY.with(text)
    }
}

impl Policy {
    /// Overrides members of this policy: `member=value`, separated by commas, in any order, each at most once; optionally after the name of
    /// another policy to start from. Durations are written as everywhere, such as `100ms` or `1.5s`.
    /// Fails if a part of the text is neither a name nor a member with a valid value.
    pub fn with(self, text: &str) -> Result<Self, InvalidPolicy> {
        let mut policy = self;
        let mut seen: Vec<&str> = Vec::new();
        for (at, part) in text.split(',').map(str::trim).enumerate() {
            let wrong = |why: String| InvalidPolicy { part: part.chars().take(40).collect(), why };
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
    let (members, names) = (MEMBERS.join(", "), names.join(", "));
    format!("expected `member=value` with a member of {members}, optionally after one of {names}")
}

fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<HumanDuration>().map(|duration| duration.0).map_err(|error| error.to_string())
}

fn number(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| format!("invalid number `{text}`: expected, for example, `2` or `0.5`"))
}

fn attempts(text: &str) -> Result<Option<u32>, String> {
    match text {
        "endless" => Ok(None),
        _ => {
            text.parse().map(Some).map_err(|_| format!("invalid value `{text}`: expected `endless` or a whole number"))
        }
    }
}

impl fmt::Display for Policy {
    /// Writes every member, so that parsing gives the same policy, to the microsecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, factor, cap, jitter, max_attempts } = self;
        write!(
            f,
            "base={},factor={factor},cap={},jitter={jitter},max_attempts=",
            HumanDuration(*base),
            HumanDuration(*cap)
        )?;
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
    fn members_override_a_named_policy() {
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
    fn errors_name_the_part() {
        for (text, expected) in [
            ("", "invalid part `` of a policy: expected `member=value`"),
            ("relays", "invalid part `relays` of a policy: expected `member=value`"),
            ("base=1s,relay", "invalid part `relay`"),
            ("base=1", "invalid part `base=1` of a policy: invalid duration `1`"),
            ("factor=2,factor=3", "`factor` is given twice"),
            ("factor=nan", "invalid number `nan`"),
            ("jitter=inf", "invalid number `inf`"),
            ("max_attempts=-1", "invalid value `-1`: expected `endless` or a whole number"),
            (
                "speed=2",
                "with a member of base, factor, cap, jitter, max_attempts, optionally after one of relay, tunnel, rpc",
            ),
        ] {
            let error = text.parse::<Policy>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn printed_policies_parse(
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
