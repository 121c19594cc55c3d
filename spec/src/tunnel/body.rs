//! The body of a request or a response: base64 in JSON, a byte string in MessagePack (chapter `tunnel`, "Messages").

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The bytes of a body; empty is null on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body(pub Vec<u8>);

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            serializer.serialize_none()
        } else if serializer.is_human_readable() {
            // Not as one string: a body may have megabytes.
            serializer.collect_str(&Base64Display::new(&self.0, &STANDARD))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = BodyVisitor { is_text: deserializer.is_human_readable() };
        deserializer.deserialize_any(bytes)
    }
}

struct BodyVisitor {
    /// Whether bytes are base64.
    is_text: bool,
}

/// The most that is reserved for a list before its elements are read.
const MOST_AHEAD: usize = 4096;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let string = if self.is_text { "a base64 string" } else { "a byte string" };
        write!(f, "null, {string} or an array of byte values")
    }

    fn visit_unit<E>(self) -> Result<Body, E> {
        Ok(Body::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Body, E> {
        if !self.is_text {
            return Err(E::invalid_type(Unexpected::Str(&shown(text)), &self));
        }
        STANDARD.decode(text).map(Body).map_err(|_| E::invalid_value(Unexpected::Str(&shown(text)), &self))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Body, E> {
        Ok(Body(bytes.to_vec()))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Body, E> {
        Ok(Body(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Body, A::Error> {
        let mut bytes = Vec::with_capacity(items.size_hint().unwrap_or(0).min(MOST_AHEAD));
        while let Some(number) = items.next_element::<f64>()? {
            if number.fract() != 0.0 || !(0.0..=255.0).contains(&number) {
                return Err(A::Error::invalid_value(Unexpected::Float(number), &"a whole number from 0 to 255"));
            }
            bytes.push(number as u8);
        }
        Ok(Body(bytes))
    }
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

impl JsonSchema for Body {
    fn schema_name() -> Cow<'static, str> {
        "Body".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "null" },
                {
                    "type": "string",
                    "contentEncoding": "base64",
                    "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
                },
                { "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": 255 } }
            ]
        })
    }
}
