//! Strings with a required form: each type accepts only what its chapter allows, and its schema agrees.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Declares a string newtype with a predicate and a schema for its form.
macro_rules! formed_string {
    ($(#[$doc:meta])* $name:ident, expected $expected:literal, valid $valid:expr, schema $schema:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The value, if it has the required form.
            pub fn new(text: impl Into<String>) -> Option<Self> {
                let text = text.into();
                Self::is_valid(&text).then_some(Self(text))
            }

            fn is_valid(text: &str) -> bool {
                let valid: fn(&str) -> bool = $valid;
                valid(text)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let $crate::text::Text(text) = serde::Deserialize::deserialize(deserializer)?;
                if Self::is_valid(&text) {
                    return Ok(Self(text));
                }
                let shown: String = text.chars().take(40).collect();
                Err(serde::de::Error::invalid_value(serde::de::Unexpected::Str(&shown), &$expected))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

pub(crate) use formed_string;

/// A string only: a `String` is also read from bytes, which MessagePack distinguishes from strings.
pub(crate) struct Text(pub(crate) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StringVisitor;

        impl Visitor<'_> for StringVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Text, E> {
                Ok(Text(text))
            }
        }

        deserializer.deserialize_string(StringVisitor)
    }
}

pub(crate) fn string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Text::deserialize(deserializer).map(|text| text.0)
}

pub(crate) fn optional_string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<Text>::deserialize(deserializer).map(|text| text.map(|text| text.0))
}

/// Reads an enum of unit variants from a string only. Derived code also accepts an object, `{"INVALID_CODE":null}`.
pub(crate) fn word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(String::deserialize(deserializer)?.into_deserializer())
}

formed_string! {
    /// A UUID as text, of any version, in either case (RFC 9562, section 4).
    Uuid,
    expected "a UUID of 32 hexadecimal digits with four hyphens",
    valid is_uuid,
    schema {
        "type": "string",
        "format": "uuid",
        "maxLength": 36, // `$` of some regular expressions also matches before a line feed at the end
        "pattern": "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
    }
}

formed_string! {
    /// Text for people; never empty.
    Prose,
    expected "a text that is not empty",
    valid |text| !text.is_empty(),
    schema { "type": "string", "minLength": 1 }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_hyphens_in_their_places() {
        assert!(Uuid::new("0b0e5a0e-4d1c-4a57-9d0b-2F6C8F7F1C11").is_some());
        assert!(Uuid::new("00000000-0000-0000-0000-000000000000").is_some());
        for text in [
            "",
            "0b0e5a0e4d1c4a579d0b2f6c8f7f1c11",
            "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c1g",
            "{0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c}",
            "0b0e5a0-e4d1c-4a57-9d0b-2f6c8f7f1c11",
        ] {
            assert!(Uuid::new(text).is_none(), "`{text}` was accepted as a UUID");
        }
    }
}
