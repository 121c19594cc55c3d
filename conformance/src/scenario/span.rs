//! Time spans of scenarios: sums of timing parameters and slack, such as `2 code_lifetime - 60ms`.
//!
//! A scenario never copies a default: it names the parameter, and the subject declares its value. A plain duration is slack for the
//! machine and the network: it is measured in real time, however fast the subject's clock runs.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::timing::{HumanDuration, Parameter, Timing};
use serde::{Deserialize, Serialize};

/// A sum of terms; a negative sum counts as 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Vec<SpanTerm>);

#[derive(Debug, Clone, PartialEq)]
struct SpanTerm {
    negative: bool,
    amount: Amount,
}

#[derive(Debug, Clone, PartialEq)]
enum Amount {
    Literal(HumanDuration),
    Parameter { factor: f64, parameter: Parameter },
    Delay { factor: f64, delay: PolicySpan },
}

/// A span that a reconnection policy defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PolicySpan {
    /// The first delay.
    Base,
    /// The longest delay.
    Cap,
    /// The sum of this many delays at the start of a sequence.
    Delays,
    /// The sum of all delays of a sequence up to the first at the cap.
    ToCap,
}

impl PolicySpan {
    const ALL: [(&'static str, Self); 4] = [
        ("reconnect_base", Self::Base),
        ("reconnect_cap", Self::Cap),
        ("reconnect_delays", Self::Delays),
        ("reconnect_to_cap", Self::ToCap),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(known, delay)| (known == name).then_some(delay))
    }

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find_map(|(name, delay)| (delay == self).then_some(name)).unwrap_or_default()
    }

    /// The longest that jitter can make it, in seconds.
    fn seconds(self, factor: f64, policy: &Policy) -> f64 {
        let sum = |count: u32| (0..count).map(|nth| policy.envelope(nth).end().as_secs_f64()).sum::<f64>();
        match self {
            Self::Base => factor * policy.envelope(0).end().as_secs_f64(),
            Self::Cap => factor * policy.envelope(u32::MAX).end().as_secs_f64(),
            Self::Delays => sum(factor.clamp(0.0, 1000.0) as u32),
            Self::ToCap => factor * sum(to_the_cap(policy) + 1),
        }
    }
}

/// Which delay of a sequence is the first at the cap, counted from 0; the tenth if the factor is 1, so that none is.
#[must_use]
pub fn to_the_cap(policy: &Policy) -> u32 {
    const LATEST: u32 = 40;
    let reached = |nth: &u32| policy.nominal(*nth) >= policy.cap;
    (0..LATEST).find(reached).unwrap_or(if policy.factor > 1.0 { LATEST } else { 9 })
}

/// The values that spans are evaluated with.
#[derive(Debug, Clone, Copy)]
pub struct Measures<'a> {
    /// The subject's timing parameters.
    pub timing: &'a Timing,
    /// The client's reconnection policy.
    pub policy: &'a Policy,
    /// How many seconds pass on the subject's clock in one second of real time.
    pub speed: f64,
}

impl Span {
    /// The length of the span on the subject's clock; 0 if the sum is negative.
    #[must_use]
    pub fn value(&self, measures: Measures<'_>) -> Duration {
        let seconds: f64 = self.0.iter().map(|term| term.seconds(measures)).sum();
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
    }

    /// The span of one parameter.
    #[must_use]
    pub fn of(parameter: Parameter) -> Self {
        Self(vec![SpanTerm { negative: false, amount: Amount::Parameter { factor: 1.0, parameter } }])
    }
}

impl SpanTerm {
    fn seconds(&self, measures: Measures<'_>) -> f64 {
        let Measures { timing, policy, speed } = measures;
        let seconds = match &self.amount {
            Amount::Literal(written) => written.0.as_secs_f64() * speed,
            // How soon a subject answers depends on its processor, not on its clock.
            Amount::Parameter { factor, parameter: Parameter::NotifyDeadline } => {
                factor * timing.value(Parameter::NotifyDeadline).as_secs_f64() * speed
            }
            Amount::Parameter { factor, parameter } => factor * timing.value(*parameter).as_secs_f64(),
            Amount::Delay { factor, delay } => delay.seconds(*factor, policy),
        };
        if self.negative { -seconds } else { seconds }
    }
}

/// Why a text is not a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum SpanError {
    #[error(transparent)]
    Duration(#[from] relayspec::timing::InvalidDuration),
    #[error("invalid factor in `{0}`: expected a number before the parameter")]
    Factor(String),
    #[error("unknown timing parameter `{0}`: expected one of {1}")]
    Parameter(String, String),
    #[error("invalid span `{0}`: {1}")]
    Sum(String, #[source] Box<Self>),
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let mut terms = Vec::new();
        let mut rest = text.trim();
        let mut negative = false;
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            let term = rest[..end].trim();
            let within = |why| if term == text { why } else { SpanError::Sum(text.to_owned(), Box::new(why)) };
            terms.push(SpanTerm { negative, amount: amount(term).map_err(within)? });
            let Some(sign) = rest[end..].chars().next() else { return Ok(Self(terms)) };
            negative = sign == '-';
            rest = &rest[end + 1..];
        }
    }
}

fn amount(text: &str) -> Result<Amount, SpanError> {
    let name = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
    if !name.contains('_') {
        return Ok(Amount::Literal(text.parse()?));
    }
    let factor = text[..text.len() - name.len()].trim();
    let factor = if factor.is_empty() { Ok(1.0) } else { factor.parse() };
    let factor = factor.map_err(|_| SpanError::Factor(text.to_owned()))?;
    if let Some(delay) = PolicySpan::named(name) {
        return Ok(Amount::Delay { factor, delay });
    }
    let parameter = Parameter::named(name).ok_or_else(|| {
        let names = Parameter::ALL.iter().map(|parameter| parameter.name());
        let names: Vec<_> = names.chain(PolicySpan::ALL.iter().map(|(name, _)| *name)).collect();
        SpanError::Parameter(name.to_owned(), names.join(", "))
    })?;
    Ok(Amount::Parameter { factor, parameter })
}

impl TryFrom<String> for Span {
    type Error = SpanError;

    fn try_from(text: String) -> Result<Self, SpanError> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.0.iter().enumerate() {
            match (at, term.negative) {
                (0, _) => {}
                (_, true) => f.write_str(" - ")?,
                (_, false) => f.write_str(" + ")?,
            }
            match &term.amount {
                Amount::Literal(written) => write!(f, "{written}")?,
                Amount::Parameter { factor: 1.0, parameter } => f.write_str(parameter.name())?,
                Amount::Parameter { factor, parameter } => write!(f, "{factor} {}", parameter.name())?,
                Amount::Delay { factor: 1.0, delay } => f.write_str(delay.name())?,
                Amount::Delay { factor, delay } => write!(f, "{factor} {}", delay.name())?,
            }
        }
        Ok(())
    }
}

impl schemars::JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A sum of durations and timing parameters, each parameter with an optional factor: 250ms, code_lifetime, 2 code_lifetime - 60ms."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_print_and_evaluate() {
        let mut timing = Timing::default();
        timing.declare(Parameter::CodeLifetime, Duration::from_millis(1500));
        let measures = Measures { timing: &timing, policy: &Policy::RELAY, speed: 1.0 };
        for (text, millis) in [
            ("reconnect_base + 2 reconnect_cap", 65_000),
            ("3 reconnect_delays", 7_000),
            ("reconnect_to_cap", 63_000),
            ("250ms", 250),
            ("code_lifetime", 1500),
            ("2 code_lifetime - 60ms", 2940),
            ("0.5 code_lifetime + 1s", 1750),
            ("code_lifetime - 1min", 0),
        ] {
            let span: Span = text.parse().expect("a span");
            assert_eq!(span.to_string(), text);
            assert_eq!(span.value(measures).as_millis(), millis, "{text}");
        }
        let fast = Measures { speed: 20.0, ..measures };
        for (text, millis) in [("code_lifetime - 10ms", 1300), ("notify_deadline", 20_000), ("reconnect_base", 1000)] {
            assert_eq!(text.parse::<Span>().expect("a span").value(fast).as_millis(), millis, "{text}");
        }
        for text in ["", "5", "code_lifespan", "1s +", "x code_lifetime", "1s 2s", "- 1s"] {
            assert!(text.parse::<Span>().is_err(), "`{text}` is accepted");
        }
    }
}
