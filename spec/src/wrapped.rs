//! Messages whose members are in an object of their own, in two encodings: JSON as text, and MessagePack with named members as binary
//! messages.
//!
//! Decoding takes one pass if the tag comes before the members, as every encoder here writes it. Anything else is decoded again in two
//! passes, slowly and with exact errors.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::packed;
use crate::text::Text;
use crate::wire::{self, BinaryError, DecodeError, ObjectOnly, Tagged};

pub(crate) trait WrappedMessages: Sized + Serialize {
    /// Reads the members of the message with this tag; `None` if the direction has no such message.
    fn of<'de, A: MapAccess<'de>>(tag: &str, members: &mut A) -> Result<Option<Self>, A::Error>;

    fn slow_text(tag: &str, text: &str) -> Result<Self, DecodeError>;

    fn slow_binary(tag: &str, bytes: &[u8]) -> Result<Self, BinaryError>;
}

#[derive(Deserialize)]
#[serde(bound = "M: DeserializeOwned")]
struct Untagged<M> {
    data: ObjectOnly<M>,
}

pub(crate) fn members<M: Tagged>(text: &str) -> Result<M, DecodeError> {
    wire::members_of::<Untagged<M>>(text, M::TYPE).map(|message| message.data.0)
}

pub(crate) fn members_packed<M: Tagged>(bytes: &[u8]) -> Result<M, BinaryError> {
    packed::read::<ObjectOnly<Untagged<M>>>(bytes).map(|message| message.0.data.0).map_err(|error| error.of(M::TYPE))
}

pub(crate) fn decode<T: WrappedMessages>(text: &str) -> Result<T, DecodeError> {
    if let Ok(OnePass(Some(message))) = serde_json::from_str(text) {
        return Ok(message);
    }
    T::slow_text(&wire::tag(text)?, text)
}

pub(crate) fn unpack<T: WrappedMessages>(bytes: &[u8]) -> Result<T, BinaryError> {
    packed::check(bytes)?;
    if let Ok(OnePass(Some(message))) = rmp_serde::from_slice(bytes) {
        return Ok(message);
    }
    let Text(tag) = packed::read::<ObjectOnly<PackedTag>>(bytes).map_err(|error| error.of("a message"))?.0.tag;
    T::slow_binary(&tag, bytes)
}

#[derive(Deserialize)]
struct PackedTag {
    #[serde(rename = "type")]
    tag: Text,
}

/// A message, if its tag comes before its members and the direction has it.
struct OnePass<T>(Option<T>);

impl<'de, T: WrappedMessages> Deserialize<'de> for OnePass<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnePassVisitor<T>(PhantomData<T>);

        impl<'de, T: WrappedMessages> Visitor<'de> for OnePassVisitor<T> {
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

        deserializer.deserialize_map(OnePassVisitor(PhantomData))
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Declares the messages of one direction whose members are in `data`, with decoders and encoders for both encodings, and schemas.
macro_rules! wrapped_direction {
    (
        $(#[$doc:meta])*
        $name:ident: $from:literal => $to:literal { $($variant:ident),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        #[serde(tag = "type", content = "data")]
        pub enum $name {
            $(#[doc = concat!("See [`", stringify!($variant), "`].")] $variant($variant),)+
        }

        $crate::declare::direction_items!($name: $from => $to { $($variant),+ });

        impl $name {
            /// Decodes a text message; fails if the text is not a message of this direction; the error names place and cause.
            pub fn decode(text: &str) -> Result<Self, $crate::wire::DecodeError> {
                $crate::wrapped::decode(text)
            }

            /// Decodes a binary message; fails if the bytes are not a message of this direction; the error names place and cause.
            pub fn unpack(bytes: &[u8]) -> Result<Self, $crate::wire::BinaryError> {
                $crate::wrapped::unpack(bytes)
            }

            /// Encodes the message as MessagePack with named members.
            pub fn pack(&self) -> Vec<u8> {
                $crate::packed::write(self)
            }

            /// The schemas of the messages in JSON, without `$schema` and `$id`.
            pub fn schemas() -> Vec<$crate::schema::MessageSchema> {
                vec![$($crate::schema::MessageSchema::wrapped::<$variant>("data"),)+]
            }

            /// The channel of these messages; an invalid one violates `rule`, or `binary_rule` if it is binary.
            pub(crate) const fn channel(
                rule: &'static str,
                binary_rule: &'static str,
                packing: $crate::family::Packing,
            ) -> $crate::family::Channel {
                $crate::family::Channel {
                    direction: Self::DIRECTION,
                    schemas: Self::schemas,
                    canonical: |text| Self::decode(text).map(|message| message.encode()),
                    rule,
                    binary: Some($crate::family::Binary {
                        canonical: |bytes| Self::unpack(bytes).map(|message| message.pack()),
                        rule: binary_rule,
                        packing: Some(packing),
                    }),
                }
            }
        }

        impl $crate::wrapped::WrappedMessages for $name {
            fn of<'de, A: serde::de::MapAccess<'de>>(tag: &str, members: &mut A) -> Result<Option<Self>, A::Error> {
                $(if tag == <$variant as $crate::wire::Tagged>::TYPE {
                    let members: $crate::wire::ObjectOnly<$variant> = members.next_value()?;
                    return Ok(Some(Self::$variant(members.0)));
                })+
                members.next_value::<serde::de::IgnoredAny>().map(|_| None)
            }

            fn slow_text(tag: &str, text: &str) -> Result<Self, $crate::wire::DecodeError> {
                $(if tag == <$variant as $crate::wire::Tagged>::TYPE {
                    return $crate::wrapped::members(text).map(Self::$variant);
                })+
                Err($crate::wire::DecodeError::unknown(tag))
            }

            fn slow_binary(tag: &str, bytes: &[u8]) -> Result<Self, $crate::wire::BinaryError> {
                $(if tag == <$variant as $crate::wire::Tagged>::TYPE {
                    return $crate::wrapped::members_packed(bytes).map(Self::$variant);
                })+
                Err($crate::wire::BinaryError { cause: $crate::wire::DecodeError::unknown(tag).to_string(), at: 0 })
            }
        }
    };
}

pub(crate) use wrapped_direction;
