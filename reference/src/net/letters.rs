//! Messages on their way to a peer, one behind the other in one piece of memory.
//!
//! A busy connection uses that piece again and again, instead of one allocation for each message. What is sent to many lies elsewhere, once
//! for all of them.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A queue of messages.
#[derive(Debug, Default)]
pub(super) struct Letters {
    bytes: BytesMut,
    envelopes: VecDeque<Envelope>,
    /// Texts that others have too, in the order of their envelopes.
    shared: VecDeque<Bytes>,
}

#[derive(Debug, Clone, Copy)]
enum Envelope {
    Text { length: u32 },
    Binary { length: u32 },
    Shared,
}

/// What a message in a queue costs besides its bytes.
pub(super) const OVERHEAD: usize = size_of::<Envelope>();
/// The same of one that others have too.
pub(super) const SHARED_OVERHEAD: usize = OVERHEAD + size_of::<Bytes>();

/// A message that was in a queue.
enum Letter {
    Text(Bytes),
    Binary(Bytes),
    Shared(Bytes),
}

impl Letters {
    pub(super) fn push(&mut self, text: &str) {
        let length = self.put(text.as_bytes());
        self.envelopes.push_back(Envelope::Text { length });
    }

    pub(super) fn push_binary(&mut self, bytes: &[u8]) {
        let length = self.put(bytes);
        self.envelopes.push_back(Envelope::Binary { length });
    }

    /// A text that others have too.
    pub(super) fn push_shared(&mut self, text: Bytes) {
        self.shared.push_back(text);
        self.envelopes.push_back(Envelope::Shared);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.envelopes.is_empty()
    }

    /// The next message for tungstenite, which need not look at a text again to know that it is UTF-8.
    pub(super) fn pop(&mut self) -> Option<Message> {
        let (bytes, data) = match self.take()? {
            Letter::Text(bytes) | Letter::Shared(bytes) => (bytes, Data::Text),
            Letter::Binary(bytes) => (bytes, Data::Binary),
        };
        Some(Message::Frame(Frame::message(bytes, OpCode::Data(data), true)))
    }

    /// Moves all messages behind those of another queue.
    pub(super) fn append_to(&mut self, other: &mut Self) {
        while let Some(letter) = self.take() {
            match letter {
                Letter::Shared(text) => other.push_shared(text),
                Letter::Text(bytes) => {
                    let length = other.put(&bytes);
                    other.envelopes.push_back(Envelope::Text { length });
                }
                Letter::Binary(bytes) => other.push_binary(&bytes),
            }
        }
    }

    /// Gives back the memory of an empty queue.
    pub(super) fn trim(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }

    fn put(&mut self, bytes: &[u8]) -> u32 {
        self.bytes.extend_from_slice(bytes);
        // No message is nearly as long as that: their size is bounded where they are read.
        u32::try_from(bytes.len()).unwrap_or(u32::MAX)
    }

    fn take(&mut self) -> Option<Letter> {
        let mut own = |length: u32| self.bytes.split_to(length as usize).freeze();
        Some(match self.envelopes.pop_front()? {
            Envelope::Text { length } => Letter::Text(own(length)),
            Envelope::Binary { length } => Letter::Binary(own(length)),
            Envelope::Shared => Letter::Shared(self.shared.pop_front()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn popped(letters: &mut Letters) -> Vec<String> {
        std::iter::from_fn(|| letters.pop()).map(|message| message.into_text().expect("UTF-8").to_string()).collect()
    }

    #[test]
    fn texts_come_out_as_they_went_in() {
        let (mut letters, mut others) = (Letters::default(), Letters::default());
        for round in 0..100 {
            letters.push("");
            letters.push(&"ä".repeat(round));
            letters.push_shared(Bytes::from_static(b"shared"));
            letters.push("last");
            others.push_shared(Bytes::from_static(b"first"));
            letters.append_to(&mut others);
            assert!(letters.is_empty());
            assert_eq!(popped(&mut others), ["first", "", &"ä".repeat(round), "shared", "last"]);
            if round % 7 == 0 {
                others.trim();
            }
        }
    }

    #[test]
    fn texts_and_bytes_are_told_apart() {
        let (mut letters, mut others) = (Letters::default(), Letters::default());
        letters.push("x");
        letters.push_binary(b"\xFF");
        letters.append_to(&mut others);
        let kinds: Vec<_> = std::iter::from_fn(|| others.pop())
            .map(|message| match message {
                Message::Frame(frame) => frame.header().opcode,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(kinds, [OpCode::Data(Data::Text), OpCode::Data(Data::Binary)]);
    }
}
