//! The messages that the runner itself sends, put together from their frames, right or wrong.

use crate::transport::OutFrame;
use crate::transport::encode::{BINARY, CONTINUATION, TEXT};

/// A whole message of the runner.
pub(super) enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// Puts messages together.
#[derive(Debug, Default)]
pub(super) struct Messages {
    opcode: u8,
    partial: Vec<u8>,
}

/// Longer messages are of no interest to order rules.
const LONGEST: usize = 32 << 20;

impl Messages {
    /// A frame is sent; the message that it completes, if any.
    pub(super) fn sent(&mut self, frame: &OutFrame) -> Option<Message> {
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
            Some(Message::Binary(whole))
        } else {
            String::from_utf8(whole).ok().map(Message::Text)
        }
    }
}
