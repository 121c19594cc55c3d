//! Mutants of framing and undecodable frames: RPC-03 to RPC-06.

use std::hint::black_box;
use std::mem::{replace, take};
use std::time::Duration;

use relayspec::rpc::{Frame, Frames, HEADER, MAGIC, Message};

use super::{DaemonLink, ack};
use crate::mutant::Mutant;
use crate::mutant::rpc::pass::{RpcAction, locked};

const fn closes(name: &'static str, line: &'static str) -> Mutant {
    Mutant::new(name, &["RPC-04"], line)
}

const fn answers(name: &'static str, line: &'static str) -> Mutant {
    Mutant::new(name, &["RPC-04"], line).causing(&["RPC-01"])
}

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("drops-coalesced", &["RPC-03"], "drops frames that arrive together with others")
        .causing(&["RPC-01", "RPC-02", "RPC-04", "RPC-06"]),
    Mutant::new("whole-reads", &["RPC-03"], "drops the rest of what it has read").causing(&["RPC-05", "RPC-06"]),
    Mutant::new("takes-half-a-length", &["RPC-03"], "reads half a length as a frame after earlier frames")
        .causing(&["RPC-01"]),
    Mutant::new("hasty-by-a-byte", &["RPC-03"], "answers a frame before its last byte after earlier frames")
        .causing(&["RPC-01"]),
    Mutant::new("waits-for-the-rest", &["RPC-03"], "reads no frame while another has begun after it"),
    Mutant::new("drops-what-follows", &["RPC-03"], "drops a partial header that follows a whole frame"),
    Mutant::new("one-id-for-two-at-once", &["RPC-03"], "answers one of many frames at once with the previous id")
        .causing(&["RPC-01"]),
    closes("closes-at-undecodable", "closes at an undecodable frame"),
    closes("closes-at-an-empty-payload", "closes at a frame without payload"),
    closes("closes-at-half-a-header", "closes at a frame that ends in its header"),
    closes("closes-at-another-magic", "closes at a frame with another magic"),
    closes("closes-at-an-unknown-variant", "closes at a message that there is not"),
    closes("closes-at-half-a-variant", "closes at a payload that ends in the index of its message"),
    closes("closes-at-a-truncated-payload", "closes at a message whose last byte is missing"),
    closes("closes-at-trailing-bytes", "disconnects on a message with a trailing byte"),
    closes("closes-at-a-claim-of-more", "closes at a payload that should be longer than it is"),
    closes("closes-at-a-claim-of-less", "closes at a payload that should be shorter than it is"),
    closes("closes-at-a-long-string", "closes at a string that ends beyond all"),
    closes("closes-at-a-large-map", "closes at a map of more entries than there can be"),
    closes("closes-at-bad-utf-8", "disconnects on a string that is not UTF-8"),
    closes("closes-at-an-option-of-2", "closes at an option that is neither 0 nor 1"),
    closes("closes-at-json", "closes at a payload of JSON"),
    answers("answers-undecodable", "answers an undecodable frame"),
    answers("answers-another-magic", "answers whatever the magic is"),
    answers("answers-a-truncated-payload", "answers a message whose last byte is missing"),
    answers("answers-trailing-bytes", "answers a message with a trailing byte"),
    answers("answers-a-claim-of-more", "answers a payload that should be longer than it is"),
    answers("answers-a-claim-of-less", "answers a payload that should be shorter than it is"),
    answers("answers-bad-utf-8", "answers a string that is not UTF-8"),
    answers("answers-an-option-of-2", "answers an option that is neither 0 nor 1"),
    answers("answers-json", "answers a payload of JSON"),
    answers("answers-json-late", "answers a JSON payload after the frames that followed it"),
    Mutant::new("small-limit", &["RPC-05"], "rejects frames above 1 MiB"),
    Mutant::new("takes-any-length", &["RPC-05"], "waits for frames of any length"),
    Mutant::new("waits-where-one-begins", &["RPC-05"], "keeps a connection open after the start of a too long frame"),
    Mutant::new("takes-memory", &["RPC-05"], "allocates memory for a length that it refuses"),
    Mutant::new("one-at-a-time", &["RPC-06"], "serves one connection at a time").starving(),
    Mutant::new("deaf-to-others", &["RPC-06"], "ignores idle connections after another sent a length that it refuses"),
];

/// The name that mutants use for an undecodable frame.
fn case(bytes: &[u8]) -> &'static str {
    let Some((header, payload)) = bytes.split_first_chunk::<HEADER>() else {
        return if bytes.len() == 4 { "no-content" } else { "half-a-header" };
    };
    let [.., m, n, a, b, c, d] = *header;
    let claimed = u32::from_be_bytes([a, b, c, d]) as usize;
    let size = payload.get(4..12).and_then(|size| size.try_into().ok()).map(u64::from_le_bytes);
    let longer = [payload, &[0]].concat();
    let shorter = &payload[..payload.len().saturating_sub(1)];
    match payload {
        _ if [m, n] != MAGIC => "another-magic",
        _ if claimed > payload.len() => "a-claim-of-more",
        _ if claimed < payload.len() => "a-claim-of-less",
        [] => "an-empty-payload",
        [_] | [_, _] | [_, _, _] => "half-a-variant",
        [b'{', ..] => "json",
        [variant, ..] if *variant > 7 => "an-unknown-variant",
        _ if Message::decode(&longer).is_ok() => "a-truncated-payload",
        _ if Message::decode(shorter).is_ok() => "trailing-bytes",
        _ if size > Some(payload.len() as u64) => "a-long-string",
        [.., 0xFF] => "a-large-map",
        [.., 2] => "an-option-of-2",
        _ => "bad-utf-8",
    }
}

pub(super) fn undecodable(connection: &mut DaemonLink, bytes: &[u8], action: &mut RpcAction) {
    let (mutant, case) = (connection.mutant, case(bytes));
    let is_meant = |what: &str| what == "undecodable" || what == case;
    if mutant.strip_prefix("closes-at-").is_some_and(is_meant) {
        action.ends = true;
    }
    if mutant.strip_prefix("answers-").is_some_and(is_meant) {
        action.back.extend(ack(99));
    }
    connection.owes |= mutant == "answers-json-late" && case == "json";
}

pub(super) fn answered(connection: &mut DaemonLink, bytes: &[u8]) -> Option<Vec<u8>> {
    take(&mut connection.owes).then(|| [bytes, &ack(99)].concat())
}

/// Handles whole frames of a client, and whether more bytes follow.
pub(super) fn read(connection: &mut DaemonLink, count: usize, frames: &mut Frames, action: &mut RpcAction) {
    let rest = frames.buffer();
    let has_spoken = connection.asked > 0;
    match connection.mutant {
        "whole-reads" => rest.clear(),
        "drops-what-follows" if count > 0 && rest.len() < HEADER => rest.clear(),
        "takes-half-a-length" if has_spoken && rest.len() == 2 => action.back.extend(ack(99)),
        "hasty-by-a-byte" if has_spoken => {
            if let Ok(frame) = Frame::decode(&[&rest[..], &[0]].concat()) {
                action.back.extend(ack(frame.id));
            }
        }
        "waits-for-the-rest" => {
            connection.held.append(&mut action.onward);
            if rest.is_empty() {
                action.onward = take(&mut connection.held);
            }
        }
        _ => {}
    }
}

/// A client has claimed a frame that is too long.
pub(super) fn too_long(connection: &DaemonLink, frames: &mut Frames, action: &mut RpcAction) {
    let mut state = locked(&connection.state);
    state.liar = connection.number;
    let is_first = !replace(&mut state.has_taken, true);
    if connection.mutant == "takes-memory" && is_first {
        black_box(vec![1_u8; 100 << 20]);
        action.delay = Duration::from_millis(100);
    }
    action.ends = connection.mutant != "waits-where-one-begins" || frames.buffer().len() <= 4;
}

pub(super) fn is_ignored(connection: &DaemonLink) -> bool {
    connection.mutant == "deaf-to-others" && connection.asked == 0 && connection.number < locked(&connection.state).liar
}
