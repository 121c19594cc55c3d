//! Time spans of scenarios: sums of timing parameters and slack, as `2 code_lifetime - 60ms`.
//!
//! A scenario never copies a default: it names the parameter, and the subject's declared value fills it in.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use relayspec::timing::{Parameter, Timing, Written};
use serde::{Deserialize, Serialize};

/// A sum of terms; never negative when it is evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Vec<Term>);

#[derive(Debug, Clone, PartialEq)]
struct Term {
    negative: bool,
    amount: Amount,
}

#[derive(Debug, Clone, PartialEq)]
enum Amount {
    Literal(Written),
    Parameter { factor: f64, parameter: Parameter },
}

impl Span {
    /// The length of the span with these timing parameters; 0 where the sum is negative.
    #[must_use]
    pub fn value(&self, timing: &Timing) -> Duration {
        let seconds: f64 = self.0.iter().map(|term| term.seconds(timing)).sum();
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
    }

    /// The span that is just this parameter.
    #[must_use]
    pub fn of(parameter: Parameter) -> Self {
        Self(vec![Term { negative: false, amount: Amount::Parameter { factor: 1.0, parameter } }])
    }
}

impl Term {
    fn seconds(&self, timing: &Timing) -> f64 {
        let seconds = match &self.amount {
            Amount::Literal(written) => written.0.as_secs_f64(),
            Amount::Parameter { factor, parameter } => factor * timing.value(*parameter).as_secs_f64(),
        };
        if self.negative { -seconds } else { seconds }
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        let mut rest = text.trim();
        let mut negative = false;
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            let term = rest[..end].trim();
            let within = |why| if term == text { why } else { format!("`{text}`: {why}") };
            terms.push(Term { negative, amount: amount(term).map_err(within)? });
            let Some(sign) = rest[end..].chars().next() else { return Ok(Self(terms)) };
            negative = sign == '-';
            rest = &rest[end + 1..];
        }
    }
}

fn amount(text: &str) -> Result<Amount, String> {
    let name = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
    if !name.contains('_') {
        return text.parse().map(Amount::Literal).map_err(|error: relayspec::timing::NoDuration| error.to_string());
    }
    let parameter = Parameter::named(name).ok_or_else(|| {
        let names: Vec<_> = Parameter::ALL.iter().map(|parameter| parameter.name()).collect();
        format!("`{name}` is no timing parameter; there are {}", names.join(", "))
    })?;
    let factor = text[..text.len() - name.len()].trim();
    let factor = if factor.is_empty() { Ok(1.0) } else { factor.parse() };
    factor.map(|factor| Amount::Parameter { factor, parameter }).map_err(|_| format!("`{text}` has no number in front"))
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
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
        for (text, millis) in [
            ("250ms", 250),
            ("code_lifetime", 1500),
            ("2 code_lifetime - 60ms", 2940),
            ("0.5 code_lifetime + 1s", 1750),
            ("code_lifetime - 1min", 0),
        ] {
            let span: Span = text.parse().expect("a span");
            assert_eq!(span.to_string(), text);
            assert_eq!(span.value(&timing).as_millis(), millis, "{text}");
        }
        for text in ["", "5", "code_lifespan", "1s +", "x code_lifetime", "1s 2s", "- 1s"] {
            assert!(text.parse::<Span>().is_err(), "`{text}` was read as a span");
        }
    }
}
