//! MessagePack that carries what JSON can say, and byte strings: checked, read and written; which messages there are is not known here.

mod check;
mod form;

pub(crate) use form::json_form;

use std::io::Cursor;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::wire::BinaryError;
use check::Flaw;

/// Whether the bytes are one value that can be read.
pub(crate) fn check(bytes: &[u8]) -> Result<(), BinaryError> {
    let told = |Flaw { cause, at }| BinaryError { cause: format!("no message in MessagePack: {cause}"), at };
    check::check(bytes).map_err(told)
}

/// Reads bytes that were checked.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unread> {
    let mut reader = rmp_serde::Deserializer::new(Cursor::new(bytes));
    T::deserialize(&mut reader).map_err(|error| Unread { cause: error.to_string(), at: reader.position() as usize })
}

/// Writes a value, its members by name; strings stay strings.
pub(crate) fn write<T: Serialize>(value: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap_or_default()
}

/// Why bytes cannot be read, before it is known what they should have been.
pub(crate) struct Unread {
    cause: String,
    at: usize,
}

impl Unread {
    /// The error, of bytes that should have been this.
    pub(crate) fn of(self, name: &str) -> BinaryError {
        BinaryError { cause: format!("`{name}`: {}", self.cause), at: self.at }
    }
}
