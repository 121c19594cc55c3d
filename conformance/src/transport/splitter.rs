//! Splits a stream into frames, each prefixed with its length in 4 bytes, big-endian. It does not look inside them.

use bytes::BytesMut;

use super::arrival::Arrival;

/// The longest frame that the runner accepts, in bytes.
const LONGEST_FRAME: usize = 64 << 20;
/// The size of a length, in bytes.
const PREFIX: usize = 4;

/// Turns bytes into frames, which keep their length prefix.
#[derive(Debug, Default)]
pub struct FrameSplitter {
    buffer: BytesMut,
    /// A length exceeded the limit, so that the start of the next frame is unknown.
    broken: bool,
}

impl FrameSplitter {
    /// Passes each complete frame to `see`. Of a frame that is too long only the length is passed on, and nothing after it.
    pub fn feed(&mut self, bytes: &[u8], see: &mut dyn FnMut(Arrival)) {
        if self.broken {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        while let Some(prefix) = self.buffer.first_chunk::<PREFIX>() {
            let length = u32::from_be_bytes(*prefix) as usize;
            if length > LONGEST_FRAME {
                self.broken = true;
                see(Arrival::Binary(self.buffer.split_to(PREFIX).freeze()));
                self.buffer.clear();
                return;
            }
            if self.buffer.len() < PREFIX + length {
                return;
            }
            see(Arrival::Binary(self.buffer.split_to(PREFIX + length).freeze()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8], step: usize) -> Vec<Vec<u8>> {
        let (mut splitter, mut seen) = (FrameSplitter::default(), Vec::new());
        for piece in bytes.chunks(step) {
            splitter.feed(piece, &mut |arrival| match arrival {
                Arrival::Binary(frame) => seen.push(frame.to_vec()),
                other => panic!("{other:?}"),
            });
        }
        seen
    }

    #[test]
    fn chunk_size_makes_no_difference() {
        let stream = [0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0, 0, 3, 1];
        let whole = [vec![0, 0, 0, 2, 7, 8], vec![0, 0, 0, 0], vec![0, 0, 0, 1, 9]];
        for step in 1..=stream.len() {
            assert_eq!(frames(&stream, step), whole, "in pieces of {step}");
        }
    }

    #[test]
    fn stops_after_a_length_beyond_the_limit() {
        for step in [1, 5] {
            assert_eq!(frames(&[0, 0, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0], step), [vec![0; 4], vec![0xFF, 0, 0, 0]]);
        }
    }
}
