//! Mutants of frames, which servers of every family may have: WIRE-03 to WIRE-07.

use super::Mutant;
use super::link::{self, House, Said, Way};
use super::wire::{CLOSE, Frame, PING, PONG, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("empty-fragments-end", &["WIRE-03"], "closes the connection for an empty fragment"),
    Mutant::new("no-ping-between", &["WIRE-03"], "does not answer a Ping between fragments"),
    Mutant::new("ping-spoils-message", &["WIRE-03"], "loses what stands behind a Ping between fragments")
        .causing(&["SYNC-60"]),
    Mutant::new("decodes-each-fragment", &["WIRE-03"], "takes every fragment of a text for UTF-8 of its own"),
    Mutant::new("parrot", &["WIRE-04"], "answers a Ping frame with data of its own").causing(&["WIRE-03", "TERM-04"]),
    Mutant::new("no-empty-pongs", &["WIRE-04"], "does not answer a Ping frame without data"),
    Mutant::new("short-pongs", &["WIRE-04"], "answers a Ping frame with 124 bytes at most"),
    Mutant::new("unasked-pongs-end", &["WIRE-04"], "closes the connection for a Pong that nobody has asked for"),
    Mutant::new("no-close-answer", &["WIRE-05"], "answers no Close frame"),
    Mutant::new("no-empty-close-answer", &["WIRE-05"], "answers no Close frame without a code"),
    Mutant::new("no-private-close-answer", &["WIRE-05"], "answers no Close frame with a private code"),
    Mutant::new("lingers", &["WIRE-05"], "leaves TCP open after a Close frame"),
    Mutant::new("lingers-without-code", &["WIRE-05"], "leaves TCP open after a Close frame without a code"),
    Mutant::new("lingers-with-private-code", &["WIRE-05"], "leaves TCP open after a Close frame with a private code"),
    Mutant::new("violations-pass", &["WIRE-06"], "closes for a violation of RFC 6455 as if all were well"),
    Mutant::new("tolerates-opcode-3", &["WIRE-06"], "passes over messages with a reserved opcode"),
    Mutant::new("tolerates-opcode-11", &["WIRE-06"], "passes over control frames with a reserved opcode"),
    Mutant::new("tolerates-first-bit", &["WIRE-06"], "passes over the first reserved bit"),
    Mutant::new("tolerates-no-mask", &["WIRE-06"], "reads frames of a client without mask").causing(&["TERM-40"]),
    Mutant::new("tolerates-no-utf-8", &["WIRE-06"], "replaces what is no UTF-8").causing(&["SYNC-60", "TERM-11"]),
    Mutant::new("tolerates-surrogates", &["WIRE-06"], "replaces surrogates that are encoded as UTF-8")
        .causing(&["SYNC-60"]),
    Mutant::new("tolerates-orphans", &["WIRE-06"], "takes a fragment that continues nothing for a message"),
    Mutant::new("tolerates-interleaving", &["WIRE-06"], "passes over a message inside another"),
    Mutant::new("tolerates-long-pings", &["WIRE-06"], "cuts a Ping that is too long"),
    Mutant::new("tolerates-split-pings", &["WIRE-06"], "takes a fragment of a Ping for a whole one"),
    Mutant::new("tolerates-half-a-code", &["WIRE-06"], "takes half a close code for none"),
    Mutant::new("tolerates-1005", &["WIRE-06"], "takes a close code that is never sent"),
    Mutant::new("tolerates-any-reason", &["WIRE-06"], "takes a close reason that is no UTF-8"),
    Mutant::new("violations-deafen", &["WIRE-06"], "loses messages to others after seven violations"),
    Mutant::new("seven-strikes", &["WIRE-06"], "takes nobody after seven violations in a row"),
    Mutant::new("too-large-otherwise", &["WIRE-07"], "closes with 1011 for what is too large"),
    Mutant::new("too-many-otherwise", &["WIRE-07"], "closes with 1011 for fragments that are too large together"),
];

/// Whoever has connected so shortly before is in the same row.
const ROW: usize = 12;

/// What is known of the frames of a connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    /// Whether it is amid a fragmented message.
    is_amid: bool,
    /// Whether the message that came last, or is under way, is text.
    is_text: bool,
    was_fragmented: bool,
    /// The code of its Close frame.
    close: Option<u16>,
    /// Pings that went out, and Pongs that came in.
    pings: usize,
    pongs: usize,
    /// Whether a Ping has come between fragments.
    was_pinged: bool,
}

impl Framing {
    /// What a mutant makes of a frame.
    pub(super) fn alters(
        &mut self,
        mutant: &str,
        number: usize,
        way: Way,
        frame: &Frame,
        house: &mut House,
    ) -> Option<Said> {
        match way {
            Way::In => self.heard(mutant, frame),
            Way::Out => self.told(mutant, number, frame, house),
        }
    }

    /// Whether the peer has sent a Close frame.
    pub(super) fn has_closed(&self) -> bool {
        self.close.is_some()
    }

    /// Whether more of a fragmented message has to come.
    pub(super) fn is_amid(&self) -> bool {
        self.is_amid
    }

    /// Whether the peer is not told that the server has ended the connection.
    pub(super) fn lingers(&self, mutant: &str) -> bool {
        match mutant {
            "lingers" => self.close.is_some(),
            "lingers-without-code" => self.close == Some(1005),
            "lingers-with-private-code" => self.close >= Some(4000),
            _ => false,
        }
    }

    fn heard(&mut self, mutant: &str, frame: &Frame) -> Option<Said> {
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
            "drops-fragments" if is_fragment => Said::nothing(),
            "empty-fragments-end" if is_fragment && frame.payload.is_empty() => Said::ended(frame, 1002),
            "no-ping-between" if is_amid && frame.head == PING => Said::nothing(),
            "ping-spoils-message" if is_amid && frame.head == PING => {
                self.was_pinged = true;
                return None;
            }
            "ping-spoils-message" if self.was_pinged && is_fragment => {
                self.was_pinged = self.is_amid;
                Said::payload(Vec::new(), frame)
            }
            "decodes-each-fragment" if is_fragment && self.is_text && str::from_utf8(&frame.payload).is_err() => {
                Said::ended(frame, 1007)
            }
            "unasked-pongs-end" if frame.head == PONG && self.pongs > self.pings => Said::ended(frame, 1002),
            _ => return tolerated(mutant, frame, is_amid),
        })
    }

    fn told(&mut self, mutant: &str, number: usize, frame: &Frame, house: &mut House) -> Option<Said> {
        let (code, length) = (frame.close_code(), frame.payload.len());
        let is_pong = frame.head == PONG;
        self.pings += usize::from(frame.head == PING);
        if matches!(code, 1002 | 1007) {
            house.violators.push(number);
        }
        let answers = code > 0 && !matches!(code, 1002 | 1007);
        Some(match mutant {
            "parrot" if is_pong && length > 0 => Said::payload(b"x".to_vec(), frame),
            "no-empty-pongs" if is_pong && length == 0 => Said::nothing(),
            "short-pongs" if is_pong && length > 124 => Said::payload(frame.payload[..124].to_vec(), frame),
            "no-close-answer" if answers && self.close.is_some() => Said::nothing(),
            "no-empty-close-answer" if answers && self.close == Some(1005) => Said::nothing(),
            "no-private-close-answer" if answers && self.close >= Some(4000) => Said::nothing(),
            "violations-pass" if matches!(code, 1002 | 1007) => Said::closed(1000),
            "too-large-otherwise" if code == 1009 && !self.was_fragmented => Said::closed(1011),
            "too-many-otherwise" if code == 1009 && self.was_fragmented => Said::closed(1011),
            _ => return None,
        })
    }
}

/// What RFC 6455 forbids, made good.
fn tolerated(mutant: &str, frame: &Frame, is_amid: bool) -> Option<Said> {
    let (payload, code) = (&*frame.payload, frame.close_code());
    let (opcode, is_valid) = (frame.head & 0x0F, str::from_utf8(payload).is_ok());
    let is_surrogate = payload.windows(2).any(|two| two[0] == 0xED && two[1] >= 0xA0);
    let with = |payload: Vec<u8>| Frame { payload, ..frame.clone() };
    let lossy = || with(String::from_utf8_lossy(payload).into_owned().into_bytes());
    let tolerated = match mutant {
        "tolerates-opcode-3" if opcode == 3 => return Some(Said::nothing()),
        "tolerates-opcode-11" if opcode == 11 => return Some(Said::nothing()),
        "tolerates-interleaving" if is_amid && opcode == 1 => return Some(Said::nothing()),
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
    Some(Said { onward: vec![tolerated], ..Said::default() })
}

/// What they are told.
pub(super) const UNAVAILABLE: &str =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Whether nobody may connect, who would be the next.
pub(super) fn bars(mutant: &str, number: usize, house: &House) -> bool {
    let most = match mutant {
        "seven-strikes" => 7,
        "eight-strikes" => 8,
        _ => return false,
    };
    let mut row = number.saturating_sub(most)..number;
    row.all(|number| house.violators.contains(&number))
}

/// Whether somebody hears nothing, for the sake of those that have connected since.
pub(super) fn deafens(mutant: &str, number: usize, house: &House) -> bool {
    let row = number..=number + ROW;
    mutant == "violations-deafen" && house.violators.iter().filter(|one| row.contains(*one)).count() >= 7
}
