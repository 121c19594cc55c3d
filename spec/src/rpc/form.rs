//! How values of this family are written in JSON: bytes, whole numbers of 64 bits, variants. Reader and schema say the same.

use std::fmt;
use std::marker::PhantomData;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Bytes as a string in base64 (RFC 4648, section 4), padded.
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
        STANDARD.decode(text).map_err(|error| D::Error::custom(format!("no base64: {error}")))
    }

    pub(in crate::rpc) fn schema(_: &mut SchemaGenerator) -> Schema {
        // What stands before the padding has no bits that would be lost.
        json_schema!({
            "type": "string",
            "contentEncoding": "base64",
            "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
        })
    }
}

/// Declares a module for whole numbers of a type, however they are written: derived code refuses `1.0`, which JSON Schema takes.
macro_rules! whole {
    ($name:ident, optional $optional:ident, $type:ty) => {
        pub(super) mod $name {
            use serde::de::Error;

            use super::*;

            pub(in crate::rpc) struct Whole(pub(in crate::rpc) $type);

            impl<'de> Deserialize<'de> for Whole {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Number;

                    impl Visitor<'_> for Number {
                        type Value = Whole;

                        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                            write!(f, "a whole number from {} to {}", <$type>::MIN, <$type>::MAX)
                        }

                        fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
                            let wrong = || E::invalid_value(serde::de::Unexpected::Unsigned(number), &self);
                            <$type>::try_from(number).map(Whole).map_err(|_| wrong())
                        }

                        fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
                            let wrong = || E::invalid_value(serde::de::Unexpected::Signed(number), &self);
                            <$type>::try_from(number).map(Whole).map_err(|_| wrong())
                        }

                        fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
                            // The largest number of 64 bits is no double: what is one beyond it is.
                            let range = <$type>::MIN as f64..<$type>::MAX as f64 + 1.0;
                            let is_whole = number.fract() == 0.0 && range.contains(&number);
                            if is_whole {
                                return Ok(Whole(number as $type));
                            }
                            Err(E::invalid_value(serde::de::Unexpected::Float(number), &self))
                        }
                    }

                    deserializer.deserialize_any(Number)
                }
            }

            pub(in crate::rpc) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                Whole::deserialize(deserializer).map(|Whole(number)| number)
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
                let number = Option::<super::$name::Whole>::deserialize(deserializer)?;
                Ok(number.map(|super::$name::Whole(number)| number))
            }

            pub(in crate::rpc) fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["integer", "null"], "minimum": <$type>::MIN, "maximum": <$type>::MAX })
            }
        }
    };
}

whole!(whole_u64, optional optional_whole_u64, u64);
whole!(whole_i32, optional optional_whole_i32, i32);

/// Reads a variant: one of these words, or an object whose only member is the name of another.
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
