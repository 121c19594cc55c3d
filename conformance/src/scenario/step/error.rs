//! Why a step is invalid, and the validation that several steps share.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::scenario::at::Place;
use crate::scenario::scope::ScopeError;
use crate::scenario::size::Size;
use crate::scenario::term::HexError;

/// The most iterations of `many`, multiplied by those of every enclosing `many`. Each takes memory until all have finished.
pub(super) const MAX_ITERATIONS: usize = 100_000;
/// The most iterations at once: each has connections, and a machine has about 28,000 ports for them (Linux: `ip_local_port_range`).
pub(super) const MAX_AT_ONCE: usize = 10_000;
/// The most rounds of `latency` and Pings of `heartbeat`: each takes time.
pub(super) const MAX_ROUNDS: usize = 10_000;
/// The most fragments that `send` may split a message into: each is a frame of its own.
pub(super) const MAX_FRAGMENTS: usize = 10_000;
/// The most messages that `send` may send at once and `collect` wait for.
pub(super) const MAX_MESSAGES: usize = 100_000;
/// The most that `pour` may send.
pub(super) const MAX_POURED: Size = Size(16 << 30);

/// Why a step is invalid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum StepError {
    #[error(transparent)]
    Scope(#[from] ScopeError),
    #[error(transparent)]
    Hex(#[from] HexError),
    #[error("give exactly one of {0}")]
    OneOf(String),
    #[error("`{0}` must be {1}")]
    Range(&'static str, String),
    #[error("{0} can only be used with {1}")]
    Needs(&'static str, &'static str),
    #[error("{0} and {1} exclude each other")]
    Exclusive(&'static str, &'static str),
    #[error("unknown client role `{0}`: expected one of {1}")]
    Role(String, String),
    #[error("`to` is missing: give the path of an endpoint")]
    NoPath,
    #[error("this family has no paths: omit `to`")]
    Path,
    #[error("invalid request target `{0}`: it starts with `/` and contains no spaces")]
    Target(String),
    #[error("invalid address `{0}`: expected a loopback address, such as 127.0.0.2")]
    Address(String),
    #[error("`bind` takes the name of the choice that came: every choice of `any_of` needs `named`")]
    UnnamedChoice,
    #[error("`json` needs an `event` with a plain name, such as `registered`")]
    EventName,
    #[error("`named` is empty: list the events that must not occur")]
    NoEvents,
    #[error("`alphabet` needs at least two characters")]
    Alphabet,
    #[error("`meet` must be inside `many`")]
    MeetAlone,
    #[error("at most {MAX_AT_ONCE} iterations can run at once: {0}")]
    AtOnce(&'static str),
    #[error("{1}")]
    Nested(Place, #[source] Box<Self>),
}

impl StepError {
    /// The innermost invalid step: where it is, and what is wrong with it.
    pub(crate) fn located(self) -> (Place, Self) {
        match self {
            Self::Nested(_, inner) if matches!(*inner, Self::Nested(..)) => inner.located(),
            Self::Nested(place, inner) => (place, *inner),
            other => (Place::default(), other),
        }
    }
}

/// Exactly one of these keys must be given.
pub(super) fn one_of(keys: &[(&str, bool)]) -> Result<(), StepError> {
    if keys.iter().filter(|(_, given)| *given).count() == 1 {
        return Ok(());
    }
    let names: Vec<_> = keys.iter().map(|(name, _)| format!("`{name}`")).collect();
    Err(StepError::OneOf(names.join(", ")))
}

/// The value of a key must be in a range.
pub(super) fn in_range<T: PartialOrd + Display>(
    key: &'static str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<(), StepError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(StepError::Range(key, format!("from {} to {}", range.start(), range.end())))
}
