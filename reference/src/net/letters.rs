//! Texts on their way to a peer, one behind the other in one piece of memory.
//!
//! A busy connection uses that piece again and again, instead of one allocation for each message.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A queue of text messages.
#[derive(Debug, Default)]
pub(super) struct Letters {
    texts: BytesMut,
    lengths: VecDeque<usize>,
}

impl Letters {
    pub(super) fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The next text as a message for tungstenite, which need not look at it again to know that it is UTF-8.
    pub(super) fn pop(&mut self) -> Option<Message> {
        self.pop_bytes().map(|text| Message::Frame(Frame::message(text, OpCode::Data(Data::Text), true)))
    }

    /// Moves all texts behind those of another queue.
    pub(super) fn append_to(&mut self, other: &mut Self) {
        while let Some(text) = self.pop_bytes() {
            other.push_bytes(&text);
        }
    }

    /// Gives back the memory of an empty queue.
    pub(super) fn trim(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }

    fn push_bytes(&mut self, text: &[u8]) {
        self.texts.extend_from_slice(text);
        self.lengths.push_back(text.len());
    }

    fn pop_bytes(&mut self) -> Option<Bytes> {
        let length = self.lengths.pop_front()?;
        Some(self.texts.split_to(length).freeze())
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
            others.push("first");
            letters.append_to(&mut others);
            assert!(letters.is_empty());
            assert_eq!(popped(&mut others), ["first", "", &"ä".repeat(round)]);
            if round % 7 == 0 {
                others.trim();
            }
        }
    }
}
