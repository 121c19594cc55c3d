//! Messages whose members stand in an object of their own, and that travel in two encodings: as JSON in text, and as MessagePack with named
//! members in binary messages.
//!
//! Reading takes one pass where the tag comes before the members, as every encoder here writes it. What that pass does not take is read
//! again in two, slowly and with exact errors.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::packed;
use crate::text::Text;
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
    packed::read::<Object<Whole<M>>>(bytes).map(|whole| whole.0.data.0).map_err(|error| error.of(M::TYPE))
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
    packed::check(bytes)?;
    if let Ok(OnePass(Some(message))) = rmp_serde::from_slice(bytes) {
        return Ok(message);
    }
    let Text(tag) = packed::read::<Object<Tag>>(bytes).map_err(|error| error.of("a message"))?.0.tag;
    T::slow_binary(&tag, bytes)
}

#[derive(Deserialize)]
struct Tag {
    #[serde(rename = "type")]
    tag: Text,
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
                        ("type", None) => tag = Some(map.next_value::<Text>()?.0),
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
                $crate::packed::write(self)
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
