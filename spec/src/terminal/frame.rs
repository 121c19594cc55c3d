//! Binary messages: a session id and a payload (chapter `terminal`, "Binary messages").

use std::fmt;

use crate::wire::BinaryError;

/// The longest session id that a binary message carries, in bytes.
pub const MAX_SESSION_ID: usize = u8::MAX as usize;

/// The payload that the host receives for `close_session` (TERM-24).
const CLOSE_SESSION: &[u8] = br#"{"type":"close_session"}"#;

/// The id of a terminal session in a binary message: 1 to 255 bytes of UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(String);

impl SessionId {
    /// The id, if it fits a binary message; a longer one must not be truncated (TERM-42).
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        (1..=MAX_SESSION_ID).contains(&id.len()).then_some(Self(id))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A binary message: bytes of one terminal session.
///
/// ```
/// use relayspec::terminal::{SessionId, TerminalFrame};
///
/// let frame = TerminalFrame { session_id: SessionId::new("1").expect("an id"), payload: b"ls\n".to_vec() };
/// assert_eq!(frame.encode(), b"\x011ls\n");
/// assert_eq!(TerminalFrame::decode(b"\x011ls\n"), Ok(frame));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalFrame {
    /// The session of the bytes.
    pub session_id: SessionId,
    /// The bytes; may be empty.
    pub payload: Vec<u8>,
}

/// Why bytes are not a binary message (TERM-41).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TerminalFrameError {
    /// There are no bytes.
    #[error("an empty binary message: the length of the session id is missing")]
    Empty,
    /// The length of the session id is 0.
    #[error("the length of the session id is 0")]
    NoId,
    /// The session id is cut off.
    #[error("the session id has {wanted} bytes, but only {present} follow")]
    Short {
        /// The length of the id, in bytes.
        wanted: usize,
        /// The number of bytes after the length.
        present: usize,
    },
    /// The session id is not UTF-8.
    #[error("the session id is not UTF-8 after {valid} bytes")]
    NotUtf8 {
        /// The number of valid bytes of the id.
        valid: usize,
    },
}

impl From<TerminalFrameError> for BinaryError {
    fn from(error: TerminalFrameError) -> Self {
        let at = match error {
            TerminalFrameError::Empty | TerminalFrameError::NoId => 0,
            TerminalFrameError::Short { present, .. } => 1 + present,
            TerminalFrameError::NotUtf8 { valid } => 1 + valid,
        };
        Self { cause: error.to_string(), at }
    }
}

impl TerminalFrame {
    /// Decodes a binary message; fails if it is malformed (TERM-41).
    pub fn decode(bytes: &[u8]) -> Result<Self, TerminalFrameError> {
        let (&length, rest) = bytes.split_first().ok_or(TerminalFrameError::Empty)?;
        let wanted = usize::from(length);
        if wanted == 0 {
            return Err(TerminalFrameError::NoId);
        }
        let (id, payload) =
            rest.split_at_checked(wanted).ok_or(TerminalFrameError::Short { wanted, present: rest.len() })?;
        let id = std::str::from_utf8(id).map_err(|error| TerminalFrameError::NotUtf8 { valid: error.valid_up_to() })?;
        Ok(Self { session_id: SessionId(id.to_owned()), payload: payload.to_vec() })
    }

    /// Encodes the binary message.
    pub fn encode(&self) -> Vec<u8> {
        let id = self.session_id.0.as_bytes();
        let mut bytes = Vec::with_capacity(1 + id.len() + self.payload.len());
        bytes.push(id.len() as u8);
        bytes.extend_from_slice(id);
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// The message that a relay sends to the host for a viewer's `close_session` (TERM-24).
    pub fn close_session(session_id: SessionId) -> Self {
        Self { session_id, payload: CLOSE_SESSION.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_place() {
        for (bytes, error, message) in [
            (
                &[][..],
                TerminalFrameError::Empty,
                "an empty binary message: the length of the session id is missing (byte 0)",
            ),
            (&[0], TerminalFrameError::NoId, "the length of the session id is 0 (byte 0)"),
            (&[0, b'1', b'x'], TerminalFrameError::NoId, "the length of the session id is 0 (byte 0)"),
            (
                &[1],
                TerminalFrameError::Short { wanted: 1, present: 0 },
                "the session id has 1 bytes, but only 0 follow (byte 1)",
            ),
            (
                &[255, b'a', b'b'],
                TerminalFrameError::Short { wanted: 255, present: 2 },
                "the session id has 255 bytes, but only 2 follow (byte 3)",
            ),
            (
                &[2, b'a', 0xff, b'x'],
                TerminalFrameError::NotUtf8 { valid: 1 },
                "the session id is not UTF-8 after 1 bytes (byte 2)",
            ),
        ] {
            assert_eq!(TerminalFrame::decode(bytes), Err(error.clone()), "{bytes:?}");
            assert_eq!(BinaryError::from(error).to_string(), message, "{bytes:?}");
        }
    }

    #[test]
    fn ids_fit_one_length_byte() {
        assert!(SessionId::new("").is_none() && SessionId::new("a".repeat(256)).is_none());
        assert!(SessionId::new("a".repeat(255)).is_some() && SessionId::new("é".repeat(127)).is_some());
        assert!(SessionId::new("é".repeat(128)).is_none(), "255 characters and 256 bytes");
    }

    #[test]
    fn close_session_has_its_bytes() {
        let frame = TerminalFrame::close_session(SessionId::new("2").expect("an id"));
        assert_eq!(frame.encode(), b"\x012{\"type\":\"close_session\"}");
    }
}
