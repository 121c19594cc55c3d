//! Encodes WebSocket frames of either side, valid and invalid (RFC 6455, section 5.2).

/// Opcode of a continuation frame.
pub const CONTINUATION: u8 = 0;
/// Opcode of a text frame.
pub const TEXT: u8 = 1;
/// Opcode of a binary frame.
pub const BINARY: u8 = 2;
/// Opcode of a Close frame.
pub const CLOSE: u8 = 8;
/// Opcode of a Ping frame.
pub const PING: u8 = 9;
/// Opcode of a Pong frame.
pub const PONG: u8 = 10;

/// The side of a connection that the runner takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It connects, and masks its frames.
    Client,
    /// It accepts, and does not mask.
    Server,
}

/// How a payload is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masking {
    /// As RFC 6455 requires of the sender.
    Due,
    /// With this key.
    Key([u8; 4]),
    /// Not at all.
    None,
}

/// A frame to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutFrame {
    /// FIN.
    pub fin: bool,
    /// RSV1 to RSV3, as a number from 0 to 7.
    pub rsv: u8,
    /// The opcode, 0 to 15.
    pub opcode: u8,
    /// How the payload is masked.
    pub masking: Masking,
    /// The length that the header claims, if not that of the payload.
    pub claim: Option<u64>,
    /// The payload.
    pub payload: Vec<u8>,
}

impl OutFrame {
    /// A whole message or control frame.
    #[must_use]
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self { fin: true, rsv: 0, opcode, masking: Masking::Due, claim: None, payload: payload.into() }
    }

    /// A Close frame; without a code its payload is empty.
    #[must_use]
    pub fn close(code: Option<u16>, reason: &str) -> Self {
        let mut payload = code.map(|code| code.to_be_bytes().to_vec()).unwrap_or_default();
        payload.extend_from_slice(reason.as_bytes());
        Self::new(CLOSE, payload)
    }

    /// A message split into `count` fragments of about equal length.
    #[must_use]
    pub fn fragments(opcode: u8, payload: &[u8], count: usize) -> Vec<Self> {
        let length = payload.len().div_ceil(count.max(1)).max(1);
        let mut pieces: Vec<&[u8]> = payload.chunks(length).collect();
        pieces.resize(count.max(1), &[]);
        let last = pieces.len() - 1;
        let frame = |(at, piece): (usize, &[u8])| Self {
            fin: at == last,
            ..Self::new(if at == 0 { opcode } else { CONTINUATION }, piece)
        };
        pieces.into_iter().enumerate().map(frame).collect()
    }

    /// The bytes of the frame as `side` sends it. The masking key is random unless it is given.
    #[must_use]
    pub fn encode(&self, side: Side) -> Vec<u8> {
        let key = match (self.masking, side) {
            (Masking::Key(key), _) => Some(key),
            (Masking::Due, Side::Client) => Some(fastrand::u32(..).to_be_bytes()),
            (Masking::Due, Side::Server) | (Masking::None, _) => None,
        };
        let mut bytes = Vec::with_capacity(self.payload.len() + 14);
        bytes.push(u8::from(self.fin) << 7 | (self.rsv & 7) << 4 | self.opcode & 15);
        let mask_bit = if key.is_some() { 0x80 } else { 0 };
        let length = self.claim.unwrap_or(self.payload.len() as u64);
        match length {
            0..=125 => bytes.push(mask_bit | length as u8),
            126..=0xFFFF => {
                bytes.push(mask_bit | 126);
                bytes.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(mask_bit | 127);
                bytes.extend_from_slice(&length.to_be_bytes());
            }
        }
        bytes.extend(key.into_iter().flatten());
        let payload = bytes.len();
        bytes.extend_from_slice(&self.payload);
        if let Some(key) = key {
            bytes[payload..].iter_mut().zip(0..).for_each(|(byte, at): (_, usize)| *byte ^= key[at % key.len()]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_the_examples_of_the_rfc() {
        let hello = |masking, claim| OutFrame { masking, claim, ..OutFrame::new(TEXT, "Hello") };
        let key = Masking::Key([0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(
            hello(key, None).encode(Side::Server),
            [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        );
        assert_eq!(hello(Masking::None, None).encode(Side::Client)[..2], [0x81, 0x05]);
        assert_eq!(hello(Masking::Due, None).encode(Side::Server)[..2], [0x81, 0x05]);
        assert_eq!(hello(Masking::Due, None).encode(Side::Client)[..2], [0x81, 0x85]);
        assert_eq!(hello(Masking::None, Some(1 << 16)).encode(Side::Client)[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn fragments_add_up_to_the_message() {
        for (text, count) in [("Hello", 2), ("Hello", 5), ("Hello", 9), ("", 3)] {
            let frames = OutFrame::fragments(TEXT, text.as_bytes(), count);
            assert_eq!(frames.len(), count);
            assert_eq!(frames.iter().flat_map(|frame| frame.payload.clone()).collect::<Vec<_>>(), text.as_bytes());
            let opcodes: Vec<_> = frames.iter().map(|frame| (frame.opcode, frame.fin)).collect();
            assert_eq!(opcodes[0], (TEXT, false));
            assert_eq!(opcodes[count - 1], (CONTINUATION, true));
        }
    }
}
