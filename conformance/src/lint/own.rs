//! Assembles the runner's own messages from their frames, valid or not.

use crate::transport::OutFrame;
use crate::transport::encode::{BINARY, CONTINUATION, TEXT};

/// A whole message of the runner.
pub(super) enum OwnMessage {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// Assembles messages.
#[derive(Debug, Default)]
pub(super) struct OwnMessages {
    opcode: u8,
    partial: Vec<u8>,
}

/// Longer messages do not matter to order rules.
const LONGEST: usize = 32 << 20;

impl OwnMessages {
    /// A frame is sent: the message that it completes, if any.
    pub(super) fn sent(&mut self, frame: &OutFrame) -> Option<OwnMessage> {
        match frame.opcode {
            TEXT | BINARY => {
                self.opcode = frame.opcode;
                self.partial.clear();
            }
            CONTINUATION => {}
            _ => return None,
        }
        if self.partial.len() + frame.payload.len() <= LONGEST {
            self.partial.extend_from_slice(&frame.payload);
        }
        if !frame.fin {
            return None;
        }
        let whole = std::mem::take(&mut self.partial);
        if self.opcode == BINARY {
            Some(OwnMessage::Binary(whole))
        } else {
            String::from_utf8(whole).ok().map(OwnMessage::Text)
        }
    }
}
