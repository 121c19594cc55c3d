//! Bytes as messages, and messages as bytes, in every encoding that a protocol can have.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use relayspec::protocol::message::{BinaryLayout, Encoding, Messages};
use relayspec::protocol::{json_to_message_pack, message_pack_to_json};
use serde_json::{Map, Number, Value};

/// The encodings of a protocol: at most one for text messages and one for binary ones.
#[derive(Debug, Clone, Default)]
pub struct Codec {
    text: Option<Text>,
    binary: Option<Binary>,
    /// Whether a message is sent in text unless a scenario says otherwise.
    text_first: bool,
}

#[derive(Debug, Clone)]
enum Text {
    Json,
    Prefixed(String),
}

#[derive(Debug, Clone, Copy)]
enum Binary {
    MessagePack,
    Cbor,
    Layout(BinaryLayout),
    Bytes,
}

/// A whole message, as the transport delivers it.
#[derive(Debug, Clone, Copy)]
pub enum Raw<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message, or a frame of a stream.
    Binary(&'a [u8]),
}

/// Why a message cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// The protocol has no such messages.
    NoEncoding {
        /// Whether it is a binary one.
        binary: bool,
    },
    /// The bytes are malformed.
    Malformed(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEncoding { binary: true } => f.write_str("a binary message, and the protocol has none"),
            Self::NoEncoding { binary: false } => f.write_str("a text message, and the protocol has none"),
            Self::Malformed(why) => f.write_str(why),
        }
    }
}

impl Codec {
    /// The codec of a protocol; the first encoding of each kind counts.
    #[must_use]
    pub fn new(messages: &Messages) -> Self {
        let mut codec = Self::default();
        for encoding in &messages.encodings {
            let text = match encoding {
                Encoding::Json => Some(Text::Json),
                Encoding::PrefixedJson { prefix } => Some(Text::Prefixed(prefix.clone())),
                _ => None,
            };
            let binary = match encoding {
                Encoding::MessagePack => Some(Binary::MessagePack),
                Encoding::Cbor => Some(Binary::Cbor),
                Encoding::Layout(layout) => Some(Binary::Layout(*layout)),
                Encoding::Bytes => Some(Binary::Bytes),
                _ => None,
            };
            codec.text_first |= text.is_some() && codec.text.is_none() && codec.binary.is_none();
            codec.text = codec.text.or(text);
            codec.binary = codec.binary.or(binary);
        }
        codec
    }

    /// The JSON form of a message; `None` for a well-formed binary message that has none.
    ///
    /// # Errors
    /// If it is malformed, or of a kind that the protocol does not have.
    pub fn decode(&self, raw: Raw<'_>) -> Result<Option<Value>, Unreadable> {
        let malformed = |why: String| Unreadable::Malformed(why);
        match (raw, &self.text, self.binary) {
            (Raw::Text(text), Some(encoding), _) => encoding.decode(text).map(Some),
            (Raw::Binary(bytes), _, Some(encoding)) => match encoding {
                Binary::MessagePack => {
                    message_pack_to_json(bytes).map(Some).map_err(|error| malformed(error.to_string()))
                }
                Binary::Cbor => cbor_to_json(bytes).map(Some).map_err(malformed),
                Binary::Layout(layout) => layout.json(bytes).map_err(|error| malformed(error.to_string())),
                Binary::Bytes => Ok(None),
            },
            (Raw::Text(_), None, _) => Err(Unreadable::NoEncoding { binary: false }),
            (Raw::Binary(_), _, None) => Err(Unreadable::NoEncoding { binary: true }),
        }
    }

    /// Whether a message is sent in text unless a scenario says otherwise.
    #[must_use]
    pub fn prefers_text(&self) -> bool {
        self.text_first
    }

    /// The text of a message; `None` if the protocol has no text messages.
    #[must_use]
    pub fn text(&self, message: &Value) -> Option<String> {
        Some(match self.text.as_ref()? {
            Text::Json => message.to_string(),
            Text::Prefixed(prefix) => format!("{prefix}{message}"),
        })
    }

    /// The bytes of a binary message; `None` if the protocol has none with a JSON form, or its layout cannot say it.
    #[must_use]
    pub fn bytes(&self, message: &Value, byte_strings: &[String]) -> Option<Vec<u8>> {
        match self.binary? {
            Binary::MessagePack => Some(json_to_message_pack(message, byte_strings)),
            Binary::Cbor => {
                let mut bytes = Vec::new();
                ciborium::into_writer(&json_to_cbor(message, byte_strings, ""), &mut bytes).ok()?;
                Some(bytes)
            }
            Binary::Layout(layout) => layout.bytes(message),
            Binary::Bytes => None,
        }
    }
}

impl Text {
    fn decode(&self, text: &str) -> Result<Value, Unreadable> {
        let json = match self {
            Self::Json => text,
            Self::Prefixed(prefix) => text
                .strip_prefix(prefix.as_str())
                .ok_or_else(|| Unreadable::Malformed(format!("a message that does not begin with `{prefix}`")))?,
        };
        serde_json::from_str(json).map_err(|error| Unreadable::Malformed(format!("not JSON: {error}")))
    }
}

/// The JSON form of a message in CBOR: byte strings become base64, tags are passed over.
fn cbor_to_json(bytes: &[u8]) -> Result<Value, String> {
    let mut rest = bytes;
    let value: ciborium::Value = ciborium::from_reader(&mut rest).map_err(|error| format!("not CBOR: {error}"))?;
    if !rest.is_empty() {
        return Err(format!("not CBOR: {} bytes after the value", rest.len()));
    }
    json_of(&value)
}

fn json_of(value: &ciborium::Value) -> Result<Value, String> {
    use ciborium::Value as Cbor;
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(bool) => Value::Bool(*bool),
        Cbor::Integer(integer) => {
            let wide = i128::from(*integer);
            let narrow = u64::try_from(wide).map(Number::from).or_else(|_| i64::try_from(wide).map(Number::from));
            Value::Number(narrow.map_err(|_| format!("the integer {wide} is beyond 64 bits"))?)
        }
        Cbor::Float(float) => Number::from_f64(*float).map(Value::Number).ok_or("a number that JSON does not have")?,
        Cbor::Text(text) => Value::String(text.clone()),
        Cbor::Bytes(bytes) => Value::String(STANDARD.encode(bytes)),
        Cbor::Array(elements) => Value::Array(elements.iter().map(json_of).collect::<Result<_, _>>()?),
        Cbor::Map(members) => {
            let mut object = Map::new();
            for (key, member) in members {
                let key = match key {
                    Cbor::Text(text) => text.clone(),
                    Cbor::Integer(integer) => i128::from(*integer).to_string(),
                    _ => return Err("a key that is neither a text nor an integer".to_owned()),
                };
                if object.insert(key.clone(), json_of(member)?).is_some() {
                    return Err(format!("the key `{key}` twice"));
                }
            }
            Value::Object(object)
        }
        Cbor::Tag(_, value) => json_of(value)?,
        _ => return Err("a value that JSON does not have".to_owned()),
    })
}

fn json_to_cbor(value: &Value, byte_strings: &[String], path: &str) -> ciborium::Value {
    use ciborium::Value as Cbor;
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(bool) => Cbor::Bool(*bool),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), _, _) => number.into(),
            (_, Some(number), _) => number.into(),
            (_, _, number) => number.unwrap_or_default().into(),
        },
        Value::String(text) => match STANDARD.decode(text) {
            Ok(bytes) if byte_strings.iter().any(|pointer| pointer == path) => Cbor::Bytes(bytes),
            _ => text.as_str().into(),
        },
        Value::Array(elements) => Cbor::Array(elements.iter().map(|element| json_to_cbor(element, &[], "")).collect()),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let path = format!("{path}/{}", super::located::escaped(name));
                (Cbor::Text(name.clone()), json_to_cbor(value, byte_strings, &path))
            };
            Cbor::Map(members.iter().map(member).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codec(encodings: Vec<Encoding>) -> Codec {
        Codec::new(&Messages { encodings, ..Messages::default() })
    }

    #[test]
    fn each_encoding_reads_what_it_writes() {
        let message = json!({ "type": "put", "data": { "body": "AP8=", "n": [1, -2, 1.5, null, true] } });
        let byte_strings = ["/data/body".to_owned()];
        for encoding in [Encoding::MessagePack, Encoding::Cbor] {
            let codec = codec(vec![encoding.clone()]);
            let bytes = codec.bytes(&message, &byte_strings).expect("bytes");
            assert!(bytes.windows(2).any(|two| two == [0x00, 0xff]), "{encoding:?} has no byte string: {bytes:?}");
            assert_eq!(codec.decode(Raw::Binary(&bytes)), Ok(Some(message.clone())), "{encoding:?}");
        }
        for encoding in [Encoding::Json, Encoding::PrefixedJson { prefix: "42".to_owned() }] {
            let codec = codec(vec![encoding]);
            let text = codec.text(&message).expect("a text");
            assert_eq!(codec.decode(Raw::Text(&text)), Ok(Some(message.clone())));
        }
    }

    #[test]
    fn what_the_protocol_does_not_have_is_unreadable() {
        let json = codec(vec![Encoding::Json]);
        assert_eq!(json.decode(Raw::Binary(b"{}")), Err(Unreadable::NoEncoding { binary: true }));
        let prefixed = codec(vec![Encoding::PrefixedJson { prefix: "42".to_owned() }]);
        assert!(prefixed.decode(Raw::Text("{}")).is_err());
        let cbor = codec(vec![Encoding::Cbor]);
        for bytes in [&b""[..], b"\x01\x01", b"\xa2\x61a\x01\x61a\x02", b"\xff", b"\x9f"] {
            assert!(matches!(cbor.decode(Raw::Binary(bytes)), Err(Unreadable::Malformed(_))), "{bytes:?}");
        }
        assert_eq!(codec(vec![Encoding::Bytes]).decode(Raw::Binary(b"anything")), Ok(None));
    }
}
