//! Numbers with a unit or a range, as JSON carries them: seconds, and whole numbers.
//!
//! JSON has one kind of number: `1`, `1.0` and `1e0` are equal, and are read alike. Schema and reader agree on the ranges.

use std::time::Duration;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};

/// The longest duration that is read: a million hours, in seconds. Sums of a few never overflow.
pub const LONGEST_SECONDS: f64 = 3_600_000_000.0;

/// The duration of a number of seconds, to the microsecond; `None` where it is negative, no number, or beyond [`LONGEST_SECONDS`].
#[must_use]
pub fn duration(seconds: f64) -> Option<Duration> {
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

/// Reads a whole number from 0 to `most`, however it is written.
fn whole<'de, D: Deserializer<'de>>(deserializer: D, most: u32) -> Result<u32, D::Error> {
    in_range(f64::deserialize(deserializer)?, most)
}

fn in_range<E: Error>(number: f64, most: u32) -> Result<u32, E> {
    if number.fract() == 0.0 && (0.0..=f64::from(most)).contains(&number) {
        return Ok(number as u32);
    }
    Err(E::invalid_value(Unexpected::Float(number), &format!("a whole number from 0 to {most}").as_str()))
}

/// A `u16` for `#[serde(deserialize_with = …)]`; derived code refuses `80.0`, which JSON Schema takes.
pub(crate) fn whole_u16<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    whole(deserializer, u16::MAX.into()).map(|number| number as u16)
}

/// A `u32` that counts from 1, for `#[serde(deserialize_with = …)]`; see [`whole_u16`].
pub(crate) fn counted_u32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if number == 0.0 {
        return Err(D::Error::invalid_value(Unexpected::Float(number), &"a whole number from 1 on"));
    }
    in_range(number, u32::MAX)
}

/// A whole number up to 2^53 - 1, which every JSON number type can carry, for `#[serde(deserialize_with = …)]`; see [`whole_u16`].
pub(crate) fn whole_u53<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    const MOST: f64 = 9_007_199_254_740_991.0;
    let number = f64::deserialize(deserializer)?;
    if number.fract() == 0.0 && (0.0..=MOST).contains(&number) {
        return Ok(number as u64);
    }
    Err(D::Error::invalid_value(Unexpected::Float(number), &"a whole number from 0 to 9007199254740991"))
}

/// A number that is not negative, for `#[serde(deserialize_with = …)]`.
pub(crate) fn at_least_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let number = f64::deserialize(deserializer)?;
    if number >= 0.0 && number.is_finite() {
        return Ok(number);
    }
    Err(D::Error::invalid_value(Unexpected::Float(number), &"a number that is not negative"))
}

/// The status of an HTTP answer, 100 to 599, for `#[serde(deserialize_with = …)]`; see [`whole_u16`].
pub(crate) fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    status_of(f64::deserialize(deserializer)?)
}

/// The same, or null.
pub(crate) fn optional_status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    Option::<f64>::deserialize(deserializer)?.map(status_of).transpose()
}

fn status_of<E: Error>(number: f64) -> Result<u16, E> {
    if number.fract() == 0.0 && (100.0..=599.0).contains(&number) {
        return Ok(number as u16);
    }
    Err(E::invalid_value(Unexpected::Float(number), &"an HTTP status from 100 to 599"))
}

/// A `u32` or null, for `#[serde(deserialize_with = …)]`; see [`whole_u16`].
pub(crate) fn optional_u32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Option::<f64>::deserialize(deserializer)?.map(|number| in_range(number, u32::MAX)).transpose()
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
    fn what_is_out_of_range_is_told_with_the_range() {
        for (text, told) in [
            (r#"{"seconds":-1}"#, "a number of seconds from 0 to 3600000000"),
            (r#"{"seconds":3600000000.5}"#, "a number of seconds from 0 to 3600000000"),
            (r#"{"small":65536}"#, "a whole number from 0 to 65535"),
            (r#"{"small":0.5}"#, "a whole number from 0 to 65535"),
            (r#"{"small":-1}"#, "a whole number from 0 to 65535"),
            (r#"{"large":4294967296}"#, "a whole number from 0 to 4294967295"),
            (r#"{"seconds":"1"}"#, "f64"),
        ] {
            let error = serde_json::from_str::<Numbers>(text).err().expect("an error").to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
