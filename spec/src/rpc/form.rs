//! The JSON notation of rpc values: bytes, 64-bit whole numbers and variants. Decoder and schema agree.

use std::fmt;
use std::marker::PhantomData;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Number;

/// Bytes as a padded base64 string (RFC 4648, section 4).
pub(super) mod base64 {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Serializer};

    use super::*;

    pub(in crate::rpc) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&STANDARD.encode(bytes))
    }

    pub(in crate::rpc) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(|error| D::Error::custom(format!("invalid base64: {error}")))
    }

    pub(in crate::rpc) fn schema(_: &mut SchemaGenerator) -> Schema {
        // The last character before the padding has no unused bits set.
        json_schema!({
            "type": "string",
            "contentEncoding": "base64",
            "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
        })
    }
}

/// Reads a whole number in any notation: derived code rejects `1.0`, which JSON Schema accepts.
pub(super) fn whole<'de, D: Deserializer<'de>, T: TryFrom<i128>>(deserializer: D) -> Result<T, D::Error> {
    in_range(&Number::deserialize(deserializer)?)
}

pub(super) fn optional_whole<'de, D: Deserializer<'de>, T: TryFrom<i128>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::<Number>::deserialize(deserializer)?.as_ref().map(in_range).transpose()
}

fn in_range<T: TryFrom<i128>, E: Error>(number: &Number) -> Result<T, E> {
    let float = || number.as_f64().filter(|float| float.fract() == 0.0).map(|float| float as i128);
    let whole = number.as_i128().or_else(float).and_then(|whole| T::try_from(whole).ok());
    whole.ok_or_else(|| E::custom(format!("invalid value `{number}`, expected a whole number in range")))
}

/// Declares the schemas of whole numbers of a type, and of those or null.
macro_rules! whole_schemas {
    ($($type:ty: $schema:ident, $optional:ident;)+) => {
        $(
            pub(super) fn $schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "minimum": <$type>::MIN, "maximum": <$type>::MAX })
            }

            pub(super) fn $optional(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["integer", "null"], "minimum": <$type>::MIN, "maximum": <$type>::MAX })
            }
        )+
    };
}

whole_schemas! {
    u64: u64_schema, optional_u64_schema;
    i32: i32_schema, optional_i32_schema;
}

/// Reads a variant: one of these words, or an object whose only member is the name of another variant.
pub(super) fn one_of<'de, D: Deserializer<'de>, T: Clone, N: Deserialize<'de>>(
    deserializer: D,
    words: &[(&'static str, T)],
    of: impl FnOnce(N) -> T,
) -> Result<T, D::Error> {
    struct Variant<'a, T, N, F> {
        words: &'a [(&'static str, T)],
        of: F,
        named: PhantomData<N>,
    }

    impl<'de, T: Clone, N: Deserialize<'de>, F: FnOnce(N) -> T> Visitor<'de> for Variant<'_, T, N, F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object with one member, the name of a variant")?;
            self.words.iter().try_for_each(|(word, _)| write!(f, ", or `{word}`"))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            let found = self.words.iter().find(|(word, _)| *word == text).map(|(_, value)| value.clone());
            found.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            N::deserialize(MapAccessDeserializer::new(members)).map(self.of)
        }
    }

    deserializer.deserialize_any(Variant { words, of, named: PhantomData })
}
