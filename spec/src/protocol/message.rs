//! Messages: how they are encoded and named, which there are in each direction, and the schemas that they match.

use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The messages of a protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Messages {
    /// How messages are encoded, the usual encoding first; `json` by default.
    #[serde(default = "json", skip_serializing_if = "Vec::is_empty")]
    pub encodings: Vec<Encoding>,
    /// Where a message has its name; `/type` by default.
    #[serde(default)]
    pub name: MessageNaming,
    /// What a message violates that is no message of its direction at all, unless the direction says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violates: Option<String>,
    /// The directions, each named after its roles: `host-to-relay`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub directions: IndexMap<String, DirectionDefinition>,
}

impl Default for Messages {
    fn default() -> Self {
        Self { encodings: json(), name: MessageNaming::default(), violates: None, directions: IndexMap::new() }
    }
}

fn json() -> Vec<Encoding> {
    vec![Encoding::Json]
}

/// How messages are encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Encoding {
    /// JSON in text (RFC 8259).
    Json,
    /// JSON in text, behind the same characters each time, such as `42` for an event of Socket.IO.
    PrefixedJson {
        /// The characters.
        prefix: String,
    },
    /// MessagePack in binary messages; byte strings are base64 in the JSON form.
    MessagePack,
    /// CBOR in binary messages (RFC 8949); byte strings are base64 in the JSON form.
    Cbor,
    /// Protocol Buffers in binary messages.
    Protobuf {
        /// The file with the descriptor set, as `protoc --include_imports --descriptor_set_out` writes it.
        descriptors: String,
        /// The full name of the message type that every message of the protocol is.
        message: String,
    },
    /// Binary messages that have no JSON form.
    Bytes,
    /// A layout that the runner knows by name.
    Layout(BinaryLayout),
    /// A command that reads messages, base64 a line, from its standard input, and answers each with a line of JSON: a last resort.
    Command(String),
}

/// Binary layouts that the runner knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BinaryLayout {
    /// A session id behind its length, then bytes (chapter `terminal`).
    TerminalFrame,
    /// A magic number, a request id and a message in the layout of bincode 1 (chapter `rpc`).
    RpcFrame,
}

/// Where a message has its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageNaming {
    /// A string at a JSON Pointer: `/type`, or `/3` for the fourth element of an array.
    At(String),
    /// At a JSON Pointer, a string, or an object whose only member has the name: `{ only_key: /message }`.
    OnlyKey(String),
    /// The byte at this place of a binary message, with the names of its values: `{ byte: 0, names: { 0x30: output } }`.
    Byte {
        /// The place, counted from 0.
        at: usize,
        /// The names, by the value of the byte.
        names: IndexMap<String, String>,
    },
}

impl Default for MessageNaming {
    fn default() -> Self {
        Self::At("/type".to_owned())
    }
}

impl MessageNaming {
    /// The name of a message, in its JSON form; `None` if it has none.
    #[must_use]
    pub fn name<'a>(&self, message: &'a Value) -> Option<&'a str> {
        match self {
            Self::At(pointer) => message.pointer(pointer)?.as_str(),
            Self::OnlyKey(pointer) => match message.pointer(pointer)? {
                Value::String(name) => Some(name),
                Value::Object(members) if members.len() == 1 => members.keys().next().map(String::as_str),
                _ => None,
            },
            Self::Byte { .. } => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamingMap {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    only_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    byte: Option<usize>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    names: IndexMap<String, String>,
}

impl Serialize for MessageNaming {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let map = match self {
            Self::At(pointer) => return pointer.serialize(serializer),
            Self::OnlyKey(pointer) => NamingMap { only_key: Some(pointer.clone()), byte: None, names: IndexMap::new() },
            Self::Byte { at, names } => NamingMap { only_key: None, byte: Some(*at), names: names.clone() },
        };
        map.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for MessageNaming {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PointerOrMap;
        impl<'de> Visitor<'de> for PointerOrMap {
            type Value = MessageNaming;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON Pointer such as `/type`, `{ only_key: POINTER }` or `{ byte: 0, names: { … } }`")
            }

            fn visit_str<E: serde::de::Error>(self, pointer: &str) -> Result<MessageNaming, E> {
                if pointer.is_empty() || pointer.starts_with('/') {
                    Ok(MessageNaming::At(pointer.to_owned()))
                } else {
                    Err(E::custom(format!("invalid JSON Pointer `{pointer}`: it begins with a slash, as `/type` does")))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<MessageNaming, A::Error> {
                let map = NamingMap::deserialize(MapAccessDeserializer::new(map))?;
                match (map.only_key, map.byte) {
                    (Some(pointer), None) => Ok(MessageNaming::OnlyKey(pointer)),
                    (None, Some(at)) => Ok(MessageNaming::Byte { at, names: map.names }),
                    _ => Err(serde::de::Error::custom("expected one of `only_key` and `byte`")),
                }
            }
        }
        deserializer.deserialize_any(PointerOrMap)
    }
}

impl JsonSchema for MessageNaming {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MessageNaming".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where a message has its name: a JSON Pointer to a string, `{ only_key: POINTER }`, or the byte of a binary message with its names.",
            "type": ["string", "object"],
            "pattern": "^(/.*)?$",
            "properties": {
                "only_key": { "type": "string" },
                "byte": { "type": "integer", "minimum": 0 },
                "names": { "type": "object", "additionalProperties": { "type": "string" } },
            },
            "additionalProperties": false,
        })
    }
}

/// The messages that one role sends to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectionDefinition {
    /// What the sender violates with a message that does not match its schema, unless the schema names a requirement by `x-requirement`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violates: Option<String>,
    /// What a message with an unknown name is.
    #[serde(default, skip_serializing_if = "Unknown::is_default")]
    pub unknown: Unknown,
    /// What the sender violates with a binary message that is malformed, or that this direction does not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary: Option<String>,
    /// The messages, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub messages: IndexMap<String, MessageDefinition>,
}

/// What a message with an unknown name is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// A violation of the rule of its direction.
    #[default]
    Violation,
    /// Allowed, and passed over.
    Ignored,
    /// A violation of this requirement.
    Violates(String),
}

impl Unknown {
    fn is_default(&self) -> bool {
        *self == Self::Violation
    }
}

/// One message. Exactly one of `schema` and `inline` says what it is like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageDefinition {
    /// The file of its JSON Schema (2020-12), relative to the folder of the protocol, with a JSON Pointer behind `#` if it is part of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its JSON Schema in place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<Value>,
    /// JSON Pointers to strings in base64 that binary encodings carry as byte strings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub byte_strings: Vec<String>,
    /// Whether the server passes it on as it came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verbatim: bool,
}
