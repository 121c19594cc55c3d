//! Fragments, Ping, Pong and Close frames, and the end of the process (WIRE-03 to WIRE-05, WIRE-08).

use super::Row;
use crate::mutant::link::{Said, Way};
use crate::mutant::wire::{BINARY, CLOSE, PING, PONG};

pub(super) const RULES: &[Row] = &[
    Row::heard("drops-fragments", &["WIRE-03"], "drops fragmented messages", |_, seen, _| {
        seen.drops_if(seen.frame.is_fragment())
    })
    .causing(&["WIRE-06", "WIRE-07"]),
    Row::heard("few-fragments", &["WIRE-03"], "closes for more than fifty fragments of a message", |cloud, seen, _| {
        (cloud.fragments > 50).then(|| seen.ended(1009)).flatten()
    })
    .causing(&["WIRE-07"]),
    Row::heard("empty-fragments-end", &["WIRE-03"], "closes for a fragment without bytes", |_, seen, _| {
        (seen.frame.is_fragment() && seen.frame.payload.is_empty()).then(|| seen.ended(1002)).flatten()
    }),
    Row::heard("no-pings-between", &["WIRE-03", "WIRE-04"], "drops a Ping between fragments", |cloud, seen, _| {
        seen.drops_if(seen.frame.head == PING && cloud.fragments > 0)
    }),
    Row::heard(
        "pings-between-end-it",
        &["WIRE-03"],
        "closes for a message that a Ping has come between",
        |cloud, seen, _| {
            let was_between =
                seen.frame.is_fragment() && cloud.ping.as_ref().is_some_and(|(_, is_between)| *is_between);
            was_between.then(|| seen.ended(1002)).flatten()
        },
    ),
    Row::heard(
        "thousand-fragments",
        &["WIRE-03"],
        "closes for more than a thousand fragments of a message",
        |cloud, seen, _| (cloud.fragments > 1000).then(|| seen.ended(1009)).flatten(),
    )
    .causing(&["WIRE-07"]),
    Row::heard("drops-binary-fragments", &["WIRE-03"], "closes for a binary message in fragments", |_, seen, _| {
        (seen.frame.head == BINARY & 0x0F).then(|| seen.ended(1003)).flatten()
    })
    .causing(&["WIRE-07", "WIRE-06"]),
    Row::heard("whole-characters", &["WIRE-03"], "closes for a fragment that begins amid a character", |_, seen, _| {
        let is_amid = seen.frame.head & 0x0F == 0 && seen.frame.payload.first().is_some_and(|byte| byte & 0xC0 == 0x80);
        is_amid.then(|| seen.ended(1007)).flatten()
    })
    .causing(&["WIRE-07"]),
    Row::told("parrot", &["WIRE-04"], "answers a Ping frame with data of its own", |_, seen, _| {
        (seen.frame.head == PONG).then(|| Said::payload(b"x".to_vec(), seen.frame))
    })
    .starving(),
    Row::told("parrot-before-auth", &["WIRE-04"], "answers a Ping frame before Auth with nothing", |cloud, seen, _| {
        (seen.frame.head == PONG && cloud.first.is_none()).then(|| Said::payload(Vec::new(), seen.frame))
    })
    .causing(&["TUN-03"]),
    Row::told(
        "no-empty-pongs",
        &["WIRE-04"],
        "does not answer an empty Ping frame once an agent is let in",
        |cloud, seen, _| seen.drops_if(seen.frame.head == PONG && seen.frame.payload.is_empty() && cloud.is_let_in),
    ),
    Row::told("cuts-pongs", &["WIRE-04"], "answers with 124 bytes at most", |_, seen, _| {
        let is_long = seen.frame.head == PONG && seen.frame.payload.len() > 124;
        is_long.then(|| Said::payload(seen.frame.payload[..124].to_vec(), seen.frame))
    }),
    Row::heard("unasked-pongs-end", &["WIRE-04"], "closes for a Pong that nobody has asked for", |cloud, seen, _| {
        (seen.frame.head == PONG && cloud.is_let_in).then(|| seen.ended(1002)).flatten()
    }),
    Row::told("no-close-answer", &["WIRE-05"], "answers no Close frame", |cloud, seen, _| {
        seen.drops_if(seen.frame.head == CLOSE && cloud.has_closed)
    })
    .starving(),
    Row::both(
        "no-answer-to-an-empty-close",
        &["WIRE-05"],
        "answers no Close frame without a code",
        |cloud, seen, _| {
            let is_close = seen.frame.head == CLOSE;
            if seen.way == Way::In {
                cloud.count += usize::from(is_close && seen.frame.payload.is_empty());
            }
            seen.drops_if(is_close && seen.way == Way::Out && cloud.count > 0)
        },
    ),
    Row::told("no-close-before-auth", &["WIRE-05"], "answers no Close frame before Auth", |cloud, seen, _| {
        seen.drops_if(seen.frame.head == CLOSE && cloud.has_closed && cloud.first.is_none())
    }),
    Row::other("lingers", &["WIRE-05"], "leaves TCP open after the Close frames").starving(),
    Row::heard(
        "lingers-after-an-empty-close",
        &["WIRE-05"],
        "leaves TCP open after a Close frame without a code",
        |cloud, seen, _| {
            if seen.frame.head == CLOSE && !seen.frame.payload.is_empty() {
                cloud.held.push(seen.frame.clone());
            }
            None
        },
    ),
    Row::other("lingers-after-the-unheard", &["WIRE-05"], "leaves TCP open after a Close frame before Auth")
        .causing(&["TUN-03", "WIRE-06"]),
    Row::told("stops-otherwise", &["WIRE-08"], "closes with 1000 when it is told to end", |cloud, seen, _| {
        (seen.frame.close_code() == 1001 && !cloud.has_closed).then(|| Said::closed(1000))
    }),
    Row::told(
        "stops-packed-otherwise",
        &["WIRE-08"],
        "closes agents with 1000 that speak MessagePack when it is told to end",
        |cloud, seen, _| {
            let is_packed = cloud.first.as_ref().is_some_and(|(first, _)| first.head == BINARY);
            (is_packed && seen.frame.close_code() == 1001 && !cloud.has_closed).then(|| Said::closed(1000))
        },
    ),
    Row::told(
        "stops-the-unheard-otherwise",
        &["WIRE-08"],
        "closes with 1000 who has not said Auth when it is told to end",
        |cloud, seen, _| {
            let is_due = cloud.first.is_none() && !cloud.has_closed;
            (is_due && seen.frame.close_code() == 1001).then(|| Said::closed(1000))
        },
    ),
    Row::other("ends-never", &["WIRE-08"], "does not end when it is told to"),
    Row::other("ends-late", &["WIRE-08"], "waits 7 s before it ends"),
    Row::other("lives-on", &["WIRE-08"], "closes all connections when it is told to end, and lives on for 7 s"),
    Row::other("listens-on", &["WIRE-08"], "closes all connections when it is told to end, and takes new ones for 7 s"),
];
