//! Frames: a message behind its request id and lengths, and what cuts a stream into them (chapter `rpc`, "Frames").
//!
//! Memory follows the bytes that came, never a length that somebody claims.

use std::fmt;

use serde::{Deserialize, Serialize};
use wincode::SchemaRead;
use wincode::config::Configuration;

use super::Message;
use crate::wire::BinaryError;

/// The bytes before the payload: the length, the request id, the magic and the length of the payload.
pub const HEADER: usize = 18;

/// What stands before the length of the payload.
pub const MAGIC: [u8; 2] = [0x4F, 0x53];

/// The limit that every receiver has at least, for the length of a frame, in bytes (RPC-05, RPC-C9).
pub const SMALLEST_LIMIT: usize = 16 << 20;

/// The bytes of a frame that its length does not count.
const PREFIX: usize = 4;
/// A list may ask for so much at once before its items are read: those of the longest payload that is read anywhere. What is asked for
/// and not filled takes no memory.
const MOST_AT_ONCE: usize = 192 << 20;

type Layout = Configuration<true, MOST_AT_ONCE>;

const LAYOUT: Layout = Configuration::default().with_preallocation_size_limit::<MOST_AT_ONCE>();

/// A message with its request id; its serde form is the JSON form of the chapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The request id.
    #[serde(deserialize_with = "super::form::whole_u64::deserialize")]
    pub id: u64,
    /// The message.
    pub message: Message,
}

/// Why a whole frame is undecodable (RPC-04).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameError {
    /// It ends before its payload begins.
    Short {
        /// The bytes that there are, the length's included.
        present: usize,
    },
    /// What should be the magic is something else.
    Magic([u8; 2]),
    /// The payload does not fill the frame, or does not fit it.
    Length {
        /// The length that stands before the payload, in bytes.
        claimed: u32,
        /// The bytes that there are.
        present: usize,
    },
    /// The payload is no message.
    Payload(String),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { present } => write!(f, "a frame of {present} bytes has no room for its header of {HEADER}"),
            Self::Magic([first, second]) => write!(f, "the magic is {first:02X} {second:02X} instead of 4F 53"),
            Self::Length { claimed, present } => {
                write!(f, "the payload should have {claimed} bytes, and {present} are there")
            }
            Self::Payload(problem) => write!(f, "the payload is no message: {problem}"),
        }
    }
}

impl std::error::Error for FrameError {}

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
    /// Reads a whole frame, with its length in front.
    ///
    /// # Errors
    /// Where it is undecodable (RPC-04).
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

    /// Writes the frame behind what is there.
    pub fn encode_to(&self, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend([0; PREFIX]);
        bytes.extend(self.id.to_be_bytes());
        bytes.extend(MAGIC);
        bytes.extend([0; 4]);
        // What is no message of the layout has no payload, and is undecodable: there is none such.
        _ = <Message as wincode::config::Serialize<Layout>>::serialize_into(&mut *bytes, &self.message, LAYOUT);
        let whole = bytes.len() - start;
        bytes[start..][..PREFIX].copy_from_slice(&((whole - PREFIX) as u32).to_be_bytes());
        bytes[start + HEADER - 4..][..4].copy_from_slice(&((whole - HEADER) as u32).to_be_bytes());
    }

    /// Writes the frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode_to(&mut bytes);
        bytes
    }
}

impl Message {
    /// Reads a payload.
    ///
    /// # Errors
    /// Where it is no message, or a message with something behind it; the text says why.
    pub fn decode(payload: &[u8]) -> Result<Self, String> {
        let mut rest = payload;
        let message = <Self as SchemaRead<'_, Layout>>::get(&mut rest).map_err(|error| error.to_string())?;
        if rest.is_empty() { Ok(message) } else { Err(format!("{} bytes follow it", rest.len())) }
    }
}

fn length(header: &[u8; HEADER]) -> usize {
    u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize
}

/// A frame is longer than its reader accepts: the stream cannot be read any further (RPC-05, RPC-C9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// The length that the frame claims, in bytes.
    pub claimed: u32,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a frame of {} bytes is longer than any that is accepted", self.claimed)
    }
}

impl std::error::Error for TooLong {}

/// Cuts a stream of bytes into frames, however they come (RPC-03, RPC-C3).
#[derive(Debug)]
pub struct Frames {
    buffer: Vec<u8>,
    /// What stands before it was handed out.
    start: usize,
    limit: usize,
}

/// An empty buffer keeps so much of its room.
const KEPT: usize = 256 << 10;

impl Frames {
    /// What reads frames up to this length.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, limit }
    }

    /// The bytes that came and belong to no whole frame yet; others are to be put behind them.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        self.buffer.drain(..self.start);
        self.start = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT {
            self.buffer = Vec::new();
        }
        &mut self.buffer
    }

    /// The next frame that is whole, its length in front; decodable or not. `None` where more bytes have to come first.
    ///
    /// # Errors
    /// Where the next frame is longer than the limit.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, TooLong> {
        let unread = &self.buffer[self.start..];
        let Some(prefix) = unread.first_chunk::<PREFIX>() else { return Ok(None) };
        let claimed = u32::from_be_bytes(*prefix);
        if claimed as usize > self.limit {
            return Err(TooLong { claimed });
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
    fn the_example_of_the_chapter() {
        let frame = Frame { id: 7, message: Message::Ack };
        assert_eq!((Frame::decode(&ACK), frame.encode()), (Ok(frame), ACK.to_vec()));
    }

    #[test]
    fn what_is_undecodable_is_told_with_its_place() {
        let with = |at: usize, byte: u8| {
            let mut bytes = ACK.to_vec();
            bytes[at] = byte;
            bytes
        };
        for (bytes, at, says) in [
            (Vec::new(), 0, "0 bytes"),
            (ACK[..17].to_vec(), 17, "17 bytes"),
            (with(12, 0x50), 12, "50 53 instead of 4F 53"),
            (with(3, 17), 14, "should have 4 bytes, and 4 are there"),
            (with(17, 3), 14, "should have 3 bytes, and 4 are there"),
            (with(18, 8), 18, "no message"),
            ([&[0, 0, 0, 19], &ACK[4..17], &[5], &ACK[18..], &[0]].concat(), 18, "1 bytes follow it"),
        ] {
            let error = BinaryError::from(Frame::decode(&bytes).expect_err("an undecodable frame"));
            assert!(error.cause.contains(says) && error.at == at, "{bytes:?}: {error}");
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
            assert_eq!(end, Err(TooLong { claimed: 19 }), "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_claimed_takes_no_memory() {
        let mut frames = Frames::new(u32::MAX as usize);
        frames.buffer().extend_from_slice(&[0xFF; 8]);
        assert_eq!(frames.next_frame(), Ok(None));
        assert!(frames.buffer().capacity() < 100);
        let mut frames = Frames::new(SMALLEST_LIMIT);
        frames.buffer().extend_from_slice(&[0xFF; 8]);
        assert_eq!(frames.next_frame(), Err(TooLong { claimed: u32::MAX }));
    }
}
