//! Timing parameters: the named durations that an implementation may set, their defaults, and the notation of durations.
//!
//! Values only: this module reads no clock.
//!
//! ```
//! use std::time::Duration;
//!
//! use relayspec::timing::{HumanDuration, Parameter, Timing};
//!
//! let mut timing = Timing::default();
//! assert_eq!(timing.value(Parameter::CodeLifetime), Duration::from_secs(300));
//! let HumanDuration(lifetime) = "1.5s".parse()?;
//! timing.declare(Parameter::CodeLifetime, lifetime);
//! assert_eq!(timing.value(Parameter::CodeLifetime), Duration::from_millis(1500));
//! # Ok::<(), relayspec::timing::InvalidDuration>(())
//! ```

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::number;

/// A named duration that an implementation may set (chapter `wire`, "Timing parameters").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum Parameter {
    /// From registration to the expiry of a pairing code that has not been joined.
    CodeLifetime,
    /// The time after its expiry for which a code is still answered as expired.
    CodeRetention,
    /// The interval of the Ping frames that a server sends on each connection.
    HeartbeatInterval,
    /// From a Ping to the termination of a peer that sends no Pong.
    HeartbeatTimeout,
    /// From the opening of a connection to its closing if no valid first message arrives.
    AuthTimeout,
    /// The time within which a peer is notified of its partner's loss, and a request is answered that the server can answer by itself.
    NotifyDeadline,
    /// From a request to the end of its answer.
    RequestTimeout,
    /// From a subscription to its answer.
    SubscribeTimeout,
    /// For a client, from the start of an attempt to success.
    ConnectTimeout,
}

impl Parameter {
    /// All parameters, in the order of the chapter.
    pub const ALL: [Self; 9] = [
        Self::CodeLifetime,
        Self::CodeRetention,
        Self::HeartbeatInterval,
        Self::HeartbeatTimeout,
        Self::AuthTimeout,
        Self::NotifyDeadline,
        Self::RequestTimeout,
        Self::SubscribeTimeout,
        Self::ConnectTimeout,
    ];

    const NAMES: [&'static str; 9] = [
        "code_lifetime",
        "code_retention",
        "heartbeat_interval",
        "heartbeat_timeout",
        "auth_timeout",
        "notify_deadline",
        "request_timeout",
        "subscribe_timeout",
        "connect_timeout",
    ];

    /// The name in flags, manifests and scenarios, such as `code_lifetime`.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The parameter with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|parameter| parameter.name() == name)
    }

    /// The default; `None` for `code_retention`, which defaults to `code_lifetime`.
    pub const fn default(self) -> Option<Duration> {
        match self {
            Self::CodeLifetime => Some(Duration::from_secs(300)),
            Self::CodeRetention => None,
            Self::HeartbeatInterval | Self::RequestTimeout => Some(Duration::from_secs(30)),
            Self::HeartbeatTimeout | Self::AuthTimeout | Self::SubscribeTimeout | Self::ConnectTimeout => {
                Some(Duration::from_secs(10))
            }
            Self::NotifyDeadline => Some(Duration::from_secs(1)),
        }
    }
}

/// The timing parameters of one implementation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timing {
    declared: [Option<Duration>; Parameter::ALL.len()],
}

impl Timing {
    /// The value of a parameter: the declared one, or else the default of the chapter.
    pub fn value(&self, parameter: Parameter) -> Duration {
        self.declared[parameter as usize].or(parameter.default()).unwrap_or_else(|| self.value(Parameter::CodeLifetime))
    }

    /// Declares the value of a parameter.
    pub fn declare(&mut self, parameter: Parameter, value: Duration) {
        self.declared[parameter as usize] = Some(value);
    }

    /// The same values, all declared, for readers that do not know the defaults.
    pub fn whole(&self) -> Self {
        let mut whole = Self::default();
        Parameter::ALL.into_iter().for_each(|parameter| whole.declare(parameter, self.value(parameter)));
        whole
    }

    /// The declared parameters with their values.
    pub fn declared(&self) -> impl Iterator<Item = (Parameter, Duration)> + '_ {
        Parameter::ALL.into_iter().filter_map(|parameter| Some((parameter, self.declared[parameter as usize]?)))
    }
}

/// A duration in human notation: a decimal number and a unit of `ms`, `s`, `min` (or `m`), `h`; such as `1500ms`, `1.5s` or `5min`.
///
/// At most a million hours, so that sums of a few never overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HumanDuration(pub Duration);

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid duration `{0}`: expected a number and a unit, such as `250ms`, `1.5s`, `5min` or `1h`")]
pub struct InvalidDuration(String);

impl FromStr for HumanDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let wrong = || InvalidDuration(text.chars().take(40).collect());
        let split = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
        let (number, unit) = text.split_at(split);
        let seconds_per_unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            _ => return Err(wrong()),
        };
        let number = number.trim_end();
        if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return Err(wrong());
        }
        let seconds = number.parse::<f64>().map_err(|_| wrong())? * seconds_per_unit;
        // To the microsecond, so that 1.1s is exactly 1.1s.
        number::duration(seconds).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for HumanDuration {
    /// Writes the shortest form that parses as the same duration, to the microsecond.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            0 => f.write_str("0s"),
            _ if micros.is_multiple_of(3_600_000_000) => write!(f, "{}h", micros / 3_600_000_000),
            _ if micros.is_multiple_of(60_000_000) => write!(f, "{}min", micros / 60_000_000),
            _ if micros >= 1_000_000 => write!(f, "{}s", micros as f64 / 1e6),
            _ => write!(f, "{}ms", micros as f64 / 1e3),
        }
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for HumanDuration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^[0-9]*\.?[0-9]+ *(ms|s|m|min|h)$",
            "description": "A duration: a decimal number and a unit of ms, s, min (or m), h."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requirement::CHAPTERS;

    #[test]
    fn chapter_lists_every_parameter_with_its_default() {
        let wire = CHAPTERS[0].text;
        for parameter in Parameter::ALL {
            let default = parameter.default().map_or("as `code_lifetime`".to_owned(), |value| {
                HumanDuration(value).to_string().replace("min", " min").replace('s', " s").trim().to_owned()
            });
            let row = format!("| `{}` | {default} |", parameter.name());
            assert!(wire.contains(&row), "text/wire.md has no row `{row}`");
            assert_eq!(Parameter::named(parameter.name()), Some(parameter));
        }
    }

    #[test]
    fn retention_follows_the_lifetime_unless_declared() {
        let mut timing = Timing::default();
        timing.declare(Parameter::CodeLifetime, Duration::from_millis(1500));
        assert_eq!(timing.value(Parameter::CodeRetention), Duration::from_millis(1500));
        timing.declare(Parameter::CodeRetention, Duration::from_secs(9));
        assert_eq!(timing.value(Parameter::CodeRetention), Duration::from_secs(9));
    }

    #[test]
    fn durations_parse_and_print() {
        for (text, micros) in
            [("250ms", 250_000), ("1.5s", 1_500_000), ("5min", 300_000_000), ("1h", 3_600_000_000), ("0s", 0)]
        {
            let read: HumanDuration = text.parse().expect("a duration");
            assert_eq!(read.0.as_micros(), micros);
            assert_eq!(read.to_string(), text);
        }
        for text in ["", "5", "s", "-1s", "1 d", "1e3s", "..s", "1.2.3s", "99999999999h", "١s", "nan s"] {
            assert!(text.parse::<HumanDuration>().is_err(), "`{text}` was accepted as a duration");
        }
    }

    proptest::proptest! {
        #[test]
        fn printed_durations_parse(micros in 0..3_600_000_000_000_u64) {
            let value = HumanDuration(Duration::from_micros(micros));
            proptest::prop_assert_eq!(value.to_string().parse::<HumanDuration>(), Ok(value));
        }
    }
}
