//! What somebody in the middle makes of a frame.

use std::time::Duration;

use serde_json::Value;

use super::Frame;

/// Which way something goes: in, from who has connected, or out to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

/// What comes of a frame.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) onward: Vec<Frame>,
    pub(crate) back: Vec<Frame>,
    /// For everybody else who has connected.
    pub(crate) others: Vec<Frame>,
    pub(crate) ends: bool,
    pub(crate) delay: Duration,
}

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8A;

pub(crate) fn said(message: &Value, like: &Frame) -> Said {
    let payload = message.to_string().into_bytes();
    Said { onward: vec![Frame { payload, ..like.clone() }], ..Said::default() }
}

pub(crate) fn replaced(message: &Value, name: &str, value: Value, like: &Frame) -> Said {
    let mut message = message.clone();
    message[name] = value;
    said(&message, like)
}

pub(crate) fn altered(frame: &Frame) -> Said {
    let mut frame = frame.clone();
    if let Some(last) = frame.payload.last_mut() {
        *last ^= 1;
    }
    Said { onward: vec![frame], ..Said::default() }
}

pub(crate) fn unmasked(frame: &Frame) -> Frame {
    Frame { masked: false, ..frame.clone() }
}

pub(crate) fn told_to_all(frame: &Frame) -> Said {
    Said { onward: vec![frame.clone()], others: vec![unmasked(frame)], ..Said::default() }
}

/// The answer to a Ping of the server.
pub(crate) fn pong(ping: &Frame) -> Frame {
    Frame { head: PONG, masked: true, payload: ping.payload.clone() }
}

pub(crate) fn code(frame: &Frame) -> u16 {
    frame.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))
}

pub(crate) fn closing(code: u16, masked: bool) -> Frame {
    Frame { head: CLOSE, masked, payload: code.to_be_bytes().to_vec() }
}

pub(crate) fn closed(code: u16) -> Said {
    Said { onward: vec![closing(code, false)], ..Said::default() }
}

/// The connection ends, instead of passing a frame on.
pub(crate) fn ended(frame: &Frame, code: u16) -> Said {
    let back = vec![closing(code, !frame.masked)];
    Said { onward: vec![closing(code, frame.masked)], back, ends: true, ..Said::default() }
}
