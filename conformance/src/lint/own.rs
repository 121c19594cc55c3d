//! The messages that the runner itself sends, put together from their frames, right or wrong.

use crate::transport::encode::{BINARY, CONTINUATION, TEXT};
use crate::transport::{Arrival, OutFrame};

/// Puts messages together.
#[derive(Debug, Default)]
pub(super) struct Messages {
    opcode: u8,
    partial: Vec<u8>,
}

/// Longer messages are of no interest to order rules.
const LONGEST: usize = 2 << 20;

impl Messages {
    /// A frame is sent; the message that it completes, if any, as if it had come.
    pub(super) fn sent(&mut self, frame: &OutFrame) -> Option<Arrival> {
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
            Some(Arrival::Binary(whole.into()))
        } else {
            String::from_utf8(whole).ok().map(Arrival::Text)
        }
    }
}
