//! What a mutant makes of a connection, frame by frame.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::pairing::relay::Sessions;
use super::sync::server::Clients;
use super::terminal::relay::Terminals;
use super::wire::{CLOSE, Frame, PONG, TEXT};

/// Which way something goes: in, from who has connected, or out to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// How one side of a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// It will say no more (FIN).
    Ended,
    /// It was reset (RST).
    Reset,
}

/// What all connections share.
#[derive(Debug, Default)]
pub(super) struct House {
    /// How many connections there were.
    pub(super) connections: usize,
    /// How many bytes have gone through, in all.
    pub(super) bytes: usize,
    /// What a mutant counts.
    pub(super) count: usize,
    /// What was kept for later.
    pub(super) kept: Option<Frame>,
    /// What is known by name.
    pub(super) known: BTreeMap<String, Value>,
    /// What goes to a connection, by its number, before whatever else does next.
    pub(super) mail: BTreeMap<usize, Vec<Frame>>,
    /// Who was turned away for a violation of RFC 6455, by number.
    pub(super) violators: Vec<usize>,
    /// What is known of the sessions of a pairing relay.
    pub(super) sessions: Sessions,
    /// What is known of the sessions of a terminal relay.
    pub(super) terminals: Terminals,
    /// What is known of the clients of a sync server.
    pub(super) clients: Clients,
}

impl House {
    /// Something goes to a connection, before whatever else does next.
    pub(super) fn post(&mut self, number: usize, frame: Frame) {
        self.mail.entry(number).or_default().push(frame);
    }

    /// What is there for a connection.
    pub(super) fn mail(&mut self, number: usize) -> Vec<Frame> {
        self.mail.remove(&number).unwrap_or_default()
    }
}

/// What comes of a frame.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) onward: Vec<Frame>,
    pub(super) back: Vec<Frame>,
    /// For everybody else who has connected.
    pub(super) others: Vec<Frame>,
    /// Where it is for one of them alone: its number.
    pub(super) only: Option<usize>,
    /// Whether the connection ends with it.
    pub(super) ends: bool,
    /// How long it takes.
    pub(super) delay: Duration,
    /// How much longer where nothing came for a while before it.
    pub(super) start: Duration,
}

/// What comes of a request.
#[derive(Debug)]
pub(super) enum Admission {
    /// It goes on, perhaps altered.
    Onward,
    /// It is answered here, with this.
    Answered(&'static str),
    /// Nobody hears of it.
    Ignored,
}

/// One connection with a mutant.
pub(super) trait Link: Send {
    /// A request for the connection goes by; its head may be altered.
    fn asks(&mut self, _head: &mut Vec<u8>, _house: &mut House) -> Admission {
        Admission::Onward
    }

    /// What is said to who has connected before anything else is.
    fn opens(&mut self) -> Vec<Frame> {
        Vec::new()
    }

    /// The answer to the request goes by.
    fn answered(&mut self, _head: &[u8], _house: &mut House) {}

    /// How many connections are made at the same time that nobody uses.
    fn beside(&self) -> usize {
        0
    }

    /// Whether a request that is not answered is given up here, in time.
    fn hurries(&self) -> bool {
        false
    }

    /// A frame goes by.
    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said;

    /// One side has ended; whether the other is told.
    fn ends(&mut self, _way: Way, _loss: Loss, _house: &mut House) -> bool {
        true
    }

    /// A frame goes by that is too long to be looked at; a code to close with instead, given its first byte.
    fn large(&mut self, _way: Way, _head: u8) -> Option<u16> {
        None
    }

    /// Whether what waits for a peer that does not read is kept without bound.
    fn hoards(&self) -> bool {
        false
    }
}

/// A connection that nothing happens to.
#[derive(Debug)]
pub(super) struct Faithful;

impl Link for Faithful {
    fn says(&mut self, _: Way, frame: Frame, _: &mut House) -> Said {
        Said::whole(&frame)
    }
}

impl Said {
    /// The frame as it came.
    pub(super) fn whole(frame: &Frame) -> Self {
        Self { onward: vec![frame.clone()], ..Self::default() }
    }

    /// Nothing comes of it.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// The frame as it came, and a message for somebody else.
    pub(super) fn telling(number: usize, message: &Value, frame: &Frame) -> Self {
        Self { others: vec![text(message, frame)], only: Some(number), ..Self::whole(frame) }
    }

    /// It comes several times.
    pub(super) fn times(frame: &Frame, times: usize) -> Self {
        Self { onward: vec![frame.clone(); times], ..Self::default() }
    }

    /// It comes late.
    pub(super) fn late(frame: &Frame, delay: Duration) -> Self {
        Self { delay, ..Self::whole(frame) }
    }

    /// It comes late where nothing came for a while before it: who is slow to start keeps up when there is much to do.
    pub(super) fn slow(frame: &Frame, start: Duration) -> Self {
        Self { start, ..Self::whole(frame) }
    }

    /// Another message in its place, as text.
    pub(super) fn text(message: &Value, like: &Frame) -> Self {
        Self { onward: vec![text(message, like)], ..Self::default() }
    }

    /// Another payload in its place.
    pub(super) fn payload(payload: Vec<u8>, like: &Frame) -> Self {
        Self { onward: vec![Frame { payload, ..like.clone() }], ..Self::default() }
    }

    /// The message with another value of a member.
    pub(super) fn with(message: &Value, name: &str, value: Value, like: &Frame) -> Self {
        let mut message = message.clone();
        message[name] = value;
        Self::text(&message, like)
    }

    /// The last byte is another one.
    pub(super) fn altered(frame: &Frame) -> Self {
        let mut frame = frame.clone();
        if let Some(last) = frame.payload.last_mut() {
            *last ^= 1;
        }
        Self { onward: vec![frame], ..Self::default() }
    }

    /// A Close frame to who has connected, in the place of another frame.
    pub(super) fn closed(code: u16) -> Self {
        Self { onward: vec![closing(code, false)], ..Self::default() }
    }

    /// The connection ends with a code, instead of passing a frame on.
    pub(super) fn ended(frame: &Frame, code: u16) -> Self {
        let back = vec![closing(code, !frame.masked)];
        Self { onward: vec![closing(code, frame.masked)], back, ends: true, ..Self::default() }
    }

    /// It goes on, and to everybody else too.
    pub(super) fn told_to_all(frame: &Frame) -> Self {
        Self { others: vec![unmasked(frame)], ..Self::whole(frame) }
    }

    /// And this goes on behind it.
    pub(super) fn then(mut self, frame: Frame) -> Self {
        self.onward.push(frame);
        self
    }

    /// And this goes back to who said it.
    pub(super) fn answered(mut self, frame: Frame) -> Self {
        self.back.push(frame);
        self
    }
}

/// A message as a frame of text, from the same side as another.
pub(super) fn text(message: &Value, like: &Frame) -> Frame {
    Frame { head: TEXT, payload: message.to_string().into_bytes(), masked: like.masked }
}

pub(super) fn unmasked(frame: &Frame) -> Frame {
    Frame { masked: false, ..frame.clone() }
}

pub(super) fn masked(frame: &Frame) -> Frame {
    Frame { masked: true, ..frame.clone() }
}

/// The answer to a Ping, by the other side.
pub(super) fn pong(ping: &Frame) -> Frame {
    Frame { head: PONG, masked: !ping.masked, payload: ping.payload.clone() }
}

pub(super) fn closing(code: u16, masked: bool) -> Frame {
    Frame { head: CLOSE, masked, payload: code.to_be_bytes().to_vec() }
}

/// The message of a text frame; null where it is none.
pub(super) fn message(frame: &Frame) -> Value {
    match frame.head {
        TEXT => serde_json::from_slice(&frame.payload).unwrap_or_default(),
        _ => Value::Null,
    }
}
