//! The text messages that the runner itself sends, put together from their frames, right or wrong.

use crate::transport::OutFrame;
use crate::transport::encode::{CONTINUATION, TEXT};

/// Puts text messages together.
#[derive(Debug, Default)]
pub(super) struct Messages {
    partial: Vec<u8>,
}

/// Longer messages are of no interest to order rules.
const LONGEST: usize = 2 << 20;

impl Messages {
    /// A frame is sent; the message that it completes, if any.
    pub(super) fn sent(&mut self, frame: &OutFrame) -> Option<String> {
        match frame.opcode {
            TEXT => self.partial.clear(),
            CONTINUATION => {}
            _ => return None,
        }
        if self.partial.len() + frame.payload.len() <= LONGEST {
            self.partial.extend_from_slice(&frame.payload);
        }
        if frame.fin { String::from_utf8(std::mem::take(&mut self.partial)).ok() } else { None }
    }
}
