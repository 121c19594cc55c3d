//! What the user has given and the network has not taken: in order, bounded, and kept over losses (PAIR-H4).

use std::collections::VecDeque;

use super::Outgoing;

/// What is kept at most, in bytes; beyond it the user is refused.
const MOST_BYTES: usize = 32 << 20;
/// From so many bytes on, whoever can wait does: a shell that is stopped should not go on for long.
const ENOUGH: usize = 1 << 20;
/// What each message costs besides its bytes.
const OVERHEAD: usize = 64;

/// Messages that wait.
#[derive(Debug, Default)]
pub struct Outbox {
    messages: VecDeque<Outgoing>,
    bytes: usize,
}

/// There is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Outbox {
    /// Puts a message behind the others.
    ///
    /// # Errors
    /// Where too much waits already; the message is not taken.
    pub fn push(&mut self, message: Outgoing) -> Result<(), Full> {
        let cost = message.len() + OVERHEAD;
        if self.bytes + cost > MOST_BYTES {
            return Err(Full);
        }
        self.bytes += cost;
        self.messages.push_back(message);
        Ok(())
    }

    /// The oldest message.
    pub fn pop(&mut self) -> Option<Outgoing> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len() + OVERHEAD;
        Some(message)
    }

    /// Forgets everything, and says how many messages that were.
    pub fn clear(&mut self) -> usize {
        let count = self.messages.len();
        *self = Self::default();
        count
    }

    /// How many messages wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether so much waits that whoever can wait should.
    #[must_use]
    pub fn has_enough(&self) -> bool {
        self.bytes > ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_kept_and_what_is_too_much_is_refused() {
        let mut outbox = Outbox::default();
        let mut taken = 0;
        let text = |number: usize| Outgoing::Text(number.to_string().repeat(1_000_000));
        while taken < 1000 && outbox.push(text(taken % 10)).is_ok() {
            taken += 1;
        }
        assert_eq!((taken, outbox.len()), (33, 33));
        assert_eq!(outbox.pop(), Some(text(0)));
        assert_eq!(outbox.push(text(0)), Ok(()));
        assert_eq!(outbox.push(text(0)), Err(Full));
        assert_eq!(outbox.clear(), 33);
        assert!(outbox.is_empty() && outbox.push(Outgoing::Binary(Vec::new())).is_ok());
        assert!((0..1_000_000).any(|_| outbox.push(Outgoing::Binary(Vec::new())).is_err()), "empty ones cost nothing");
    }
}
