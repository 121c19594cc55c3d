//! The binary layouts that the runner knows by name, and MessagePack: bytes as JSON, and JSON as bytes.

use serde::Deserialize as _;
use serde_json::Value;

use super::message::BinaryLayout;
use crate::wire::BinaryError;
use crate::{packed, rpc, terminal};

impl BinaryLayout {
    /// Whether its messages have a JSON form.
    #[must_use]
    pub fn has_json(self) -> bool {
        self == Self::RpcFrame
    }

    /// Checks the bytes of a message.
    ///
    /// # Errors
    /// If they are malformed; the error names the place.
    pub fn check(self, bytes: &[u8]) -> Result<(), BinaryError> {
        match self {
            Self::TerminalFrame => terminal::TerminalFrame::decode(bytes).map(drop).map_err(Into::into),
            Self::RpcFrame => rpc::Frame::decode(bytes).map(drop).map_err(Into::into),
        }
    }

    /// The JSON form of a message, if the layout has one.
    ///
    /// # Errors
    /// If the bytes are malformed.
    pub fn json(self, bytes: &[u8]) -> Result<Option<Value>, BinaryError> {
        match self {
            Self::TerminalFrame => self.check(bytes).map(|()| None),
            Self::RpcFrame => Ok(Some(serde_json::to_value(rpc::Frame::decode(bytes)?).unwrap_or_default())),
        }
    }

    /// The bytes of a message in its JSON form; none if the layout cannot say it.
    #[must_use]
    pub fn bytes(self, message: &Value) -> Option<Vec<u8>> {
        match self {
            Self::TerminalFrame => None,
            Self::RpcFrame => rpc::Frame::deserialize(message).ok().map(|frame| frame.encode()),
        }
    }
}

/// The JSON form of a message in MessagePack: byte strings become base64.
///
/// # Errors
/// If the bytes are no MessagePack, or hold what JSON cannot say; the error names the place.
pub fn message_pack_to_json(bytes: &[u8]) -> Result<Value, BinaryError> {
    packed::json_form(bytes)
}

/// A message in MessagePack. Strings in base64 at these JSON Pointers become byte strings; what is no base64 stays a string.
#[must_use]
pub fn json_to_message_pack(message: &Value, byte_strings: &[String]) -> Vec<u8> {
    packed::pack(message, byte_strings)
}
