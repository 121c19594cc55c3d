//! Mutants of fragments, Ping, Pong and Close frames, and shutdown (WIRE-03 to WIRE-05, WIRE-08).

use super::CloudRule;
use crate::mutant::link::{Effect, Flow};
use crate::mutant::wire::{BINARY, CLOSE, PING, PONG};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::received("drops-fragments", &["WIRE-03"], "drops fragmented messages", |_, observed, _| {
        observed.drops_if(observed.frame.is_fragment())
    })
    .causing(&["WIRE-06", "WIRE-07"]),
    CloudRule::received(
        "few-fragments",
        &["WIRE-03"],
        "disconnects on more than fifty fragments of a message",
        |cloud, observed, _| (cloud.fragments > 50).then(|| observed.ended(1009)).flatten(),
    )
    .causing(&["WIRE-07"]),
    CloudRule::received("empty-fragments-end", &["WIRE-03"], "disconnects on an empty fragment", |_, observed, _| {
        (observed.frame.is_fragment() && observed.frame.payload.is_empty()).then(|| observed.ended(1002)).flatten()
    }),
    CloudRule::received(
        "no-pings-between",
        &["WIRE-03", "WIRE-04"],
        "drops a Ping between fragments",
        |cloud, observed, _| observed.drops_if(observed.frame.head == PING && cloud.fragments > 0),
    ),
    CloudRule::received(
        "pings-between-end-it",
        &["WIRE-03"],
        "disconnects on a Ping inside a message",
        |cloud, observed, _| {
            let was_between =
                observed.frame.is_fragment() && cloud.ping.as_ref().is_some_and(|(_, is_between)| *is_between);
            was_between.then(|| observed.ended(1002)).flatten()
        },
    ),
    CloudRule::received(
        "thousand-fragments",
        &["WIRE-03"],
        "disconnects on more than a thousand fragments of a message",
        |cloud, observed, _| (cloud.fragments > 1000).then(|| observed.ended(1009)).flatten(),
    )
    .causing(&["WIRE-07"]),
    CloudRule::received(
        "drops-binary-fragments",
        &["WIRE-03"],
        "disconnects on a fragmented binary message",
        |_, observed, _| (observed.frame.head == BINARY & 0x0F).then(|| observed.ended(1003)).flatten(),
    )
    .causing(&["WIRE-07", "WIRE-06"]),
    CloudRule::received(
        "whole-characters",
        &["WIRE-03"],
        "disconnects on a fragment that starts inside a character",
        |_, observed, _| {
            let is_amid = observed.frame.head & 0x0F == 0
                && observed.frame.payload.first().is_some_and(|byte| byte & 0xC0 == 0x80);
            is_amid.then(|| observed.ended(1007)).flatten()
        },
    )
    .causing(&["WIRE-07"]),
    CloudRule::sent("parrot", &["WIRE-04"], "answers a Ping frame with different data", |_, observed, _| {
        (observed.frame.head == PONG).then(|| Effect::payload(b"x".to_vec(), observed.frame))
    })
    .starving(),
    CloudRule::sent(
        "parrot-before-auth",
        &["WIRE-04"],
        "answers a Ping frame before Auth without data",
        |cloud, observed, _| {
            (observed.frame.head == PONG && cloud.first.is_none()).then(|| Effect::payload(Vec::new(), observed.frame))
        },
    )
    .causing(&["TUN-03"]),
    CloudRule::sent(
        "no-empty-pongs",
        &["WIRE-04"],
        "does not answer an empty Ping frame after authentication",
        |cloud, observed, _| {
            observed.drops_if(observed.frame.head == PONG && observed.frame.payload.is_empty() && cloud.is_let_in)
        },
    ),
    CloudRule::sent("cuts-pongs", &["WIRE-04"], "answers a Ping frame with at most 124 bytes", |_, observed, _| {
        let is_long = observed.frame.head == PONG && observed.frame.payload.len() > 124;
        is_long.then(|| Effect::payload(observed.frame.payload[..124].to_vec(), observed.frame))
    }),
    CloudRule::received(
        "unasked-pongs-end",
        &["WIRE-04"],
        "disconnects on an unsolicited Pong",
        |cloud, observed, _| (observed.frame.head == PONG && cloud.is_let_in).then(|| observed.ended(1002)).flatten(),
    ),
    CloudRule::sent("no-close-answer", &["WIRE-05"], "does not answer Close frames", |cloud, observed, _| {
        observed.drops_if(observed.frame.head == CLOSE && cloud.has_closed)
    })
    .starving(),
    CloudRule::both(
        "no-answer-to-an-empty-close",
        &["WIRE-05"],
        "does not answer a Close frame without a code",
        |cloud, observed, _| {
            let is_close = observed.frame.head == CLOSE;
            if observed.flow == Flow::In {
                cloud.count += usize::from(is_close && observed.frame.payload.is_empty());
            }
            observed.drops_if(is_close && observed.flow == Flow::Out && cloud.count > 0)
        },
    ),
    CloudRule::sent(
        "no-close-before-auth",
        &["WIRE-05"],
        "does not answer a Close frame before Auth",
        |cloud, observed, _| {
            observed.drops_if(observed.frame.head == CLOSE && cloud.has_closed && cloud.first.is_none())
        },
    ),
    CloudRule::other("lingers", &["WIRE-05"], "leaves TCP open after the Close frames").starving(),
    CloudRule::received(
        "lingers-after-an-empty-close",
        &["WIRE-05"],
        "leaves TCP open after a Close frame without a code",
        |cloud, observed, _| {
            if observed.frame.head == CLOSE && !observed.frame.payload.is_empty() {
                cloud.held.push(observed.frame.clone());
            }
            None
        },
    ),
    CloudRule::other("lingers-after-the-unheard", &["WIRE-05"], "leaves TCP open after a Close frame before Auth")
        .causing(&["TUN-03", "WIRE-06"]),
    CloudRule::sent("stops-otherwise", &["WIRE-08"], "closes with 1000 on shutdown", |cloud, observed, _| {
        (observed.frame.close_code() == 1001 && !cloud.has_closed).then(|| Effect::closed(1000))
    }),
    CloudRule::sent(
        "stops-packed-otherwise",
        &["WIRE-08"],
        "closes agents that use MessagePack with 1000 on shutdown",
        |cloud, observed, _| {
            let is_packed = cloud.first.as_ref().is_some_and(|(first, _)| first.head == BINARY);
            (is_packed && observed.frame.close_code() == 1001 && !cloud.has_closed).then(|| Effect::closed(1000))
        },
    ),
    CloudRule::sent(
        "stops-the-unheard-otherwise",
        &["WIRE-08"],
        "closes with 1000 on shutdown agents that have not sent Auth",
        |cloud, observed, _| {
            let is_due = cloud.first.is_none() && !cloud.has_closed;
            (is_due && observed.frame.close_code() == 1001).then(|| Effect::closed(1000))
        },
    ),
    CloudRule::other("ends-never", &["WIRE-08"], "does not shut down"),
    CloudRule::other("ends-late", &["WIRE-08"], "shuts down 7 s late"),
    CloudRule::other("lives-on", &["WIRE-08"], "closes all connections on shutdown, but exits 7 s late"),
    CloudRule::other("listens-on", &["WIRE-08"], "closes all connections on shutdown, but accepts new ones for 7 s"),
];
