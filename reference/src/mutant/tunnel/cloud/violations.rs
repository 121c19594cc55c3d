//! Mutants of violations of RFC 6455 (WIRE-06).

use super::shared::{AgentLoss, shared};
use super::{CloudMutant, CloudRule};
use crate::mutant::link::{Effect, closing};
use crate::mutant::wire::{CLOSE, Frame, TEXT};

/// One mutant for each violation, which closes with 1000.
macro_rules! kinds {
    ($($what:literal: $line:literal, $is:expr;)*) => {
        &[
            $(
                CloudRule::sent(
                    concat!("forgives-", $what), &["WIRE-06"],
                    concat!("closes with 1000 for ", $line), {
                        const IS: fn(&Frame, &CloudMutant) -> bool = $is;
                        |cloud, observed, _| {
                            let is_so = cloud.last.as_ref().is_some_and(|last| IS(last, cloud));
                            (is_so && is_blame(observed.frame)).then(|| Effect::closed(1000))
                        }
                    },
                ),
            )*
        ]
    };
}

pub(super) const KINDS: &[CloudRule] = kinds! {
    "a-reserved-opcode": "a reserved opcode", |frame, _| frame.head & 0x0F == 3;
    "a-reserved-control-opcode": "a reserved opcode of a control frame", |frame, _| frame.head & 0x0F == 11;
    "reserved-bits": "the first reserved bit", |frame, _| frame.head & 0x40 != 0;
    "the-last-reserved-bit": "the last reserved bit", |frame, _| frame.head & 0x10 != 0;
    "unmasked-frames": "an unmasked frame", |frame, cloud| !frame.masked && cloud.opened_with_auth();
    "an-unmasked-first-frame": "an unmasked first frame", |frame, cloud| !frame.masked && !cloud.opened_with_auth();
    "text-that-is-no-utf-8": "text that is not UTF-8", |frame, _| is_no_utf8(frame) && !frame.payload.contains(&0xED);
    "surrogates": "an encoded surrogate", |frame, _| is_no_utf8(frame) && frame.payload.contains(&0xED);
    "a-continuation-of-nothing": "a continuation without a first fragment",
        |frame, cloud| frame.head & 0x0F == 0 && cloud.fragments <= 1;
    "a-message-inside-a-message": "a message inside a message",
        |frame, cloud| frame.head == TEXT && frame.masked && frame.payload == b"{}" && cloud.opened_with_auth();
    "long-pings": "a Ping of 126 bytes", |frame, _| frame.head & 0x0F == 9 && frame.payload.len() > 125;
    "fragmented-pings": "a fragmented Ping", |frame, _| frame.head == 0x09;
    "half-a-close-code": "half a close code", |frame, _| frame.head == CLOSE && frame.payload.len() == 1;
    "close-codes-that-are-never-sent": "a close code that must not be sent",
        |frame, _| frame.close_code() == 1005 && frame.payload.len() == 2;
    "reasons-that-are-no-utf-8": "a close reason that is not UTF-8",
        |frame, _| frame.head == CLOSE && frame.payload.len() > 2;
};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::sent("violations-pass", &["WIRE-06"], "closes with 1000 for all violations", |_, observed, _| {
        is_blame(observed.frame).then(|| Effect::closed(1000))
    }),
    CloudRule::sent(
        "violations-close-all",
        &["WIRE-06"],
        "closes all agents for a violation of one",
        |_, observed, _| {
            is_blame(observed.frame).then(|| Effect { others: vec![closing(1002, false)], ..observed.whole() })
        },
    )
    .causing(&["TUN-20", "TUN-21", "WIRE-01"]),
    CloudRule::received(
        "confused-by-violations",
        &["WIRE-06"],
        "drops an answer after a violation on another connection",
        |cloud, observed, _| {
            let number = cloud.number;
            let mut shared = shared();
            let is_due = shared.lost.as_mut().is_some_and(|lost| {
                let is_due = lost.how == AgentLoss::Closed
                    && lost.number != number
                    && !lost.is_over
                    && observed.is("HttpResponse");
                lost.is_over |= is_due;
                is_due
            });
            observed.drops_if(is_due)
        },
    )
    .causing(&["TUN-20", "TUN-21", "TUN-02", "WIRE-07", "TUN-03"]),
];

fn is_blame(frame: &Frame) -> bool {
    matches!(frame.close_code(), 1002 | 1007)
}

fn is_no_utf8(frame: &Frame) -> bool {
    frame.head == TEXT && std::str::from_utf8(&frame.payload).is_err()
}
