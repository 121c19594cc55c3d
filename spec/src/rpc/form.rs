//! The JSON notation of rpc values: bytes, 64-bit whole numbers and variants. Decoder and schema agree.

use std::fmt;
use std::marker::PhantomData;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Bytes as a padded base64 string (RFC 4648, section 4).
pub(super) mod base64 {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;
    use serde::de::Error;
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

/// Declares a module for whole numbers of a type, in any notation: derived code rejects `1.0`, which JSON Schema accepts.
macro_rules! whole {
    ($name:ident, optional $optional:ident, $type:ty) => {
        pub(super) mod $name {
            use serde::de::Error;

            use super::*;

            pub(in crate::rpc) struct WholeNumber(pub(in crate::rpc) $type);

            impl<'de> Deserialize<'de> for WholeNumber {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Number;

                    impl Visitor<'_> for Number {
                        type Value = WholeNumber;

                        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                            write!(f, "a whole number from {} to {}", <$type>::MIN, <$type>::MAX)
                        }

                        fn visit_u64<E: Error>(self, number: u64) -> Result<WholeNumber, E> {
                            let wrong = || E::invalid_value(serde::de::Unexpected::Unsigned(number), &self);
                            <$type>::try_from(number).map(WholeNumber).map_err(|_| wrong())
                        }

                        fn visit_i64<E: Error>(self, number: i64) -> Result<WholeNumber, E> {
                            let wrong = || E::invalid_value(serde::de::Unexpected::Signed(number), &self);
                            <$type>::try_from(number).map(WholeNumber).map_err(|_| wrong())
                        }

                        fn visit_f64<E: Error>(self, number: f64) -> Result<WholeNumber, E> {
                            // The largest 64-bit number has no exact double, so the range excludes the next one up.
                            let range = <$type>::MIN as f64..<$type>::MAX as f64 + 1.0;
                            let is_whole = number.fract() == 0.0 && range.contains(&number);
                            if is_whole {
                                return Ok(WholeNumber(number as $type));
                            }
                            Err(E::invalid_value(serde::de::Unexpected::Float(number), &self))
                        }
                    }

                    deserializer.deserialize_any(Number)
                }
            }

            pub(in crate::rpc) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                WholeNumber::deserialize(deserializer).map(|WholeNumber(number)| number)
            }

            pub(in crate::rpc) fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "integer", "minimum": <$type>::MIN, "maximum": <$type>::MAX })
            }
        }

        pub(super) mod $optional {
            use super::*;

            pub(in crate::rpc) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<$type>, D::Error> {
                let number = Option::<super::$name::WholeNumber>::deserialize(deserializer)?;
                Ok(number.map(|super::$name::WholeNumber(number)| number))
            }

            pub(in crate::rpc) fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["integer", "null"], "minimum": <$type>::MIN, "maximum": <$type>::MAX })
            }
        }
    };
}

whole!(whole_u64, optional optional_whole_u64, u64);
whole!(whole_i32, optional optional_whole_i32, i32);

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

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            let found = self.words.iter().find(|(word, _)| *word == text).map(|(_, value)| value.clone());
            found.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            N::deserialize(MapAccessDeserializer::new(members)).map(self.of)
        }
    }

    deserializer.deserialize_any(Variant { words, of, named: PhantomData })
}
