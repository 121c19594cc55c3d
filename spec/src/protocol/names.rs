//! Short forms of the definition: one name where a list may stand, and a requirement that may depend on the message.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Stands for every message that has a JSON form, whatever its name.
pub const ANY: &str = "*";
/// Stands for every binary message that has no JSON form.
pub const BINARY: &str = "<binary>";

/// One name, or a list of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl Names {
    /// Whether a name is among them.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrList;
        impl<'de> Visitor<'de> for OneOrList {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name, or a list of names")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Names, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Names)
            }
        }
        deserializer.deserialize_any(OneOrList)
    }
}

impl JsonSchema for Names {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A name, or a list of names.",
            "type": ["string", "array"],
            "items": { "type": "string" },
        })
    }
}

/// A value for all messages, or one for each of several: a map from names, in which `"*"` stands for all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByName<T>(pub BTreeMap<String, T>);

impl<T> ByName<T> {
    /// The value for a message.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&T> {
        self.0.get(name).or_else(|| self.0.get(ANY))
    }
}

impl<T: Serialize> Serialize for ByName<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.0.len(), self.0.get(ANY)) {
            (1, Some(value)) => value.serialize(serializer),
            _ => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ByName<String> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMap<T>(PhantomData<T>);
        impl<'de> Visitor<'de> for OneOrMap<String> {
            type Value = ByName<String>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a requirement, or a map from names of messages to ids")
            }

            fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<Self::Value, E> {
                Ok(ByName(BTreeMap::from([(ANY.to_owned(), id.to_owned())])))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(ByName)
            }
        }
        deserializer.deserialize_any(OneOrMap(PhantomData))
    }
}

impl JsonSchema for ByName<String> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RequirementByName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The id of a requirement, or a map from names of messages to ids, in which `*` stands for all others.",
            "type": ["string", "object"],
            "additionalProperties": { "type": "string" },
        })
    }
}

/// The requirement that is violated, which may depend on the message.
pub type Violated = ByName<String>;
