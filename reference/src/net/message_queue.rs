//! A queue of messages for a peer, in one reusable buffer.
//!
//! A busy connection reuses the buffer instead of allocating for each message. Large messages keep their own allocation, and so do messages
//! that are sent to many.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

#[derive(Debug, Default)]
pub(super) struct MessageQueue {
    bytes: BytesMut,
    entries: VecDeque<QueueEntry>,
    /// The messages with an allocation of their own.
    large: VecDeque<Bytes>,
}

#[derive(Debug, Clone, Copy)]
struct QueueEntry {
    length: u32,
    is_binary: bool,
    is_large: bool,
}

/// From this size on, a message with its own allocation is not copied.
const LARGE: usize = 16 << 10;

#[derive(Debug)]
pub(super) struct OwnedMessage {
    /// Whatever the buffer's owner holds lives as long as the message.
    pub(super) bytes: Bytes,
    pub(super) is_binary: bool,
}

/// What a queued message costs besides its bytes.
pub(super) const OVERHEAD: usize = size_of::<QueueEntry>();
/// The same for a shared message.
pub(super) const SHARED_OVERHEAD: usize = OVERHEAD + size_of::<Bytes>();

impl MessageQueue {
    pub(super) fn push(&mut self, text: &str) {
        self.put(text.as_bytes(), false);
    }

    pub(super) fn push_binary(&mut self, bytes: &[u8]) {
        self.put(bytes, true);
    }

    pub(super) fn push_shared(&mut self, text: Bytes) {
        self.entries.push_back(QueueEntry { length: length(&text), is_binary: false, is_large: true });
        self.large.push_back(text);
    }

    pub(super) fn push_owned(&mut self, message: OwnedMessage) {
        let OwnedMessage { bytes, is_binary } = message;
        if bytes.len() < LARGE {
            return self.put(&bytes, is_binary);
        }
        self.entries.push_back(QueueEntry { length: length(&bytes), is_binary, is_large: true });
        self.large.push_back(bytes);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The next message, as a raw frame: tungstenite need not check again that a text is UTF-8.
    pub(super) fn pop(&mut self) -> Option<Message> {
        let (bytes, is_binary) = self.take()?;
        let data = if is_binary { Data::Binary } else { Data::Text };
        Some(Message::Frame(Frame::message(bytes, OpCode::Data(data), true)))
    }

    pub(super) fn append_to(&mut self, other: &mut Self) {
        while let Some((bytes, is_binary)) = self.take() {
            other.push_owned(OwnedMessage { bytes, is_binary });
        }
    }

    pub(super) fn trim(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }

    fn put(&mut self, bytes: &[u8], is_binary: bool) {
        self.bytes.extend_from_slice(bytes);
        self.entries.push_back(QueueEntry { length: length(bytes), is_binary, is_large: false });
    }

    fn take(&mut self) -> Option<(Bytes, bool)> {
        let QueueEntry { length, is_binary, is_large } = self.entries.pop_front()?;
        let bytes = if is_large { self.large.pop_front()? } else { self.bytes.split_to(length as usize).freeze() };
        Some((bytes, is_binary))
    }
}

/// Messages are far shorter than `u32::MAX`, because their size is limited on input.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn popped(queue: &mut MessageQueue) -> Vec<String> {
        std::iter::from_fn(|| queue.pop()).map(|message| message.into_text().expect("UTF-8").to_string()).collect()
    }

    #[test]
    fn texts_keep_their_content_and_order() {
        let (mut queue, mut others) = (MessageQueue::default(), MessageQueue::default());
        for round in 0..100 {
            queue.push("");
            queue.push(&"ä".repeat(round));
            others.push_shared(Bytes::from_static(b"first"));
            queue.push_owned(OwnedMessage { bytes: "x".repeat(LARGE * (round % 2)).into(), is_binary: false });
            queue.append_to(&mut others);
            assert!(queue.is_empty());
            assert_eq!(popped(&mut others), ["first", "", &"ä".repeat(round), &"x".repeat(LARGE * (round % 2))]);
            if round % 7 == 0 {
                others.trim();
            }
        }
    }

    #[test]
    fn texts_and_bytes_are_distinguished() {
        let (mut queue, mut others) = (MessageQueue::default(), MessageQueue::default());
        queue.push("x");
        queue.push_binary(b"\xFF");
        queue.append_to(&mut others);
        let kinds: Vec<_> = std::iter::from_fn(|| others.pop())
            .map(|message| match message {
                Message::Frame(frame) => frame.header().opcode,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(kinds, [OpCode::Data(Data::Text), OpCode::Data(Data::Binary)]);
    }
}
