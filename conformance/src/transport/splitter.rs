//! Cuts a stream into frames that each stand behind their length in 4 bytes, big-endian. What is in them is for others.

use bytes::BytesMut;

use super::decode::Arrival;

/// The longest frame that the runner takes, in bytes.
const LONGEST_FRAME: usize = 64 << 20;
/// The bytes of a length.
const PREFIX: usize = 4;

/// Bytes in, frames out, their lengths in front.
#[derive(Debug, Default)]
pub struct FrameSplitter {
    buffer: BytesMut,
    /// A length that is longer than any here: where the next frame begins nobody knows.
    broken: bool,
}

impl FrameSplitter {
    /// Takes bytes, and tells `see` of each frame that is complete. One that is too long is told as its mere length, and nothing after it.
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
    fn pieces_make_no_difference() {
        let stream = [0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0, 0, 3, 1];
        let whole = [vec![0, 0, 0, 2, 7, 8], vec![0, 0, 0, 0], vec![0, 0, 0, 1, 9]];
        for step in 1..=stream.len() {
            assert_eq!(frames(&stream, step), whole, "in pieces of {step}");
        }
    }

    #[test]
    fn a_length_that_is_too_long_is_the_last() {
        for step in [1, 5] {
            assert_eq!(frames(&[0, 0, 0, 0, 0xFF, 0, 0, 0, 0, 0, 0, 0], step), [vec![0; 4], vec![0xFF, 0, 0, 0]]);
        }
    }
}
