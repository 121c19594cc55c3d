//! What a binary message says, as JSON: byte strings become base64.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::wire::BinaryError;

/// The JSON form of a binary message, valid or not: byte strings become base64.
///
/// # Errors
/// Where the bytes are no MessagePack, or hold what JSON cannot say; the error names the place.
pub(crate) fn json_form(bytes: &[u8]) -> Result<Value, BinaryError> {
    super::check(bytes)?;
    super::read::<Form>(bytes).map(|form| form.0).map_err(|error| error.of("a message"))
}

/// Any value, with byte strings in base64.
struct Form(Value);

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Form;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what JSON can say")
            }

            fn visit_unit<E>(self) -> Result<Form, E> {
                Ok(Form(Value::Null))
            }

            fn visit_none<E>(self) -> Result<Form, E> {
                Ok(Form(Value::Null))
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Form, D::Error> {
                Form::deserialize(deserializer)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Form, E> {
                Ok(Form(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Form, E> {
                Ok(Form(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Form, E> {
                Ok(Form(value.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Form, E> {
                let number = serde_json::Number::from_f64(value);
                number.map(|number| Form(number.into())).ok_or_else(|| E::custom("a number that JSON has not"))
            }

            fn visit_str<E>(self, value: &str) -> Result<Form, E> {
                Ok(Form(value.into()))
            }

            fn visit_bytes<E>(self, value: &[u8]) -> Result<Form, E> {
                Ok(Form(STANDARD.encode(value).into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Form, A::Error> {
                let mut list = Vec::new();
                while let Some(Form(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(Form(list.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Form, A::Error> {
                let mut object = Map::new();
                while let Some((name, Form(value))) = members.next_entry::<String, Form>()? {
                    object.insert(name, value);
                }
                Ok(Form(object.into()))
            }
        }

        deserializer.deserialize_any(Any)
    }
}
