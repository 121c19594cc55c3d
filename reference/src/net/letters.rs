//! Messages on their way to a peer, one behind the other in one piece of memory.
//!
//! A busy connection uses that piece again and again, instead of one allocation for each message. Large ones stay where they are.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::server::Letter;

/// A queue of messages.
#[derive(Debug, Default)]
pub(super) struct Letters {
    bytes: BytesMut,
    envelopes: VecDeque<Envelope>,
    /// The large ones among them.
    large: VecDeque<Bytes>,
}

#[derive(Debug, Clone, Copy)]
struct Envelope {
    length: u32,
    is_binary: bool,
    is_large: bool,
}

/// From so many bytes on, a message that has a piece of memory of its own is not copied.
const LARGE: usize = 16 << 10;

/// What a message in a queue costs besides its bytes.
pub(super) const OVERHEAD: usize = size_of::<Envelope>();

impl Letters {
    pub(super) fn push(&mut self, text: &str) {
        self.put(text.as_bytes(), false);
    }

    pub(super) fn push_binary(&mut self, bytes: &[u8]) {
        self.put(bytes, true);
    }

    /// A message that nobody else needs any more.
    pub(super) fn push_letter(&mut self, letter: Letter) {
        let (bytes, is_binary) = match letter {
            Letter::Text(text) => (text.into_bytes(), false),
            Letter::Binary(bytes) => (bytes, true),
        };
        self.put_bytes(bytes.into(), is_binary);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.envelopes.is_empty()
    }

    /// The next message for tungstenite, which need not look at a text again to know that it is UTF-8.
    pub(super) fn pop(&mut self) -> Option<Message> {
        let (bytes, is_binary) = self.take()?;
        let data = if is_binary { Data::Binary } else { Data::Text };
        Some(Message::Frame(Frame::message(bytes, OpCode::Data(data), true)))
    }

    /// Moves all messages behind those of another queue.
    pub(super) fn append_to(&mut self, other: &mut Self) {
        while let Some((bytes, is_binary)) = self.take() {
            other.put_bytes(bytes, is_binary);
        }
    }

    /// Gives back the memory of an empty queue.
    pub(super) fn trim(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }

    fn put(&mut self, bytes: &[u8], is_binary: bool) {
        self.bytes.extend_from_slice(bytes);
        self.envelopes.push_back(Envelope { length: length(bytes), is_binary, is_large: false });
    }

    fn put_bytes(&mut self, bytes: Bytes, is_binary: bool) {
        if bytes.len() < LARGE {
            return self.put(&bytes, is_binary);
        }
        self.envelopes.push_back(Envelope { length: length(&bytes), is_binary, is_large: true });
        self.large.push_back(bytes);
    }

    fn take(&mut self) -> Option<(Bytes, bool)> {
        let Envelope { length, is_binary, is_large } = self.envelopes.pop_front()?;
        let bytes = if is_large { self.large.pop_front()? } else { self.bytes.split_to(length as usize).freeze() };
        Some((bytes, is_binary))
    }
}

/// No message is longer than that: their size is bounded where they are read.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
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
            others.push("first");
            letters.push_letter(Letter::Text("x".repeat(LARGE * (round % 2))));
            letters.append_to(&mut others);
            assert!(letters.is_empty());
            assert_eq!(popped(&mut others), ["first", "", &"ä".repeat(round), &"x".repeat(LARGE * (round % 2))]);
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
