//! The JSON form of a binary message: byte strings become base64.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::wire::BinaryError;

/// The JSON form of a binary message, valid or not.
/// Fails if the bytes are not MessagePack, or contain what JSON cannot represent; the error names the place.
pub(crate) fn json_form(bytes: &[u8]) -> Result<Value, BinaryError> {
    super::check(bytes)?;
    super::read::<JsonForm>(bytes).map(|form| form.0).map_err(|error| error.of("a message"))
}

struct JsonForm(Value);

impl<'de> Deserialize<'de> for JsonForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = JsonForm;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value that JSON can represent")
            }

            fn visit_unit<E>(self) -> Result<JsonForm, E> {
                Ok(JsonForm(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<JsonForm, E> {
                Ok(JsonForm(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<JsonForm, E> {
                Ok(JsonForm(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<JsonForm, E> {
                Ok(JsonForm(value.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<JsonForm, E> {
                let number = serde_json::Number::from_f64(value);
                number
                    .map(|number| JsonForm(number.into()))
                    .ok_or_else(|| E::custom("a number that JSON does not have"))
            }

            fn visit_str<E>(self, value: &str) -> Result<JsonForm, E> {
                Ok(JsonForm(value.into()))
            }

            fn visit_bytes<E>(self, value: &[u8]) -> Result<JsonForm, E> {
                Ok(JsonForm(STANDARD.encode(value).into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<JsonForm, A::Error> {
                let mut list = Vec::new();
                while let Some(JsonForm(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(JsonForm(list.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<JsonForm, A::Error> {
                let mut object = Map::new();
                while let Some((name, JsonForm(value))) = members.next_entry::<String, JsonForm>()? {
                    object.insert(name, value);
                }
                Ok(JsonForm(object.into()))
            }
        }

        deserializer.deserialize_any(Any)
    }
}
