//! Timing parameters: the named durations that an implementation may set, their defaults, and how durations are written.
//!
//! Values only: this module must not read a clock.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::number;

/// A named duration that an implementation may set (chapter `wire`, "Timing parameters").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum Parameter {
    /// From registration to the expiry of a pairing code that nobody has joined.
    CodeLifetime,
    /// How long after its expiry a code is still answered as expired.
    CodeRetention,
    /// Between Ping frames that a server sends on each connection.
    HeartbeatInterval,
    /// From a Ping to the termination of a peer that has sent no Pong.
    HeartbeatTimeout,
    /// From the opening of a connection to its closing when no valid first message has come.
    AuthTimeout,
    /// Within it a peer is told of its partner's loss, and a request that a server can answer by itself is answered.
    NotifyDeadline,
    /// From a request to the end of its answer.
    RequestTimeout,
    /// From a subscription to its answer.
    SubscribeTimeout,
    /// Of a client, from the start of an attempt to the family's own success.
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

    /// The name in flags, manifests and scenarios, as `code_lifetime`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CodeLifetime => "code_lifetime",
            Self::CodeRetention => "code_retention",
            Self::HeartbeatInterval => "heartbeat_interval",
            Self::HeartbeatTimeout => "heartbeat_timeout",
            Self::AuthTimeout => "auth_timeout",
            Self::NotifyDeadline => "notify_deadline",
            Self::RequestTimeout => "request_timeout",
            Self::SubscribeTimeout => "subscribe_timeout",
            Self::ConnectTimeout => "connect_timeout",
        }
    }

    /// The parameter with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|parameter| parameter.name() == name)
    }

    /// The value that holds where a subject declares none; `None` for `code_retention`, which follows `code_lifetime`.
    #[must_use]
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

/// The values of all timing parameters that hold for one subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timing {
    declared: [Option<Duration>; Parameter::ALL.len()],
}

impl Timing {
    /// The value of a parameter: what was declared, or else the default of the chapter.
    #[must_use]
    pub fn value(&self, parameter: Parameter) -> Duration {
        self.declared[parameter as usize].or(parameter.default()).unwrap_or_else(|| self.value(Parameter::CodeLifetime))
    }

    /// Declares the value of a parameter.
    pub fn declare(&mut self, parameter: Parameter, value: Duration) {
        self.declared[parameter as usize] = Some(value);
    }

    /// The same values, each of them declared: for those who do not know the defaults.
    #[must_use]
    pub fn whole(&self) -> Self {
        let mut whole = Self::default();
        Parameter::ALL.into_iter().for_each(|parameter| whole.declare(parameter, self.value(parameter)));
        whole
    }

    /// The parameters that were declared, with their values.
    pub fn declared(&self) -> impl Iterator<Item = (Parameter, Duration)> + '_ {
        Parameter::ALL.into_iter().filter_map(|parameter| Some((parameter, self.declared[parameter as usize]?)))
    }
}

/// A duration as people write it: a decimal number and a unit of `ms`, `s`, `min` (or `m`), `h`; as `1500ms`, `1.5s`, `5min`.
///
/// At most a million hours, so that sums of a few never overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Written(pub Duration);

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoDuration(String);

impl fmt::Display for NoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no duration: write a number and a unit, as `250ms`, `1.5s`, `5min` or `1h`", self.0)
    }
}

impl std::error::Error for NoDuration {}

impl FromStr for Written {
    type Err = NoDuration;

    fn from_str(text: &str) -> Result<Self, NoDuration> {
        let wrong = || NoDuration(text.chars().take(40).collect());
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
        // Whole microseconds: finer than any clock here, and 1.1s is then exactly 1.1s.
        number::duration(seconds).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Written {
    /// Writes the shortest form that reads back as the same duration, to the microsecond.
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

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Written {
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
    fn the_chapter_lists_every_parameter_with_its_default() {
        let wire = CHAPTERS[0].text;
        for parameter in Parameter::ALL {
            let default = parameter.default().map_or("as `code_lifetime`".to_owned(), |value| {
                Written(value).to_string().replace("min", " min").replace('s', " s").trim().to_owned()
            });
            let row = format!("| `{}` | {default} |", parameter.name());
            assert!(wire.contains(&row), "text/wire.md has no row `{row}`");
            assert_eq!(Parameter::named(parameter.name()), Some(parameter));
        }
    }

    #[test]
    fn retention_follows_the_lifetime_until_it_is_declared() {
        let mut timing = Timing::default();
        timing.declare(Parameter::CodeLifetime, Duration::from_millis(1500));
        assert_eq!(timing.value(Parameter::CodeRetention), Duration::from_millis(1500));
        timing.declare(Parameter::CodeRetention, Duration::from_secs(9));
        assert_eq!(timing.value(Parameter::CodeRetention), Duration::from_secs(9));
    }

    #[test]
    fn durations_read_and_print() {
        for (text, micros) in
            [("250ms", 250_000), ("1.5s", 1_500_000), ("5min", 300_000_000), ("1h", 3_600_000_000), ("0s", 0)]
        {
            let read: Written = text.parse().expect("a duration");
            assert_eq!(read.0.as_micros(), micros);
            assert_eq!(read.to_string(), text);
        }
        for text in ["", "5", "s", "-1s", "1 d", "1e3s", "..s", "1.2.3s", "99999999999h", "١s", "nan s"] {
            assert!(text.parse::<Written>().is_err(), "`{text}` was read as a duration");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_printed_reads_back(micros in 0..3_600_000_000_000_u64) {
            let value = Written(Duration::from_micros(micros));
            proptest::prop_assert_eq!(value.to_string().parse::<Written>(), Ok(value));
        }
    }
}
