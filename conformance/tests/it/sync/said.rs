//! What a flaw makes of a frame.

use serde_json::Value;

use crate::support::middleman::{Frame, Said};

pub(super) const TEXT: u8 = 0x81;
pub(super) const CLOSE: u8 = 0x88;
pub(super) const PONG: u8 = 0x8A;

pub(super) fn said(message: &Value, like: &Frame) -> Said {
    let payload = message.to_string().into_bytes();
    Said { onward: vec![Frame { payload, ..like.clone() }], ..Said::default() }
}

pub(super) fn replaced(message: &Value, name: &str, value: Value, like: &Frame) -> Said {
    let mut message = message.clone();
    message[name] = value;
    said(&message, like)
}

fn unmasked(frame: &Frame) -> Frame {
    Frame { masked: false, ..frame.clone() }
}

pub(super) fn told_to_all(frame: &Frame) -> Said {
    Said { onward: vec![frame.clone()], others: vec![unmasked(frame)], ..Said::default() }
}

pub(super) fn code(frame: &Frame) -> u16 {
    frame.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))
}

fn closing(code: u16, masked: bool) -> Frame {
    Frame { head: CLOSE, masked, payload: code.to_be_bytes().to_vec() }
}

pub(super) fn closed(code: u16) -> Said {
    Said { onward: vec![closing(code, false)], ..Said::default() }
}

/// The connection ends, instead of passing a frame on.
pub(super) fn ended(frame: &Frame, code: u16) -> Said {
    let back = vec![closing(code, !frame.masked)];
    Said { onward: vec![closing(code, frame.masked)], back, ends: true, ..Said::default() }
}
