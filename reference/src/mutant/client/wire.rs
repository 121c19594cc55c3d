//! What a shared mutant makes of a client's connection.

use std::time::Duration;

use serde_json::Value;

use crate::mutant::link::{self, Admission, House, Link, Loss, Said, Way};
use crate::mutant::wire::{BINARY, Frame, PONG, TEXT};

/// The name of the member in MessagePack.
const MORE: &[u8] = b"\xa4more";
/// A message from here on is long.
const LONG: usize = 512 << 10;

/// What is remembered of connections that came before.
const STAYS_AWAY: &str = "stays-away";

/// One connection of a client.
#[derive(Debug)]
pub(crate) struct Wire {
    mutant: &'static str,
    /// A Close frame came, or went, first.
    is_closing: bool,
    /// The server has spoken.
    has_heard: bool,
    /// The server has sent a long message.
    has_had_enough: bool,
    /// How many bytes of a message in fragments the server has sent.
    sum: usize,
}

impl Wire {
    pub(crate) fn new(mutant: &'static str) -> Self {
        Self { mutant, is_closing: false, has_heard: false, has_had_enough: false, sum: 0 }
    }
}

impl Link for Wire {
    fn asks(&mut self, _: &mut Vec<u8>, house: &mut House) -> Admission {
        if house.known.contains_key(STAYS_AWAY) { Admission::Ignored } else { Admission::Onward }
    }

    fn answered(&mut self, head: &[u8], house: &mut House) {
        if self.mutant == "away-after-refusals" && !head.starts_with(b"HTTP/1.1 101 ") {
            house.known.insert(STAYS_AWAY.to_owned(), true.into());
        }
    }

    fn ends(&mut self, way: Way, loss: Loss, _: &mut House) -> bool {
        match (self.mutant, way, loss) {
            ("ignores-ends", Way::Out, Loss::Ended) | ("ignores-resets", Way::Out, Loss::Reset) => self.is_closing,
            ("lingers", Way::In, _) => !self.is_closing,
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

    fn large(&mut self, way: Way, _: u8) -> Option<u16> {
        (way == Way::Out && self.mutant == "small-buffer").then_some(1009)
    }

    fn says(&mut self, way: Way, frame: Frame, house: &mut House) -> Said {
        let close = frame.close_code();
        let said = match way {
            Way::In => self.heard(&frame, close, house),
            Way::Out => self.told(&frame, close, house),
        };
        self.is_closing |= close > 0;
        self.has_heard |= way == Way::Out;
        said.unwrap_or_else(|| Said::whole(&frame))
    }
}

impl Wire {
    /// From the client.
    fn heard(&mut self, frame: &Frame, close: u16, house: &mut House) -> Option<Said> {
        let is_violation = matches!(close, 1002 | 1007);
        let stops = matches!(close, 1000 | 1001) && !self.is_closing;
        Some(match self.mutant {
            "stops-without-close" if stops => Said { ends: true, ..Said::nothing() },
            "stops-with-1011" if stops => Said::payload(1011_u16.to_be_bytes().to_vec(), frame),
            "deaf" if frame.head == PONG => Said::nothing(),
            "parrot" if frame.head == PONG => Said::payload(b"x".to_vec(), frame),
            "slow" => Said::slow(frame, Duration::from_millis(60)),
            "impolite" if close > 0 && self.is_closing => Said { ends: true, ..Said::nothing() },
            "ends-behind-long-messages" if self.has_had_enough && frame.head == PONG => {
                Said { ends: true, ..Said::whole(frame) }
            }
            "unmasked" => Said { onward: vec![link::unmasked(frame)], ..Said::default() },
            "away-after-too-much" if close == 1009 => {
                house.known.insert(STAYS_AWAY.to_owned(), true.into());
                return None;
            }
            "too-large-fragments-1002" if close == 1009 && self.sum > 0 => {
                Said::payload(1002_u16.to_be_bytes().to_vec(), frame)
            }
            "too-large-1002" if close == 1009 => Said::payload(1002_u16.to_be_bytes().to_vec(), frame),
            "violation-1000" if is_violation => Said::payload(1000_u16.to_be_bytes().to_vec(), frame),
            "violation-drops" if is_violation => Said { ends: true, ..Said::nothing() },
            "violation-stays-away" if is_violation => {
                house.known.insert(STAYS_AWAY.to_owned(), true.into());
                return None;
            }
            _ => return None,
        })
    }

    /// From the server.
    fn told(&mut self, frame: &Frame, close: u16, house: &mut House) -> Option<Said> {
        let is_text = frame.head == TEXT;
        let utf8 = std::str::from_utf8(&frame.payload);
        let opcode = frame.head & 0x0F;
        if frame.is_message() {
            let before = if opcode == 0 { self.sum } else { 0 };
            self.sum = if frame.is_fragment() { before + frame.payload.len() } else { 0 };
        }
        Some(match self.mutant {
            "small-sum" if self.sum >= 512 << 10 => Said::ended(frame, 1009),
            "away-after-close" if close > 0 && !self.is_closing => {
                house.known.insert(STAYS_AWAY.to_owned(), true.into());
                return None;
            }
            "fragments-apart" if matches!(frame.head, 1 | 2) => {
                Said { onward: vec![Frame { head: frame.head | 0x80, ..frame.clone() }], ..Said::default() }
            }
            "fragments-apart" if opcode == 0 => Said::nothing(),
            "strict-members" if has_more(frame) => Said::nothing(),
            "small-buffer" if frame.payload.len() >= 64 << 10 => Said::ended(frame, 1009),
            "ends-behind-long-messages" if frame.payload.len() > LONG => {
                self.has_had_enough = true;
                return None;
            }
            "takes-reserved-opcodes" if matches!(opcode, 3..=7 | 11..) => Said::nothing(),
            "takes-reserved-bits" if frame.head & 0x70 != 0 => {
                Said { onward: vec![Frame { head: frame.head & !0x70, ..frame.clone() }], ..Said::default() }
            }
            "takes-masked" if frame.masked => Said { onward: vec![link::unmasked(frame)], ..Said::default() },
            "takes-bad-utf-8" if is_text && utf8.is_err() => {
                Said::payload(String::from_utf8_lossy(&frame.payload).into_owned().into_bytes(), frame)
            }
            "closes-on-json" if is_text && utf8.is_ok() && link::message(frame).is_null() => Said::ended(frame, 1007),
            "shallow" if is_text && frame.payload.starts_with(b"[[[[") => Said::ended(frame, 1007),
            "talks-nonsense" if !self.has_heard && matches!(frame.head, TEXT | BINARY) => Said::whole(frame)
                .answered(Frame { head: TEXT, masked: true, payload: br#"{"type":"hello"}"#.to_vec() }),
            _ => return None,
        })
    }
}

/// Whether a message has a member that nobody knows, in JSON or in MessagePack.
fn has_more(frame: &Frame) -> bool {
    let message: Value = link::message(frame);
    let is_packed = frame.head == BINARY && frame.payload.windows(MORE.len()).any(|bytes| bytes == MORE);
    is_packed || !message["more"].is_null() || !message["data"]["more"].is_null()
}
