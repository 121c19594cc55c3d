//! Frames: a message with its request id and lengths, and the reader that splits a stream into them (chapter `rpc`, "Frames").
//!
//! Memory grows with the bytes received, never with a claimed length.

use serde::{Deserialize, Serialize};
use wincode::SchemaRead;
use wincode::config::Configuration;

use super::Message;
use crate::wire::BinaryError;

/// The bytes before the payload: the frame's length, the request id, the magic bytes and the payload's length.
pub const HEADER: usize = 18;

/// The magic bytes before the payload's length.
pub const MAGIC: [u8; 2] = [0x4F, 0x53];

/// The frame length that every receiver must accept, in bytes (RPC-05, RPC-C9).
pub const SMALLEST_LIMIT: usize = 16 << 20;

/// The bytes that a frame's length does not count.
const PREFIX: usize = 4;
/// How much a list may reserve before its items are read: enough for those of the longest payload that is accepted. Unused memory of a
/// reservation costs nothing.
const MOST_RESERVED: usize = 192 << 20;

type Layout = Configuration<true, MOST_RESERVED>;

const LAYOUT: Layout = Configuration::default().with_preallocation_size_limit::<MOST_RESERVED>();

/// A message with its request id. With serde, it has the JSON form of the chapter.
///
/// ```
/// use relayspec::rpc::{Frame, Message};
///
/// let frame = Frame { id: 7, message: Message::Ack };
/// assert_eq!(frame.encode().len(), 22);
/// assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The request id.
    #[serde(deserialize_with = "super::form::whole")]
    pub id: u64,
    /// The message.
    pub message: Message,
}

/// Why a frame is undecodable (RPC-04).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It ends before its payload begins.
    #[error("a frame of {present} bytes has no room for its header of {HEADER}")]
    Short {
        /// The number of bytes, the length prefix included.
        present: usize,
    },
    /// The magic bytes are wrong.
    #[error("the magic is {:02X} {:02X} instead of 4F 53", .0[0], .0[1])]
    Magic([u8; 2]),
    /// The payload is shorter or longer than the frame says.
    #[error("the payload should have {claimed} bytes, and {present} are there")]
    Length {
        /// The claimed length of the payload, in bytes.
        claimed: u32,
        /// The number of bytes present.
        present: usize,
    },
    /// The payload is not a message.
    #[error("the payload is not a message: {0}")]
    Payload(String),
}

impl From<FrameError> for BinaryError {
    fn from(error: FrameError) -> Self {
        let at = match error {
            FrameError::Short { present } => present,
            FrameError::Magic(_) => PREFIX + 8,
            FrameError::Length { .. } => HEADER - PREFIX,
            FrameError::Payload(_) => HEADER,
        };
        Self { cause: error.to_string(), at }
    }
}

impl Frame {
    /// Decodes a whole frame, including its length prefix; fails if it is undecodable (RPC-04).
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let short = FrameError::Short { present: bytes.len() };
        let Some((header, payload)) = bytes.split_first_chunk::<HEADER>() else { return Err(short) };
        let [_, _, _, _, id @ .., m, n, a, b, c, d] = *header;
        if [m, n] != MAGIC {
            return Err(FrameError::Magic([m, n]));
        }
        let claimed = u32::from_be_bytes([a, b, c, d]);
        if claimed as usize != payload.len() || length(header) != bytes.len() - PREFIX {
            return Err(FrameError::Length { claimed, present: payload.len() });
        }
        Ok(Self { id: u64::from_be_bytes(id), message: Message::decode(payload).map_err(FrameError::Payload)? })
    }

    /// Appends the encoded frame.
    pub fn encode_to(&self, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend([0; PREFIX]);
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(MAGIC);
        bytes.extend([0; 4]);
        // Serialization of a `Message` into memory cannot fail.
        _ = <Message as wincode::config::Serialize<Layout>>::serialize_into(&mut *bytes, &self.message, LAYOUT);
        let whole = bytes.len() - start;
        bytes[start..][..PREFIX].copy_from_slice(&((whole - PREFIX) as u32).to_be_bytes());
        bytes[start + HEADER - 4..][..4].copy_from_slice(&((whole - HEADER) as u32).to_be_bytes());
    }

    /// Encodes the frame.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode_to(&mut bytes);
        bytes
    }
}

impl Message {
    /// Decodes a payload; fails if it is not a message, or has trailing bytes; the text says why.
    pub fn decode(payload: &[u8]) -> Result<Self, String> {
        let mut rest = payload;
        let message = <Self as SchemaRead<'_, Layout>>::get(&mut rest).map_err(|error| error.to_string())?;
        if rest.is_empty() { Ok(message) } else { Err(format!("{} bytes follow it", rest.len())) }
    }
}

fn length(header: &[u8; HEADER]) -> usize {
    u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize
}

/// A frame is longer than its receiver accepts: the rest of the stream cannot be read (RPC-05, RPC-C9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {claimed} bytes is longer than any that is accepted")]
pub struct FrameTooLong {
    /// The claimed length of the frame, in bytes.
    pub claimed: u32,
}

/// Splits a stream of bytes into frames, whatever pieces the bytes come in (RPC-03, RPC-C3).
///
/// ```
/// use relayspec::rpc::{Frame, Frames, Message, SMALLEST_LIMIT};
///
/// let mut frames = Frames::new(SMALLEST_LIMIT);
/// frames.buffer().extend(Frame { id: 7, message: Message::Ack }.encode());
/// assert_eq!(frames.next_frame()?.map(Frame::decode), Some(Ok(Frame { id: 7, message: Message::Ack })));
/// assert_eq!(frames.next_frame()?, None);
/// # Ok::<(), relayspec::rpc::FrameTooLong>(())
/// ```
#[derive(Debug)]
pub struct Frames {
    buffer: Vec<u8>,
    /// The number of bytes that were returned as frames.
    start: usize,
    limit: usize,
}

/// The capacity that an empty buffer keeps.
const KEPT: usize = 256 << 10;

impl Frames {
    /// A splitter for frames up to this length, in bytes.
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, limit }
    }

    /// The bytes received that belong to no whole frame yet; append new ones.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.start);
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        }
        &mut self.buffer
    }

    /// The next whole frame including its length prefix, decodable or not; `None` if more bytes are needed.
    /// Fails if the next frame is longer than the limit.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameTooLong> {
        let unread = &self.buffer[self.start..];
        let Some(prefix) = unread.first_chunk::<PREFIX>() else { return Ok(None) };
        let claimed = u32::from_be_bytes(*prefix);
        if claimed as usize > self.limit {
            return Err(FrameTooLong { claimed });
        }
        let whole = PREFIX + claimed as usize;
        if unread.len() < whole {
            return Ok(None);
        }
        self.start += whole;
        Ok(Some(&self.buffer[self.start - whole..self.start]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACK: [u8; 22] = [0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 7, 0x4F, 0x53, 0, 0, 0, 4, 7, 0, 0, 0];

    #[test]
    fn example_of_the_chapter() {
        let frame = Frame { id: 7, message: Message::Ack };
        assert_eq!((Frame::decode(&ACK), frame.encode()), (Ok(frame), ACK.to_vec()));
    }

    #[test]
    fn errors_name_the_place() {
        let with = |at: usize, byte: u8| {
            let mut bytes = ACK.to_vec();
            bytes[at] = byte;
            bytes
        };
        for (bytes, at, expected) in [
            (Vec::new(), 0, "0 bytes"),
            (ACK[..17].to_vec(), 17, "17 bytes"),
            (with(12, 0x50), 12, "50 53 instead of 4F 53"),
            (with(3, 17), 14, "should have 4 bytes, and 4 are there"),
            (with(17, 3), 14, "should have 3 bytes, and 4 are there"),
            (with(18, 8), 18, "not a message"),
            ([&[0, 0, 0, 19], &ACK[4..17], &[5], &ACK[18..], &[0]].concat(), 18, "1 bytes follow it"),
        ] {
            let error = BinaryError::from(Frame::decode(&bytes).expect_err("an undecodable frame"));
            assert!(error.cause.contains(expected) && error.at == at, "{bytes:?}: {error}");
        }
    }

    #[test]
    fn pieces_make_no_difference_and_lengths_are_bounded() {
        let stream = [&ACK[..], &[0, 0, 0, 0], &ACK[..], &[0, 0, 0, 19, 1]].concat();
        for size in [1, 3, 22, 100] {
            let (mut frames, mut seen) = (Frames::new(18), Vec::new());
            let mut end = Ok(());
            for piece in stream.chunks(size) {
                frames.buffer().extend_from_slice(piece);
                end = loop {
                    match frames.next_frame() {
                        Ok(Some(frame)) => seen.push(frame.to_vec()),
                        Ok(None) => break Ok(()),
                        Err(error) => break Err(error),
                    }
                };
            }
            assert_eq!(seen, [ACK.to_vec(), vec![0; 4], ACK.to_vec()]);
            assert_eq!(end, Err(FrameTooLong { claimed: 19 }), "in pieces of {size}");
        }
    }

    #[test]
    fn claimed_lengths_take_no_memory() {
        let mut frames = Frames::new(u32::MAX as usize);
        frames.buffer().extend_from_slice(&[0xFF; 8]);
        assert_eq!(frames.next_frame(), Ok(None));
        assert!(frames.buffer().capacity() < 100);
        let mut frames = Frames::new(SMALLEST_LIMIT);
        frames.buffer().extend_from_slice(&[0xFF; 8]);
        assert_eq!(frames.next_frame(), Err(FrameTooLong { claimed: u32::MAX }));
    }
}
