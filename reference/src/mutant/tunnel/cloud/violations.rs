//! Violations of RFC 6455: how a connection is closed for each, and whom it disturbs (WIRE-06).

use super::shared::{How, shared};
use super::{Cloud, Row};
use crate::mutant::link::{Said, closing};
use crate::mutant::wire::{CLOSE, Frame, TEXT};

/// One mutant for each violation, that the connection is closed for as if all were well.
macro_rules! kinds {
    ($($what:literal: $line:literal, $is:expr;)*) => {
        &[
            $(
                Row::told(
                    concat!("forgives-", $what), &["WIRE-06"],
                    concat!("closes with 1000 for ", $line), {
                        const IS: fn(&Frame, &Cloud) -> bool = $is;
                        |cloud, seen, _| {
                            let is_so = cloud.last.as_ref().is_some_and(|last| IS(last, cloud));
                            (is_so && is_blame(seen.frame)).then(|| Said::closed(1000))
                        }
                    },
                ),
            )*
        ]
    };
}

pub(super) const KINDS: &[Row] = kinds! {
    "a-reserved-opcode": "a reserved opcode", |frame, _| frame.head & 0x0F == 3;
    "a-reserved-control-opcode": "a reserved opcode of a control frame", |frame, _| frame.head & 0x0F == 11;
    "reserved-bits": "the first reserved bit", |frame, _| frame.head & 0x40 != 0;
    "the-last-reserved-bit": "the last reserved bit", |frame, _| frame.head & 0x10 != 0;
    "unmasked-frames": "a frame without mask", |frame, cloud| !frame.masked && cloud.opened_with_auth();
    "an-unmasked-first-frame": "a first frame without mask", |frame, cloud| !frame.masked && !cloud.opened_with_auth();
    "text-that-is-no-utf-8": "text that is no UTF-8", |frame, _| is_no_utf8(frame) && !frame.payload.contains(&0xED);
    "surrogates": "an encoded surrogate", |frame, _| is_no_utf8(frame) && frame.payload.contains(&0xED);
    "a-continuation-of-nothing": "a continuation of nothing",
        |frame, cloud| frame.head & 0x0F == 0 && cloud.fragments <= 1;
    "a-message-inside-a-message": "a message inside a message",
        |frame, cloud| frame.head == TEXT && frame.masked && frame.payload == b"{}" && cloud.opened_with_auth();
    "long-pings": "a Ping of 126 bytes", |frame, _| frame.head & 0x0F == 9 && frame.payload.len() > 125;
    "fragmented-pings": "a fragmented Ping", |frame, _| frame.head == 0x09;
    "half-a-close-code": "half a close code", |frame, _| frame.head == CLOSE && frame.payload.len() == 1;
    "close-codes-that-are-never-sent": "a close code that is never sent",
        |frame, _| frame.close_code() == 1005 && frame.payload.len() == 2;
    "reasons-that-are-no-utf-8": "the reason of a Close frame that is no UTF-8",
        |frame, _| frame.head == CLOSE && frame.payload.len() > 2;
};

pub(super) const RULES: &[Row] = &[
    Row::told("violations-pass", &["WIRE-06"], "closes for all violations as if all were well", |_, seen, _| {
        is_blame(seen.frame).then(|| Said::closed(1000))
    }),
    Row::told("violations-are-told-to-all", &["WIRE-06"], "closes all agents for a violation of one", |_, seen, _| {
        is_blame(seen.frame).then(|| Said { others: vec![closing(1002, false)], ..seen.whole() })
    })
    .causing(&["TUN-20", "TUN-21", "WIRE-01"]),
    Row::heard(
        "confused-by-violations",
        &["WIRE-06"],
        "drops an answer after a violation on another connection",
        |cloud, seen, _| {
            let number = cloud.number;
            let mut shared = shared();
            let is_due = shared.lost.as_mut().is_some_and(|lost| {
                let is_due =
                    lost.how == How::Closed && lost.number != number && !lost.is_over && seen.is("HttpResponse");
                lost.is_over |= is_due;
                is_due
            });
            seen.drops_if(is_due)
        },
    )
    .causing(&["TUN-20", "TUN-21", "TUN-02", "WIRE-07", "TUN-03"]),
];

/// Whether a frame closes for a violation.
fn is_blame(frame: &Frame) -> bool {
    matches!(frame.close_code(), 1002 | 1007)
}

fn is_no_utf8(frame: &Frame) -> bool {
    frame.head == TEXT && std::str::from_utf8(&frame.payload).is_err()
}
