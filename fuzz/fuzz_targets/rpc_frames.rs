//! Frames of rpc: no bytes panic, frames survive encoding and decoding in both forms, and the pieces of a stream make no difference.
//!
//! `cargo +nightly fuzz run rpc_frames -- -max_total_time=60`, from the root.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relayspec::rpc::{Frame, Frames, Message};

/// Small, so that inputs reach it.
const LIMIT: usize = 4096;

fn frames(bytes: &[u8], size: usize) -> (Vec<Vec<u8>>, bool) {
    let (mut frames, mut seen) = (Frames::new(LIMIT), Vec::new());
    for piece in bytes.chunks(size) {
        frames.buffer().extend_from_slice(piece);
        loop {
            match frames.next_frame() {
                Ok(Some(frame)) => seen.push(frame.to_vec()),
                Ok(None) => break,
                Err(_) => return (seen, false),
            }
        }
    }
    (seen, true)
}

fn survives(frame: &Frame) {
    let bytes = frame.encode();
    assert_eq!(Frame::decode(&bytes).as_ref(), Ok(frame));
    let json = serde_json::to_string(frame).expect("JSON");
    assert_eq!(serde_json::from_str::<Frame>(&json).ok().as_ref(), Some(frame), "{json}");
}

fuzz_target!(|bytes: &[u8]| {
    let whole = frames(bytes, bytes.len().max(1));
    for size in [1, 7] {
        assert_eq!(frames(bytes, size), whole);
    }
    for frame in whole.0.iter().map(Vec::as_slice).chain([bytes]) {
        if let Ok(frame) = Frame::decode(frame) {
            survives(&frame);
        }
    }
    // Few inputs are whole frames; more are payloads.
    if let Ok(message) = Message::decode(bytes) {
        survives(&Frame { id: 1, message });
    }
});
