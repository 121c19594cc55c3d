//! Messages that wait for the network, in order and counted in bytes.

use std::collections::VecDeque;

use super::action::Outgoing;

/// What each message costs besides its bytes.
const OVERHEAD: usize = 64;

#[derive(Debug, Default)]
pub(super) struct OutgoingQueue {
    messages: VecDeque<Outgoing>,
    bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QueueFull;

impl OutgoingQueue {
    pub(super) fn push(&mut self, message: Outgoing) {
        self.bytes += message.len() + OVERHEAD;
        self.messages.push_back(message);
    }

    pub(super) fn push_front(&mut self, message: Outgoing) {
        self.bytes += message.len() + OVERHEAD;
        self.messages.push_front(message);
    }

    /// Adds a message if the queue stays within so many bytes.
    pub(super) fn push_within(&mut self, most_bytes: usize, message: Outgoing) -> Result<(), QueueFull> {
        if self.bytes + message.len() + OVERHEAD > most_bytes {
            return Err(QueueFull);
        }
        self.push(message);
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len() + OVERHEAD;
        Some(message)
    }

    /// Drops all messages, and returns their number.
    pub(super) fn clear(&mut self) -> usize {
        let count = self.messages.len();
        *self = Self::default();
        count
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The size of all messages, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_messages_within_the_limit_and_refuses_others() {
        const LIMIT: usize = 32 << 20;
        let mut queue = OutgoingQueue::default();
        let mut taken = 0;
        let text = |number: usize| Outgoing::Text(number.to_string().repeat(1_000_000));
        while taken < 1000 && queue.push_within(LIMIT, text(taken % 10)).is_ok() {
            taken += 1;
        }
        assert_eq!((taken, queue.len()), (33, 33));
        assert_eq!(queue.pop(), Some(text(0)));
        assert_eq!(queue.push_within(LIMIT, text(0)), Ok(()));
        assert_eq!(queue.push_within(LIMIT, text(0)), Err(QueueFull));
        assert_eq!(queue.clear(), 33);
        let mut push_empty = || queue.push_within(LIMIT, Outgoing::Binary(Vec::new()));
        assert!(push_empty().is_ok());
        assert!((0..1_000_000).any(|_| push_empty().is_err()), "empty messages cost nothing");
    }
}
