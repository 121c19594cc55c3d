//! WebSocket frames and HTTP heads on the wire, and how connections end.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

pub(super) const TEXT: u8 = 0x81;
pub(super) const BINARY: u8 = 0x82;
pub(super) const CLOSE: u8 = 0x88;
pub(super) const PING: u8 = 0x89;
pub(super) const PONG: u8 = 0x8A;

/// Longer payloads are forwarded without decoding.
const LONGEST: u64 = 4 << 20;
const LONGEST_HEAD: u64 = 256 << 10;

/// The direction of a frame, relative to the listening side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    In,
    Out,
}

/// How a side of a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    Ended,
    Reset,
}

/// A frame with its payload unmasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub(super) head: u8,
    pub(super) masked: bool,
    pub(super) payload: Vec<u8>,
}

#[derive(Debug)]
pub(super) enum WirePart {
    Frame(Frame),
    /// The header of a frame that is too long, and the number of bytes that follow.
    Raw(Vec<u8>, u64),
}

impl Frame {
    /// The encoded frame; the masking key is zero.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mask = if self.masked { 0x80 } else { 0 };
        let length = self.payload.len();
        let mut bytes = Vec::with_capacity(length + 14);
        bytes.push(self.head);
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ 0..=125), _) => bytes.push(mask | short),
            (_, Ok(length)) => {
                bytes.push(mask | 126);
                bytes.extend(length.to_be_bytes());
            }
            _ => {
                bytes.push(mask | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        if self.masked {
            bytes.extend([0; 4]);
        }
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// The close code; 1005 if there is none, 0 if it is not a Close frame.
    pub(super) fn close_code(&self) -> u16 {
        match self.head {
            CLOSE => self.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)),
            _ => 0,
        }
    }

    /// Whether it is a message or a fragment of one.
    pub(super) fn is_message(&self) -> bool {
        matches!(self.head & 0x0F, 0..=2)
    }

    pub(super) fn is_fragment(&self) -> bool {
        self.is_message() && (self.head & 0x80 == 0 || self.head & 0x0F == 0)
    }
}

pub(super) async fn read(from: &mut BufReader<impl AsyncRead + Unpin>) -> Result<WirePart> {
    let head = from.read_u8().await?;
    let second = from.read_u8().await?;
    let mut raw = vec![head, second];
    let length = match second & 0x7F {
        126 => {
            let length = from.read_u16().await?;
            raw.extend(length.to_be_bytes());
            u64::from(length)
        }
        127 => {
            let length = from.read_u64().await?;
            raw.extend(length.to_be_bytes());
            length
        }
        short => u64::from(short),
    };
    if length > LONGEST {
        return Ok(WirePart::Raw(raw, if second & 0x80 != 0 { length.saturating_add(4) } else { length }));
    }
    let masked = second & 0x80 != 0;
    let mut key = [0; 4];
    if masked {
        from.read_exact(&mut key).await?;
    }
    let mut payload = vec![0; usize::try_from(length).map_err(|_| Error::from(ErrorKind::InvalidData))?];
    from.read_exact(&mut payload).await?;
    if key != [0; 4] {
        payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
    }
    Ok(WirePart::Frame(Frame { head, masked, payload }))
}

/// Whether the buffered bytes start with a whole frame, which [`read`] then returns without waiting.
pub(super) fn is_at_hand(ahead: &[u8]) -> bool {
    let [_, second, rest @ ..] = ahead else { return false };
    let (length, rest) = match second & 0x7F {
        126 => match rest.split_first_chunk() {
            Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest),
            None => return false,
        },
        127 => match rest.split_first_chunk() {
            Some((length, rest)) => (u64::from_be_bytes(*length), rest),
            None => return false,
        },
        short => (u64::from(short), rest),
    };
    let key = if second & 0x80 == 0 { 0 } else { 4 };
    length.saturating_add(key) <= rest.len() as u64
}

/// The head of a request or a response, including the empty line; incomplete if the stream ends before it.
pub(super) async fn head(from: &mut BufReader<impl AsyncRead + Unpin>) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && (head.len() as u64) < LONGEST_HEAD {
        let room = LONGEST_HEAD - head.len() as u64;
        if from.take(room).read_until(b'\n', &mut head).await? == 0 {
            break;
        }
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_at_hand_with_its_last_byte() {
        for (length, masked) in [(0, false), (1, true), (125, true), (126, false), (65_535, true), (65_536, false)] {
            let mut bytes = Frame { head: BINARY, masked, payload: vec![7; length] }.bytes();
            let short = (0..bytes.len()).find(|read| is_at_hand(&bytes[..*read]));
            assert_eq!(short, None, "{length} bytes are not at hand before the last");
            assert!(is_at_hand(&bytes), "{length} bytes are at hand");
            bytes.push(TEXT);
            assert!(is_at_hand(&bytes), "what follows {length} bytes changes nothing");
        }
    }
}
