//! Numbers in JSON: seconds, and numbers in a range. `1`, `1.0` and `1e0` are equal and read alike; schema and decoder agree on the ranges.

use std::ops::RangeInclusive;
use std::time::Duration;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};

/// The longest duration: a million hours, in seconds. Sums of a few never overflow.
const LONGEST_SECONDS: f64 = 3_600_000_000.0;

/// The duration of a number of seconds, to the microsecond; `None` if it is negative, NaN or beyond [`LONGEST_SECONDS`].
pub(crate) fn duration(seconds: f64) -> Option<Duration> {
    (0.0..=LONGEST_SECONDS).contains(&seconds).then(|| Duration::from_micros((seconds * 1e6).round() as u64))
}

/// A duration as a JSON number of seconds, for `#[serde(with = …)]` and `#[schemars(schema_with = …)]`.
pub(crate) mod seconds {
    use serde::Serializer;

    use super::*;

    pub(crate) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        if value.subsec_nanos() == 0 {
            serializer.serialize_u64(value.as_secs())
        } else {
            serializer.serialize_f64(value.as_secs_f64())
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        let expected = "a number of seconds from 0 to 3600000000";
        duration(seconds).ok_or_else(|| D::Error::invalid_value(Unexpected::Float(seconds), &expected))
    }

    pub(crate) fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 3_600_000_000_u64 })
    }
}

/// Reads a number that `accept` maps to a value, or fails with what was expected. Derived code for integers rejects `80.0`, which JSON Schema
/// accepts.
fn number<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    accept: impl FnOnce(f64) -> Option<T>,
    expected: &str,
) -> Result<T, D::Error> {
    checked(f64::deserialize(deserializer)?, accept, expected)
}

fn optional<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    accept: impl FnOnce(f64) -> Option<T>,
    expected: &str,
) -> Result<Option<T>, D::Error> {
    Option::<f64>::deserialize(deserializer)?.map(|number| checked(number, accept, expected)).transpose()
}

fn checked<T, E: Error>(number: f64, accept: impl FnOnce(f64) -> Option<T>, expected: &str) -> Result<T, E> {
    accept(number).ok_or_else(|| E::invalid_value(Unexpected::Float(number), &expected))
}

fn whole(number: f64, range: RangeInclusive<f64>) -> Option<u64> {
    (number.fract() == 0.0 && range.contains(&number)).then_some(number as u64)
}

pub(crate) fn whole_u16<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let accept = |number| whole(number, 0.0..=65_535.0).map(|number| number as u16);
    self::number(deserializer, accept, "a whole number from 0 to 65535")
}

/// A `u32` from 1, for `#[serde(deserialize_with = …)]`.
pub(crate) fn counted_u32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let accept = |number| whole(number, 1.0..=u32::MAX.into()).map(|number| number as u32);
    self::number(deserializer, accept, "a whole number from 1 to 4294967295")
}

pub(crate) fn optional_u32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let accept = |number| whole(number, 0.0..=u32::MAX.into()).map(|number| number as u32);
    optional(deserializer, accept, "a whole number from 0 to 4294967295")
}

/// A whole number up to 2^53 - 1, which every JSON implementation reads exactly, for `#[serde(deserialize_with = …)]`.
pub(crate) fn whole_u53<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let accept = |number| whole(number, 0.0..=9_007_199_254_740_991.0);
    self::number(deserializer, accept, "a whole number from 0 to 9007199254740991")
}

/// A number from 0, for `#[serde(deserialize_with = …)]`.
pub(crate) fn at_least_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let accept = |number: f64| (number >= 0.0 && number.is_finite()).then_some(number);
    self::number(deserializer, accept, "a number that is not negative")
}

const STATUS: &str = "an HTTP status from 100 to 599";

fn as_status(number: f64) -> Option<u16> {
    whole(number, 100.0..=599.0).map(|number| number as u16)
}

/// An HTTP status, 100 to 599, for `#[serde(deserialize_with = …)]`.
pub(crate) fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    number(deserializer, as_status, STATUS)
}

pub(crate) fn optional_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    optional(deserializer, as_status, STATUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Numbers {
        #[serde(default, with = "seconds")]
        seconds: Duration,
        #[serde(default, deserialize_with = "whole_u16")]
        small: u16,
        #[serde(default, deserialize_with = "optional_u32")]
        large: Option<u32>,
    }

    #[test]
    fn equal_numbers_are_read_alike() {
        for (text, seconds, small, large) in [
            (r#"{"seconds":1.5,"small":80,"large":3}"#, 1.5, 80, Some(3)),
            (r#"{"seconds":15e-1,"small":80.0,"large":3e0}"#, 1.5, 80, Some(3)),
            (r#"{"seconds":3600000000,"small":65535,"large":4294967295}"#, 3.6e9, u16::MAX, Some(u32::MAX)),
            (r#"{"seconds":-0,"small":-0.0,"large":null}"#, 0.0, 0, None),
        ] {
            let read: Numbers = serde_json::from_str(text).expect("numbers in their ranges");
            assert_eq!((read.seconds.as_secs_f64(), read.small, read.large), (seconds, small, large), "{text}");
        }
    }

    #[test]
    fn errors_name_the_range() {
        for (text, expected) in [
            (r#"{"seconds":-1}"#, "a number of seconds from 0 to 3600000000"),
            (r#"{"seconds":3600000000.5}"#, "a number of seconds from 0 to 3600000000"),
            (r#"{"small":65536}"#, "a whole number from 0 to 65535"),
            (r#"{"small":0.5}"#, "a whole number from 0 to 65535"),
            (r#"{"small":-1}"#, "a whole number from 0 to 65535"),
            (r#"{"large":4294967296}"#, "a whole number from 0 to 4294967295"),
            (r#"{"seconds":"1"}"#, "f64"),
        ] {
            let error = serde_json::from_str::<Numbers>(text).err().expect("an error").to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
