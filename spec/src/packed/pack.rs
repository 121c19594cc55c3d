//! A message in its JSON form, written as MessagePack with all that it says: also members that are unknown, and what is no message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The bytes of a message. A string in base64 at one of these JSON Pointers becomes a byte string; what is no base64 stays as it is.
pub(crate) fn pack(message: &Value, byte_strings: &[impl AsRef<str>]) -> Vec<u8> {
    let pointers: Vec<&str> = byte_strings.iter().map(AsRef::as_ref).collect();
    super::write(&Part { value: message, pointers })
}

/// A value, and where below it byte strings are.
struct Part<'a> {
    value: &'a Value,
    pointers: Vec<&'a str>,
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(members) if !self.pointers.is_empty() => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, self.member(name, value))))
            }
            Value::String(text) if self.pointers.contains(&"") => match STANDARD.decode(text) {
                Ok(bytes) => serializer.serialize_bytes(&bytes),
                Err(_) => serializer.serialize_str(text),
            },
            value => value.serialize(serializer),
        }
    }
}

impl<'a> Part<'a> {
    fn member(&self, name: &str, value: &'a Value) -> Part<'a> {
        let below = |pointer: &&'a str| {
            pointer.strip_prefix('/')?.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        Part { value, pointers: self.pointers.iter().filter_map(below).collect() }
    }
}
