//! The binary messages: a session id and a payload in one frame (chapter `terminal`, "Binary messages").

use std::fmt;

use crate::wire::BinaryError;

/// The longest session id that a binary message carries, in bytes.
pub const MAX_SESSION_ID: usize = u8::MAX as usize;

/// The payload of the binary message that `close_session` becomes (TERM-24).
const CLOSE_SESSION: &[u8] = br#"{"type":"close_session"}"#;

/// The id of a terminal session as a binary message carries it: 1 to 255 bytes of UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(String);

impl SessionId {
    /// The id, if it fits a binary message; a longer one must not be cut short (TERM-42).
    #[must_use]
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        (1..=MAX_SESSION_ID).contains(&id.len()).then_some(Self(id))
    }

    /// The text.
    #[must_use]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalFrame {
    /// The session that the bytes belong to.
    pub session_id: SessionId,
    /// The bytes; any, and none too.
    pub payload: Vec<u8>,
}

/// Why bytes are no binary message of this family (TERM-41).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameError {
    /// There is no byte at all.
    Empty,
    /// The length of the session id is 0.
    NoId,
    /// The session id reaches beyond the end.
    Short {
        /// The length of the id, in bytes.
        wanted: usize,
        /// The bytes that follow the length.
        present: usize,
    },
    /// The session id is no UTF-8.
    NotUtf8 {
        /// How many bytes of the id are UTF-8.
        valid: usize,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty binary message: the length of the session id is missing"),
            Self::NoId => f.write_str("the length of the session id is 0"),
            Self::Short { wanted, present } => {
                write!(f, "the session id has {wanted} bytes, but only {present} follow")
            }
            Self::NotUtf8 { valid } => write!(f, "the session id is no UTF-8 after {valid} bytes"),
        }
    }
}

impl std::error::Error for FrameError {}

impl From<FrameError> for BinaryError {
    fn from(error: FrameError) -> Self {
        let at = match error {
            FrameError::Empty | FrameError::NoId => 0,
            FrameError::Short { present, .. } => 1 + present,
            FrameError::NotUtf8 { valid } => 1 + valid,
        };
        Self { cause: error.to_string(), at }
    }
}

impl TerminalFrame {
    /// Reads a binary message.
    ///
    /// # Errors
    /// Where it is malformed (TERM-41).
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let (&length, rest) = bytes.split_first().ok_or(FrameError::Empty)?;
        let wanted = usize::from(length);
        if wanted == 0 {
            return Err(FrameError::NoId);
        }
        let (id, payload) = rest.split_at_checked(wanted).ok_or(FrameError::Short { wanted, present: rest.len() })?;
        let id = std::str::from_utf8(id).map_err(|error| FrameError::NotUtf8 { valid: error.valid_up_to() })?;
        Ok(Self { session_id: SessionId(id.to_owned()), payload: payload.to_vec() })
    }

    /// Writes the binary message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let id = self.session_id.0.as_bytes();
        let mut bytes = Vec::with_capacity(1 + id.len() + self.payload.len());
        bytes.push(id.len() as u8);
        bytes.extend_from_slice(id);
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// What a relay sends to the host for a viewer's `close_session` (TERM-24).
    #[must_use]
    pub fn close_session(session_id: SessionId) -> Self {
        Self { session_id, payload: CLOSE_SESSION.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_malformed_is_told_with_its_place() {
        for (bytes, error, told) in [
            (&[][..], FrameError::Empty, "an empty binary message: the length of the session id is missing (byte 0)"),
            (&[0], FrameError::NoId, "the length of the session id is 0 (byte 0)"),
            (&[0, b'1', b'x'], FrameError::NoId, "the length of the session id is 0 (byte 0)"),
            (
                &[1],
                FrameError::Short { wanted: 1, present: 0 },
                "the session id has 1 bytes, but only 0 follow (byte 1)",
            ),
            (
                &[255, b'a', b'b'],
                FrameError::Short { wanted: 255, present: 2 },
                "the session id has 255 bytes, but only 2 follow (byte 3)",
            ),
            (
                &[2, b'a', 0xff, b'x'],
                FrameError::NotUtf8 { valid: 1 },
                "the session id is no UTF-8 after 1 bytes (byte 2)",
            ),
        ] {
            assert_eq!(TerminalFrame::decode(bytes), Err(error.clone()), "{bytes:?}");
            assert_eq!(BinaryError::from(error).to_string(), told, "{bytes:?}");
        }
    }

    #[test]
    fn ids_fit_their_length_in_bytes() {
        assert!(SessionId::new("").is_none() && SessionId::new("a".repeat(256)).is_none());
        assert!(SessionId::new("a".repeat(255)).is_some() && SessionId::new("é".repeat(127)).is_some());
        assert!(SessionId::new("é".repeat(128)).is_none(), "255 characters and 256 bytes");
    }

    #[test]
    fn a_closed_session_is_told_in_bytes() {
        let frame = TerminalFrame::close_session(SessionId::new("2").expect("an id"));
        assert_eq!(frame.encode(), b"\x012{\"type\":\"close_session\"}");
    }
}
