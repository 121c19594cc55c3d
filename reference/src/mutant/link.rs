//! What a mutant does with a connection, frame by frame.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::pairing::relay::sessions::PairingSessions;
use super::sync::server::clients::SyncClients;
use super::terminal::relay::sessions::TerminalSessions;
use super::wire::{CLOSE, Frame, PONG, TEXT};

pub(super) use super::wire::{Flow, Loss};

#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) connections: usize,
    pub(super) bytes: usize,
    pub(super) count: usize,
    pub(super) kept: Option<Frame>,
    pub(super) known: BTreeMap<String, Value>,
    /// Frames for a connection, by its number, to be sent before its next frame.
    pub(super) mail: BTreeMap<usize, Vec<Frame>>,
    /// Connections that were closed for a violation of RFC 6455.
    pub(super) violators: Vec<usize>,
    pub(super) sessions: PairingSessions,
    pub(super) terminals: TerminalSessions,
    pub(super) clients: SyncClients,
}

impl Links {
    pub(super) fn post(&mut self, number: usize, frame: Frame) {
        self.mail.entry(number).or_default().push(frame);
    }

    pub(super) fn mail(&mut self, number: usize) -> Vec<Frame> {
        self.mail.remove(&number).unwrap_or_default()
    }
}

/// What happens instead of forwarding a frame.
#[derive(Debug, Default)]
pub(super) struct Effect {
    pub(super) onward: Vec<Frame>,
    pub(super) back: Vec<Frame>,
    /// Frames for other connections.
    pub(super) others: Vec<Frame>,
    /// The number of the only other connection that receives them.
    pub(super) only: Option<usize>,
    pub(super) ends: bool,
    pub(super) delay: Duration,
    /// An additional delay after an idle period.
    pub(super) start: Duration,
}

/// What happens to a request.
#[derive(Debug)]
pub(super) enum Admission {
    Onward,
    /// It is answered with this response.
    Answered(&'static str),
    Ignored,
}

/// One connection with a mutant.
pub(super) trait Link: Send {
    /// Handles the request of the connection, whose head may be altered.
    fn asks(&mut self, _head: &mut Vec<u8>, _state: &mut Links) -> Admission {
        Admission::Onward
    }

    /// Frames to send to the client first.
    fn opens(&mut self) -> Vec<Frame> {
        Vec::new()
    }

    /// Observes the response to the request.
    fn answered(&mut self, _head: &[u8], _state: &mut Links) {}

    /// The number of unused connections to open at the same time.
    fn beside(&self) -> usize {
        0
    }

    /// Whether the connect time-out is enforced here.
    fn hurries(&self) -> bool {
        false
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect;

    /// Handles the end of one side; whether it is forwarded.
    fn ends(&mut self, _way: Flow, _loss: Loss, _state: &mut Links) -> bool {
        true
    }

    /// Handles a frame that is too long to decode; the code to close with, if any.
    fn large(&mut self, _way: Flow, _head: u8) -> Option<u16> {
        None
    }

    /// Whether frames for a peer that does not read are buffered without limit.
    fn hoards(&self) -> bool {
        false
    }
}

/// A connection without a mutant.
#[derive(Debug)]
pub(super) struct PassThrough;

impl Link for PassThrough {
    fn on_frame(&mut self, _: Flow, frame: Frame, _: &mut Links) -> Effect {
        Effect::whole(&frame)
    }
}

impl Effect {
    pub(super) fn whole(frame: &Frame) -> Self {
        Self { onward: vec![frame.clone()], ..Self::default() }
    }

    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// Forwards the frame, and sends a message to another connection.
    pub(super) fn notifying(number: usize, message: &Value, frame: &Frame) -> Self {
        Self { others: vec![text(message, frame)], only: Some(number), ..Self::whole(frame) }
    }

    pub(super) fn times(frame: &Frame, times: usize) -> Self {
        Self { onward: vec![frame.clone(); times], ..Self::default() }
    }

    pub(super) fn late(frame: &Frame, delay: Duration) -> Self {
        Self { delay, ..Self::whole(frame) }
    }

    /// Delays the frame only after an idle period, so that throughput is unaffected.
    pub(super) fn slow(frame: &Frame, start: Duration) -> Self {
        Self { start, ..Self::whole(frame) }
    }

    /// Replaces the frame with another message, as text.
    pub(super) fn text(message: &Value, like: &Frame) -> Self {
        Self { onward: vec![text(message, like)], ..Self::default() }
    }

    pub(super) fn payload(payload: Vec<u8>, like: &Frame) -> Self {
        Self { onward: vec![Frame { payload, ..like.clone() }], ..Self::default() }
    }

    pub(super) fn with(message: &Value, name: &str, value: Value, like: &Frame) -> Self {
        let mut message = message.clone();
        message[name] = value;
        Self::text(&message, like)
    }

    pub(super) fn altered(frame: &Frame) -> Self {
        let mut frame = frame.clone();
        if let Some(last) = frame.payload.last_mut() {
            *last ^= 1;
        }
        Self { onward: vec![frame], ..Self::default() }
    }

    /// Replaces the frame with a Close frame to the client.
    pub(super) fn closed(code: u16) -> Self {
        Self { onward: vec![closing(code, false)], ..Self::default() }
    }

    pub(super) fn ended(frame: &Frame, code: u16) -> Self {
        let back = vec![closing(code, !frame.masked)];
        Self { onward: vec![closing(code, frame.masked)], back, ends: true, ..Self::default() }
    }

    /// Forwards the frame, and also to all other connections.
    pub(super) fn broadcast(frame: &Frame) -> Self {
        Self { others: vec![unmasked(frame)], ..Self::whole(frame) }
    }

    pub(super) fn then(mut self, frame: Frame) -> Self {
        self.onward.push(frame);
        self
    }

    pub(super) fn answered(mut self, frame: Frame) -> Self {
        self.back.push(frame);
        self
    }
}

/// A message as a text frame, masked like another.
pub(super) fn text(message: &Value, like: &Frame) -> Frame {
    Frame { head: TEXT, payload: message.to_string().into_bytes(), masked: like.masked }
}

pub(super) fn unmasked(frame: &Frame) -> Frame {
    Frame { masked: false, ..frame.clone() }
}

pub(super) fn masked(frame: &Frame) -> Frame {
    Frame { masked: true, ..frame.clone() }
}

/// The answer to a Ping, from the other side.
pub(super) fn pong(ping: &Frame) -> Frame {
    Frame { head: PONG, masked: !ping.masked, payload: ping.payload.clone() }
}

pub(super) fn closing(code: u16, masked: bool) -> Frame {
    Frame { head: CLOSE, masked, payload: code.to_be_bytes().to_vec() }
}

/// The message of a text frame; null if there is none.
pub(super) fn message(frame: &Frame) -> Value {
    match frame.head {
        TEXT => serde_json::from_slice(&frame.payload).unwrap_or_default(),
        _ => Value::Null,
    }
}
