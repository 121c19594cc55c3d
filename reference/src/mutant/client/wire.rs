//! What a shared mutant does with a client's connection.

use std::time::Duration;

use serde_json::Value;

use crate::mutant::link::{self, Admission, Effect, Flow, Link, Links, Loss};
use crate::mutant::wire::{BINARY, Frame, PONG, TEXT};

const MORE: &[u8] = b"\xa4more";
/// The length from which a message is long.
const LONG: usize = 512 << 10;

const STAYS_AWAY: &str = "stays-away";

#[derive(Debug)]
pub(crate) struct WireMutant {
    mutant: &'static str,
    is_closing: bool,
    has_received: bool,
    has_had_enough: bool,
    sum: usize,
}

impl WireMutant {
    pub(crate) fn new(mutant: &'static str) -> Self {
        Self { mutant, is_closing: false, has_received: false, has_had_enough: false, sum: 0 }
    }
}

impl Link for WireMutant {
    fn asks(&mut self, _: &mut Vec<u8>, state: &mut Links) -> Admission {
        if state.known.contains_key(STAYS_AWAY) { Admission::Ignored } else { Admission::Onward }
    }

    fn answered(&mut self, head: &[u8], state: &mut Links) {
        if self.mutant == "away-after-refusals" && !head.starts_with(b"HTTP/1.1 101 ") {
            state.known.insert(STAYS_AWAY.to_owned(), true.into());
        }
    }

    fn ends(&mut self, flow: Flow, loss: Loss, _: &mut Links) -> bool {
        match (self.mutant, flow, loss) {
            ("ignores-ends", Flow::Out, Loss::Ended) | ("ignores-resets", Flow::Out, Loss::Reset) => self.is_closing,
            ("lingers", Flow::In, _) => !self.is_closing,
            _ => true,
        }
    }

    fn beside(&self) -> usize {
        match self.mutant {
            "parallel" => 1,
            "ten-at-once" => 9,
            _ => 0,
        }
    }

    fn hurries(&self) -> bool {
        self.mutant == "hangs-without-success"
    }

    fn large(&mut self, flow: Flow, _: u8) -> Option<u16> {
        (flow == Flow::Out && self.mutant == "small-buffer").then_some(1009)
    }

    fn on_frame(&mut self, flow: Flow, frame: Frame, state: &mut Links) -> Effect {
        let close = frame.close_code();
        let action = match flow {
            Flow::In => self.incoming(&frame, close, state),
            Flow::Out => self.outgoing(&frame, close, state),
        };
        self.is_closing |= close > 0;
        self.has_received |= flow == Flow::Out;
        action.unwrap_or_else(|| Effect::whole(&frame))
    }
}

impl WireMutant {
    fn incoming(&mut self, frame: &Frame, close: u16, state: &mut Links) -> Option<Effect> {
        let is_violation = matches!(close, 1002 | 1007);
        let stops = matches!(close, 1000 | 1001) && !self.is_closing;
        Some(match self.mutant {
            "stops-without-close" if stops => Effect { ends: true, ..Effect::nothing() },
            "stops-with-1011" if stops => Effect::payload(1011_u16.to_be_bytes().to_vec(), frame),
            "deaf" if frame.head == PONG => Effect::nothing(),
            "parrot" if frame.head == PONG => Effect::payload(b"x".to_vec(), frame),
            "slow" => Effect::slow(frame, Duration::from_millis(60)),
            "impolite" if close > 0 && self.is_closing => Effect { ends: true, ..Effect::nothing() },
            "ends-behind-long-messages" if self.has_had_enough && frame.head == PONG => {
                Effect { ends: true, ..Effect::whole(frame) }
            }
            "unmasked" => Effect { onward: vec![link::unmasked(frame)], ..Effect::default() },
            "away-after-too-much" if close == 1009 => {
                state.known.insert(STAYS_AWAY.to_owned(), true.into());
                return None;
            }
            "too-large-fragments-1002" if close == 1009 && self.sum > 0 => {
                Effect::payload(1002_u16.to_be_bytes().to_vec(), frame)
            }
            "too-large-1002" if close == 1009 => Effect::payload(1002_u16.to_be_bytes().to_vec(), frame),
            "violation-1000" if is_violation => Effect::payload(1000_u16.to_be_bytes().to_vec(), frame),
            "violation-drops" if is_violation => Effect { ends: true, ..Effect::nothing() },
            "violation-stays-away" if is_violation => {
                state.known.insert(STAYS_AWAY.to_owned(), true.into());
                return None;
            }
            _ => return None,
        })
    }

    fn outgoing(&mut self, frame: &Frame, close: u16, state: &mut Links) -> Option<Effect> {
        let is_text = frame.head == TEXT;
        let utf8 = std::str::from_utf8(&frame.payload);
        let opcode = frame.head & 0x0F;
        if frame.is_message() {
            let before = if opcode == 0 { self.sum } else { 0 };
            self.sum = if frame.is_fragment() { before + frame.payload.len() } else { 0 };
        }
        Some(match self.mutant {
            "small-sum" if self.sum >= 512 << 10 => Effect::ended(frame, 1009),
            "away-after-close" if close > 0 && !self.is_closing => {
                state.known.insert(STAYS_AWAY.to_owned(), true.into());
                return None;
            }
            "fragments-apart" if matches!(frame.head, 1 | 2) => {
                Effect { onward: vec![Frame { head: frame.head | 0x80, ..frame.clone() }], ..Effect::default() }
            }
            "fragments-apart" if opcode == 0 => Effect::nothing(),
            "strict-members" if has_more(frame) => Effect::nothing(),
            "small-buffer" if frame.payload.len() >= 64 << 10 => Effect::ended(frame, 1009),
            "ends-behind-long-messages" if frame.payload.len() > LONG => {
                self.has_had_enough = true;
                return None;
            }
            "takes-reserved-opcodes" if matches!(opcode, 3..=7 | 11..) => Effect::nothing(),
            "takes-reserved-bits" if frame.head & 0x70 != 0 => {
                Effect { onward: vec![Frame { head: frame.head & !0x70, ..frame.clone() }], ..Effect::default() }
            }
            "takes-masked" if frame.masked => Effect { onward: vec![link::unmasked(frame)], ..Effect::default() },
            "takes-bad-utf-8" if is_text && utf8.is_err() => {
                Effect::payload(String::from_utf8_lossy(&frame.payload).into_owned().into_bytes(), frame)
            }
            "closes-on-json" if is_text && utf8.is_ok() && link::message(frame).is_null() => Effect::ended(frame, 1007),
            "shallow" if is_text && frame.payload.starts_with(b"[[[[") => Effect::ended(frame, 1007),
            "talks-nonsense" if !self.has_received && matches!(frame.head, TEXT | BINARY) => Effect::whole(frame)
                .answered(Frame { head: TEXT, masked: true, payload: br#"{"type":"hello"}"#.to_vec() }),
            _ => return None,
        })
    }
}

/// Whether a message has an unknown member, in JSON or in MessagePack.
fn has_more(frame: &Frame) -> bool {
    let message: Value = link::message(frame);
    let is_packed = frame.head == BINARY && frame.payload.windows(MORE.len()).any(|bytes| bytes == MORE);
    is_packed || !message["more"].is_null() || !message["data"]["more"].is_null()
}
