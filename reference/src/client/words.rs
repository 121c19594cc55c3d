//! What a client says on one connection: answers and questions of its own, in order, forgotten when the connection is lost.

use std::collections::VecDeque;

use super::Outgoing;

/// From so many bytes on, whoever can be made to wait is: the server, and local requests that are done.
const ENOUGH: usize = 32 << 20;
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

    /// Whether so much waits that no more should be asked for.
    pub(super) fn has_enough(&self) -> bool {
        self.bytes > ENOUGH
    }
}
