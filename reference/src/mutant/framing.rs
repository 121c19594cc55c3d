//! Mutants of frames that servers of all families share: WIRE-03 to WIRE-07.

use super::Mutant;
use super::link::{self, Effect, Flow, Links};
use super::wire::{CLOSE, Frame, PING, PONG, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("empty-fragments-end", &["WIRE-03"], "disconnects on an empty fragment"),
    Mutant::new("no-ping-between", &["WIRE-03"], "does not answer a Ping between fragments"),
    Mutant::new("ping-spoils-message", &["WIRE-03"], "loses what follows a Ping between fragments")
        .causing(&["SYNC-60"]),
    Mutant::new("decodes-each-fragment", &["WIRE-03"], "checks each fragment of a text for UTF-8 on its own"),
    Mutant::new("parrot", &["WIRE-04"], "answers a Ping frame with different data").causing(&["WIRE-03", "TERM-04"]),
    Mutant::new("no-empty-pongs", &["WIRE-04"], "does not answer a Ping frame without data"),
    Mutant::new("short-pongs", &["WIRE-04"], "answers a Ping frame with at most 124 bytes"),
    Mutant::new("unasked-pongs-end", &["WIRE-04"], "disconnects on an unsolicited Pong"),
    Mutant::new("no-close-answer", &["WIRE-05"], "does not answer Close frames"),
    Mutant::new("no-empty-close-answer", &["WIRE-05"], "does not answer a Close frame without a code"),
    Mutant::new("no-private-close-answer", &["WIRE-05"], "does not answer a Close frame with a private code"),
    Mutant::new("lingers", &["WIRE-05"], "leaves TCP open after a Close frame"),
    Mutant::new("lingers-without-code", &["WIRE-05"], "leaves TCP open after a Close frame without a code"),
    Mutant::new("lingers-with-private-code", &["WIRE-05"], "leaves TCP open after a Close frame with a private code"),
    Mutant::new("violations-pass", &["WIRE-06"], "closes with 1000 for a violation of RFC 6455"),
    Mutant::new("tolerates-opcode-3", &["WIRE-06"], "ignores messages with a reserved opcode"),
    Mutant::new("tolerates-opcode-11", &["WIRE-06"], "ignores control frames with a reserved opcode"),
    Mutant::new("tolerates-first-bit", &["WIRE-06"], "ignores the first reserved bit"),
    Mutant::new("tolerates-no-mask", &["WIRE-06"], "accepts unmasked frames from a client").causing(&["TERM-40"]),
    Mutant::new("tolerates-no-utf-8", &["WIRE-06"], "replaces bytes that are not UTF-8")
        .causing(&["SYNC-60", "TERM-11"]),
    Mutant::new("tolerates-surrogates", &["WIRE-06"], "replaces surrogates encoded as UTF-8").causing(&["SYNC-60"]),
    Mutant::new("tolerates-orphans", &["WIRE-06"], "reads a continuation without a first fragment as a message"),
    Mutant::new("tolerates-interleaving", &["WIRE-06"], "ignores a message inside another"),
    Mutant::new("tolerates-long-pings", &["WIRE-06"], "truncates a Ping that is too long"),
    Mutant::new("tolerates-split-pings", &["WIRE-06"], "reads a fragment of a Ping as a whole one"),
    Mutant::new("tolerates-half-a-code", &["WIRE-06"], "reads half a close code as none"),
    Mutant::new("tolerates-1005", &["WIRE-06"], "accepts a close code that must not be sent"),
    Mutant::new("tolerates-any-reason", &["WIRE-06"], "accepts a close reason that is not UTF-8"),
    Mutant::new("violations-deafen", &["WIRE-06"], "loses messages to other clients after seven violations"),
    Mutant::new("seven-strikes", &["WIRE-06"], "refuses connections after seven violations in a row"),
    Mutant::new("too-large-otherwise", &["WIRE-07"], "closes with 1011 for a message that is too large"),
    Mutant::new("too-many-otherwise", &["WIRE-07"], "closes with 1011 for fragments that are too large in total"),
];

/// The number of later connections that are affected by violations.
const ROW: usize = 12;

#[derive(Debug, Default)]
pub(super) struct Framing {
    is_amid: bool,
    is_text: bool,
    was_fragmented: bool,
    close: Option<u16>,
    pings: usize,
    pongs: usize,
    was_pinged: bool,
}

impl Framing {
    pub(super) fn alters(
        &mut self,
        mutant: &str,
        number: usize,
        flow: Flow,
        frame: &Frame,
        state: &mut Links,
    ) -> Option<Effect> {
        match flow {
            Flow::In => self.incoming(mutant, frame),
            Flow::Out => self.outgoing(mutant, number, frame, state),
        }
    }

    pub(super) fn has_closed(&self) -> bool {
        self.close.is_some()
    }

    pub(super) fn is_amid(&self) -> bool {
        self.is_amid
    }

    /// Whether the server's end of the connection is hidden from the peer.
    pub(super) fn lingers(&self, mutant: &str) -> bool {
        match mutant {
            "lingers" => self.close.is_some(),
            "lingers-without-code" => self.close == Some(1005),
            "lingers-with-private-code" => self.close >= Some(4000),
            _ => false,
        }
    }

    fn incoming(&mut self, mutant: &str, frame: &Frame) -> Option<Effect> {
        let is_amid = self.is_amid;
        if frame.is_message() {
            self.is_amid = frame.head & 0x80 == 0;
            self.is_text = matches!((frame.head & 0x0F, self.is_text), (1, _) | (0, true));
            self.was_fragmented |= frame.is_fragment();
        }
        if frame.head == CLOSE {
            self.close = Some(frame.close_code());
        }
        self.pongs += usize::from(frame.head == PONG);
        let is_fragment = frame.is_fragment();
        Some(match mutant {
            "drops-fragments" if is_fragment => Effect::nothing(),
            "empty-fragments-end" if is_fragment && frame.payload.is_empty() => Effect::ended(frame, 1002),
            "no-ping-between" if is_amid && frame.head == PING => Effect::nothing(),
            "ping-spoils-message" if is_amid && frame.head == PING => {
                self.was_pinged = true;
                return None;
            }
            "ping-spoils-message" if self.was_pinged && is_fragment => {
                self.was_pinged = self.is_amid;
                Effect::payload(Vec::new(), frame)
            }
            "decodes-each-fragment" if is_fragment && self.is_text && str::from_utf8(&frame.payload).is_err() => {
                Effect::ended(frame, 1007)
            }
            "unasked-pongs-end" if frame.head == PONG && self.pongs > self.pings => Effect::ended(frame, 1002),
            _ => return tolerated(mutant, frame, is_amid),
        })
    }

    fn outgoing(&mut self, mutant: &str, number: usize, frame: &Frame, state: &mut Links) -> Option<Effect> {
        let (code, length) = (frame.close_code(), frame.payload.len());
        let is_pong = frame.head == PONG;
        self.pings += usize::from(frame.head == PING);
        if matches!(code, 1002 | 1007) {
            state.violators.push(number);
        }
        let answers = code > 0 && !matches!(code, 1002 | 1007);
        Some(match mutant {
            "parrot" if is_pong && length > 0 => Effect::payload(b"x".to_vec(), frame),
            "no-empty-pongs" if is_pong && length == 0 => Effect::nothing(),
            "short-pongs" if is_pong && length > 124 => Effect::payload(frame.payload[..124].to_vec(), frame),
            "no-close-answer" if answers && self.close.is_some() => Effect::nothing(),
            "no-empty-close-answer" if answers && self.close == Some(1005) => Effect::nothing(),
            "no-private-close-answer" if answers && self.close >= Some(4000) => Effect::nothing(),
            "violations-pass" if matches!(code, 1002 | 1007) => Effect::closed(1000),
            "too-large-otherwise" if code == 1009 && !self.was_fragmented => Effect::closed(1011),
            "too-many-otherwise" if code == 1009 && self.was_fragmented => Effect::closed(1011),
            _ => return None,
        })
    }
}

/// Repairs what RFC 6455 forbids.
fn tolerated(mutant: &str, frame: &Frame, is_amid: bool) -> Option<Effect> {
    let (payload, code) = (&*frame.payload, frame.close_code());
    let (opcode, is_valid) = (frame.head & 0x0F, str::from_utf8(payload).is_ok());
    let is_surrogate = payload.windows(2).any(|two| two[0] == 0xED && two[1] >= 0xA0);
    let with = |payload: Vec<u8>| Frame { payload, ..frame.clone() };
    let lossy = || with(String::from_utf8_lossy(payload).into_owned().into_bytes());
    let tolerated = match mutant {
        "tolerates-opcode-3" if opcode == 3 => return Some(Effect::nothing()),
        "tolerates-opcode-11" if opcode == 11 => return Some(Effect::nothing()),
        "tolerates-interleaving" if is_amid && opcode == 1 => return Some(Effect::nothing()),
        "tolerates-first-bit" if frame.head & 0x40 != 0 => Frame { head: frame.head & !0x40, ..frame.clone() },
        "tolerates-last-bit" if frame.head & 0x10 != 0 => Frame { head: frame.head & !0x10, ..frame.clone() },
        "tolerates-no-mask" if !frame.masked => link::masked(frame),
        "tolerates-no-utf-8" if frame.head == TEXT && !is_valid && !is_surrogate => lossy(),
        "tolerates-surrogates" if frame.head == TEXT && is_surrogate => lossy(),
        "tolerates-late-no-utf-8" if opcode == 0 && payload.contains(&0xC0) => lossy(),
        "tolerates-orphans" if opcode == 0 && !is_amid => Frame { head: TEXT, ..frame.clone() },
        "tolerates-long-pings" if frame.head == PING && payload.len() > 125 => with(payload[..125].to_vec()),
        "tolerates-split-pings" if frame.head == PING & 0x0F => Frame { head: PING, ..frame.clone() },
        "tolerates-half-a-code" if frame.head == CLOSE && payload.len() == 1 => with(Vec::new()),
        "tolerates-1005" if code == 1005 && payload.len() > 1 => link::closing(1000, frame.masked),
        "tolerates-any-reason" if frame.head == CLOSE && !is_valid && payload.len() > 2 => with(payload[..2].to_vec()),
        _ => return None,
    };
    Some(Effect { onward: vec![tolerated], ..Effect::default() })
}

pub(super) const UNAVAILABLE: &str =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Whether the next connection is refused.
pub(super) fn bars(mutant: &str, number: usize, state: &Links) -> bool {
    let most = match mutant {
        "seven-strikes" => 7,
        "eight-strikes" => 8,
        _ => return false,
    };
    let mut row = number.saturating_sub(most)..number;
    row.all(|number| state.violators.contains(&number))
}

/// Whether a connection receives nothing because of violations on later ones.
pub(super) fn deafens(mutant: &str, number: usize, state: &Links) -> bool {
    let row = number..=number + ROW;
    mutant == "violations-deafen" && state.violators.iter().filter(|one| row.contains(*one)).count() >= 7
}
