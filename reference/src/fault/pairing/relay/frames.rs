//! Faults of frames: WIRE-03 to WIRE-05, WIRE-07.

use super::{Relay, Seen};
use crate::fault::Fault;
use crate::fault::link::{Said, Way};
use crate::fault::wire::{CLOSE, PING, PONG, TEXT};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new("drops-fragments", &["WIRE-03"], "drops fragmented messages").causing(&["PAIR-40"]),
    Fault::new("drops-fragments-of-viewers", &["WIRE-03"], "drops fragmented messages of viewers")
        .causing(&["PAIR-40"]),
    Fault::new("empty-fragments-end", &["WIRE-03"], "closes the connection for an empty fragment"),
    Fault::new("no-ping-between", &["WIRE-03"], "does not answer a Ping between fragments"),
    Fault::new("ping-spoils-message", &["WIRE-03"], "loses what stands behind a Ping between fragments"),
    Fault::new("decodes-each-fragment", &["WIRE-03"], "takes every fragment for UTF-8 of its own"),
    Fault::new("parrot", &["WIRE-04"], "answers a Ping frame with data of its own").causing(&["WIRE-03"]),
    Fault::new("no-empty-pongs", &["WIRE-04"], "does not answer a Ping frame without data"),
    Fault::new("short-pongs", &["WIRE-04"], "answers a Ping frame with 124 bytes at most"),
    Fault::new("no-pong-frames-when-joined", &["WIRE-04"], "answers no Ping frame of a viewer that has joined"),
    Fault::new("unasked-pongs-end", &["WIRE-04"], "closes the connection for a Pong that nobody has asked for"),
    Fault::new("no-close-answer", &["WIRE-05"], "answers no Close frame"),
    Fault::new("no-empty-close-answer", &["WIRE-05"], "answers no Close frame without a code"),
    Fault::new("no-private-close-answer", &["WIRE-05"], "answers no Close frame with a private code"),
    Fault::new("lingers", &["WIRE-05"], "leaves TCP open after a Close frame"),
    Fault::new("lingers-without-code", &["WIRE-05"], "leaves TCP open after a Close frame without a code"),
    Fault::new("lingers-with-private-code", &["WIRE-05"], "leaves TCP open after a Close frame with a private code"),
    Fault::new("small-limit", &["WIRE-07", "PAIR-40"], "closes the connection for a message of 1 MiB"),
    Fault::new(
        "small-limit-but-for-data",
        &["WIRE-07"],
        "closes the connection for a message of 1 MiB that is no data",
    ),
    Fault::new("too-large-otherwise", &["WIRE-07"], "closes with 1011 for what is too large"),
    Fault::new("too-many-otherwise", &["WIRE-07"], "closes with 1011 for fragments that are too large together"),
];

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>) -> Option<Said> {
    match seen.way {
        Way::In => heard(relay, seen),
        Way::Out => told(relay, seen),
    }
}

fn heard(relay: &mut Relay, seen: &Seen<'_>) -> Option<Said> {
    let frame = seen.frame;
    let is_between = relay.is_amid;
    if frame.is_message() {
        relay.is_amid = frame.head & 0x80 == 0;
        relay.was_fragmented |= frame.is_fragment();
    }
    let (is_fragment, is_control) = (frame.is_fragment(), frame.head & 0x08 != 0);
    if frame.head == CLOSE {
        relay.close = Some(frame.close_code());
    }
    relay.pongs += usize::from(frame.head == PONG);
    let is_large = frame.payload.len() >= 1 << 20;
    Some(match relay.fault {
        "drops-fragments" if is_fragment => Said::nothing(),
        "drops-fragments-of-viewers" if is_fragment && !relay.is_host => Said::nothing(),
        "empty-fragments-end" if is_fragment && frame.payload.is_empty() => Said::ended(frame, 1002),
        "no-ping-between" if is_between && frame.head == PING => Said::nothing(),
        "ping-spoils-message" if is_between && is_control => {
            relay.marked = true;
            return None;
        }
        "ping-spoils-message" if relay.marked && is_fragment => {
            relay.marked = relay.is_amid;
            Said::payload(Vec::new(), frame)
        }
        "decodes-each-fragment" if is_fragment && str::from_utf8(&frame.payload).is_err() => Said::ended(frame, 1007),
        "unasked-pongs-end" if frame.head == PONG && relay.pongs > relay.pings => Said::ended(frame, 1002),
        "small-limit" if is_large && !is_fragment => Said::ended(frame, 1009),
        "small-limit-but-for-data" if is_large && !is_fragment && frame.head == TEXT && seen.kind != "data" => {
            Said::ended(frame, 1009)
        }
        _ => return None,
    })
}

fn told(relay: &Relay, seen: &Seen<'_>) -> Option<Said> {
    let (frame, length) = (seen.frame, seen.frame.payload.len());
    let is_pong = frame.head == PONG;
    let code = frame.close_code();
    Some(match relay.fault {
        "parrot" if is_pong => Said::payload(b"x".to_vec(), frame),
        "no-empty-pongs" if is_pong && length == 0 => Said::nothing(),
        "short-pongs" if is_pong && length > 124 => Said::payload(frame.payload[..124].to_vec(), frame),
        "no-pong-frames-when-joined" if is_pong && !relay.is_host && relay.code.is_some() => Said::nothing(),
        "no-close-answer" if code > 0 && relay.close.is_some() => Said::nothing(),
        "no-empty-close-answer" if code > 0 && relay.close == Some(1005) => Said::nothing(),
        "no-private-close-answer" if code > 0 && relay.close >= Some(4000) => Said::nothing(),
        "too-large-otherwise" if code == 1009 && !relay.was_fragmented => Said::closed(1011),
        "too-many-otherwise" if code == 1009 && relay.was_fragmented => Said::closed(1011),
        _ => return None,
    })
}

/// One side has ended; whether the other is told.
pub(super) fn ends(relay: &Relay, way: Way) -> bool {
    let lingers = match relay.fault {
        "lingers" => relay.close.is_some(),
        "lingers-without-code" => relay.close == Some(1005),
        "lingers-with-private-code" => relay.close >= Some(4000),
        "endless-guesses" => relay.refusals >= 10 && !relay.is_host,
        _ => false,
    };
    way == Way::In || !lingers
}
