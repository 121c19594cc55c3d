//! Messages whose members stand in an object of their own, and that travel in two encodings: as JSON in text, and as MessagePack with named
//! members in binary messages.
//!
//! Reading takes one pass where the tag comes before the members, as every encoder here writes it. What that pass does not take is read
//! again in two, slowly and with exact errors.

use std::borrow::Cow;
use std::fmt;
use std::io::Cursor;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::wire::{self, BinaryError, DecodeError, Message, from_object};

/// The messages of one direction, as the readers below need them.
pub(crate) trait Direction: Sized + Serialize {
    /// Reads the members of the message with this tag; `None` where the direction has none of that name.
    fn of<'de, A: MapAccess<'de>>(tag: &str, members: &mut A) -> Result<Option<Self>, A::Error>;

    /// The same from the whole text.
    fn slow_text(tag: &str, text: &str) -> Result<Self, DecodeError>;

    /// The same from the whole binary message.
    fn slow_binary(tag: &str, bytes: &[u8]) -> Result<Self, BinaryError>;
}

/// The members of one message, from an object alone: derived code also takes an array.
pub(crate) struct Members<M>(pub(crate) M);

impl<'de, M: Deserialize<'de>> Deserialize<'de> for Members<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_object(deserializer).map(Self)
    }
}

/// A message whose tag is known.
#[derive(Deserialize)]
#[serde(bound = "M: DeserializeOwned")]
struct Whole<M> {
    data: Members<M>,
}

/// The members of the message whose tag was read already.
pub(crate) fn members<M: Message>(text: &str) -> Result<M, DecodeError> {
    wire::members_of::<Whole<M>>(text, M::TYPE).map(|whole| whole.data.0)
}

/// The same of a binary message.
pub(crate) fn members_packed<M: Message>(bytes: &[u8]) -> Result<M, BinaryError> {
    read_packed::<Object<Whole<M>>>(bytes).map(|whole| whole.0.data.0).map_err(|error| error.of(M::TYPE))
}

/// Reads a text message.
pub(crate) fn decode<T: Direction>(text: &str) -> Result<T, DecodeError> {
    if let Ok(OnePass(Some(message))) = serde_json::from_str(text) {
        return Ok(message);
    }
    T::slow_text(&wire::tag(text)?, text)
}

/// Reads a binary message.
pub(crate) fn unpack<T: Direction>(bytes: &[u8]) -> Result<T, BinaryError> {
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    if let Ok(OnePass(Some(message))) = OnePass::deserialize(&mut reader)
        && let Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) = IgnoredAny::deserialize(&mut reader)
    {
        return Ok(message); // and there is nothing behind it
    }
    let tag = read_packed::<Object<Tag>>(bytes).map_err(|error| error.of("a message"))?.0.tag;
    T::slow_binary(&tag, bytes)
}

/// Writes a binary message.
pub(crate) fn pack<T: Serialize>(message: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(message).unwrap_or_default()
}

#[derive(Deserialize)]
struct Tag {
    #[serde(rename = "type")]
    tag: String,
}

/// A struct from an object alone.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_object(deserializer).map(Self)
    }
}

/// A message, if its tag comes before its members and the direction has it.
struct OnePass<T>(Option<T>);

impl<'de, T: Direction> Deserialize<'de> for OnePass<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pass<T>(PhantomData<T>);

        impl<'de, T: Direction> Visitor<'de> for Pass<T> {
            type Value = OnePass<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut tag: Option<String> = None;
                let mut message = None;
                while let Some(Key(name)) = map.next_key()? {
                    match (name.as_ref(), &tag) {
                        ("type", None) => tag = Some(map.next_value()?),
                        ("data", Some(tag)) if message.is_none() => message = T::of(tag, &mut map)?,
                        ("type" | "data", _) => return Err(A::Error::custom("not in one pass")),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(OnePass(message))
            }
        }

        deserializer.deserialize_map(Pass(PhantomData))
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Why bytes cannot be read, before it is known what they should have been.
struct Unread {
    cause: String,
    at: usize,
}

impl Unread {
    fn of(self, name: &str) -> BinaryError {
        BinaryError { cause: format!("`{name}`: {}", self.cause), at: self.at }
    }
}

/// Reads one value that fills the bytes.
fn read_packed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unread> {
    let mut reader = rmp_serde::Deserializer::new(Cursor::new(bytes));
    let read = T::deserialize(&mut reader);
    let at = reader.position() as usize;
    match read {
        Err(error) => Err(Unread { cause: error.to_string(), at }),
        Ok(_) if at < bytes.len() => Err(Unread { cause: "bytes behind the message".to_owned(), at }),
        Ok(value) => Ok(value),
    }
}

/// The JSON form of a binary message, valid or not: byte strings become base64.
///
/// # Errors
/// Where the bytes are no MessagePack, or hold what JSON cannot say; the error names the place.
pub fn json_form(bytes: &[u8]) -> Result<Value, BinaryError> {
    read_packed::<Form>(bytes)
        .map(|form| form.0)
        .map_err(|Unread { cause, at }| BinaryError { cause: format!("not MessagePack: {cause}"), at })
}

/// Writes a value as MessagePack as it is; strings stay strings.
#[must_use]
pub fn plainly_packed(value: &Value) -> Vec<u8> {
    pack(value)
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

/// Declares the messages of one direction whose members stand in `data`, with decoders and encoders of both encodings, and schemas.
macro_rules! wrapped_direction {
    (
        $(#[$doc:meta])*
        $name:ident: $from:literal => $to:literal { $($(#[$variant_doc:meta])* $variant:ident,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(tag = "type", content = "data")]
        pub enum $name {
            $($(#[$variant_doc])* $variant($variant),)+
        }

        impl $name {
            /// Who sends these messages to whom.
            pub const DIRECTION: $crate::wire::Direction = $crate::wire::Direction { from: $from, to: $to };

            /// Reads a text message.
            ///
            /// # Errors
            /// Where the text is no message of this direction; the error names place and cause.
            pub fn decode(text: &str) -> Result<Self, $crate::wire::DecodeError> {
                $crate::wrapped::decode(text)
            }

            /// Reads a binary message.
            ///
            /// # Errors
            /// Where the bytes are no message of this direction; the error names place and cause.
            pub fn unpack(bytes: &[u8]) -> Result<Self, $crate::wire::BinaryError> {
                $crate::wrapped::unpack(bytes)
            }

            /// Writes the message as JSON text.
            #[must_use]
            pub fn encode(&self) -> String {
                serde_json::to_string(self).unwrap_or_default()
            }

            /// Writes the message as MessagePack with named members.
            #[must_use]
            pub fn pack(&self) -> Vec<u8> {
                $crate::wrapped::pack(self)
            }

            /// The schemas of the messages in JSON, without `$schema` and `$id`.
            #[must_use]
            pub fn schemas() -> Vec<$crate::schema::MessageSchema> {
                vec![$($crate::schema::MessageSchema::wrapped::<$variant>("data"),)+]
            }
        }

        impl $crate::wrapped::Direction for $name {
            fn of<'de, A: serde::de::MapAccess<'de>>(tag: &str, members: &mut A) -> Result<Option<Self>, A::Error> {
                $(if tag == <$variant as $crate::wire::Message>::TYPE {
                    let members: $crate::wrapped::Members<$variant> = members.next_value()?;
                    return Ok(Some(Self::$variant(members.0)));
                })+
                members.next_value::<serde::de::IgnoredAny>().map(|_| None)
            }

            fn slow_text(tag: &str, text: &str) -> Result<Self, $crate::wire::DecodeError> {
                $(if tag == <$variant as $crate::wire::Message>::TYPE {
                    return $crate::wrapped::members(text).map(Self::$variant);
                })+
                Err($crate::wire::DecodeError::unknown(tag))
            }

            fn slow_binary(tag: &str, bytes: &[u8]) -> Result<Self, $crate::wire::BinaryError> {
                $(if tag == <$variant as $crate::wire::Message>::TYPE {
                    return $crate::wrapped::members_packed(bytes).map(Self::$variant);
                })+
                Err($crate::wire::BinaryError { cause: $crate::wire::DecodeError::unknown(tag).to_string(), at: 0 })
            }
        }

        $(impl From<$variant> for $name {
            fn from(message: $variant) -> Self {
                Self::$variant(message)
            }
        })+
    };
}

pub(crate) use wrapped_direction;
