//! Mutants of the terminal family.

pub(super) mod host;
pub(super) mod relay;
pub(super) mod viewer;

use serde_json::Value;

use super::link::Effect;
use super::wire::{BINARY, Frame};

const KNOWN: [&str; 11] = [
    "registered",
    "auth_success",
    "auth_failed",
    "browser_connected",
    "browser_disconnected",
    "session_list",
    "session_connected",
    "session_disconnected",
    "session_resize",
    "create_session",
    "error",
];

/// The payload of a binary message; `None` if the message is malformed.
fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first()?;
    let (id, payload) = rest.split_at_checked(usize::from(*length))?;
    (!id.is_empty() && std::str::from_utf8(id).is_ok()).then_some(payload)
}

/// The session id of a binary message; `None` if it is malformed.
fn session_id(bytes: &[u8]) -> Option<&[u8]> {
    let payload = payload(bytes)?;
    bytes.get(1..bytes.len() - payload.len())
}

const CLOSING: &[u8] = br#"{"type":"close_session"}"#;

fn is_closing(bytes: &[u8]) -> bool {
    payload(bytes) == Some(CLOSING)
}

fn is_whole(bytes: &[u8]) -> bool {
    payload(bytes).is_some()
}

fn early(frame: &Frame) -> Effect {
    let early = Frame { head: BINARY, masked: frame.masked, payload: b"\x011x".to_vec() };
    Effect { onward: vec![early, frame.clone()], ..Effect::default() }
}

/// What mutants of clients do with unknown input.
fn fragile(mutant: &str, message: &Value, frame: &Frame) -> Option<Effect> {
    let is_unknown = message["type"].as_str().is_some_and(|kind| !KNOWN.contains(&kind));
    match mutant {
        "fragile-to-bytes" if frame.head == BINARY && !is_whole(&frame.payload) => Some(Effect::ended(frame, 1007)),
        "closes-on-unknown" if is_unknown => Some(Effect::ended(frame, 1008)),
        _ => None,
    }
}
