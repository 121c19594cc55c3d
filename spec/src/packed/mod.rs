//! MessagePack for values that JSON can represent, plus byte strings: checking, reading and writing.

mod check;
mod form;
mod pack;

pub(crate) use form::json_form;
pub(crate) use pack::pack;

use std::io::Cursor;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::BinaryError;
use check::MessagePackError;

pub(crate) fn check(bytes: &[u8]) -> Result<(), BinaryError> {
    check::check(bytes).map_err(|MessagePackError { cause, at }| BinaryError {
        cause: format!("not a message in MessagePack: {cause}"),
        at,
    })
}

/// Deserializes bytes that passed [`check`].
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, UnpackError> {
    let mut reader = rmp_serde::Deserializer::new(Cursor::new(bytes));
    T::deserialize(&mut reader)
        .map_err(|error| UnpackError { cause: error.to_string(), at: reader.position() as usize })
}

pub(crate) fn write<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap_or_default()
}

/// Why deserialization failed, before the message's name is known.
pub(crate) struct UnpackError {
    cause: String,
    at: usize,
}

impl UnpackError {
    pub(crate) fn of(self, name: &str) -> BinaryError {
        BinaryError { cause: format!("`{name}`: {}", self.cause), at: self.at }
    }
}
