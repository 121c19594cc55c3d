//! What a client says on one connection: answers and questions of its own, in order, forgotten when the connection is lost.

use std::collections::VecDeque;

use super::Outgoing;

/// From so many bytes on, what can wait does: local requests that are done.
const ENOUGH: usize = 4 << 20;
/// From so many bytes on, the server is not read: it asks for more than it takes.
const FULL: usize = 64 << 20;
/// What each message costs besides its bytes.
const OVERHEAD: usize = 64;

/// Messages that wait for the network.
#[derive(Debug, Default)]
pub(super) struct Words {
    messages: VecDeque<Outgoing>,
    bytes: usize,
}

impl Words {
    pub(super) fn push(&mut self, message: Outgoing) {
        self.bytes += message.len() + OVERHEAD;
        self.messages.push_back(message);
    }

    /// Puts a message before all others.
    pub(super) fn urge(&mut self, message: Outgoing) {
        self.bytes += message.len() + OVERHEAD;
        self.messages.push_front(message);
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len() + OVERHEAD;
        Some(message)
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether so much waits that what can wait should.
    pub(super) fn has_enough(&self) -> bool {
        self.bytes > ENOUGH
    }

    /// Whether so much waits that the server should not be read.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > FULL
    }
}
