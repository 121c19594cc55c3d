//! What arrives on a connection, when, and who observes it.

use bytes::Bytes;

use super::encode::OutFrame;
use crate::clock::Moment;

/// Something that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// A Ping frame.
    Ping(Bytes),
    /// A Pong frame.
    Pong(Bytes),
    /// A Close frame; no code if its payload is empty.
    Close {
        /// The code.
        code: Option<u16>,
        /// The reason.
        reason: String,
    },
    /// The TCP connection ended.
    End(End),
    /// A violation of RFC 6455. If it breaks the framing itself, nothing more follows.
    Breach {
        /// The section that is violated.
        section: &'static str,
        /// What was received.
        what: String,
    },
}

/// How a TCP connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Orderly (FIN).
    Fin,
    /// Abruptly (RST, or another error).
    Reset,
}

/// An arrival, and when its last byte was read.
#[derive(Debug, Clone, PartialEq)]
pub struct StampedArrival {
    /// When.
    pub at: Moment,
    /// What.
    pub what: Arrival,
}

/// Observes everything on a connection, in order.
pub trait Observer: Send {
    /// A frame is about to be written.
    fn sent(&mut self, at: Moment, frame: &OutFrame);

    /// Something was read.
    fn received(&mut self, at: Moment, arrival: &Arrival);
}

/// What an arrival counts for in addition to its payload, in bytes.
const OVERHEAD: usize = 64;

impl Arrival {
    /// The memory that it takes while unread, in bytes.
    pub(super) fn cost(&self) -> usize {
        OVERHEAD
            + match self {
                Self::Text(text) => text.len(),
                Self::Binary(bytes) | Self::Ping(bytes) | Self::Pong(bytes) => bytes.len(),
                Self::Close { reason, .. } => reason.len(),
                Self::Breach { what, .. } => what.len(),
                Self::End(_) => 0,
            }
    }
}
