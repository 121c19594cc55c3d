//! How messages are read, `Ping` above all (WIRE-01, WIRE-02, TUN-30), and what becomes of what is none (WIRE-06).

use std::time::Duration;

use relayspec::tunnel::FromAgent;
use serde_json::json;

use super::super::rule::{self, Seen};
use super::Row;
use super::shared::shared;
use crate::mutant::link::{Said, closing};
use crate::mutant::wire::{BINARY, Frame, TEXT};

pub(super) const RULES: &[Row] = &[
    Row::heard("strict-auth", &["WIRE-02"], "refuses an Auth with members that it does not know", |_, seen, _| {
        (seen.is("Auth") && !seen.message["version"].is_null()).then(|| seen.with("token", "-")).flatten()
    }),
    Row::heard("strict-space", &["WIRE-01"], "knows no Ping that begins with a blank", |_, seen, _| {
        seen.drops_if(seen.is("Ping") && seen.frame.payload.starts_with(b" "))
    }),
    Row::heard("strict-escapes", &["WIRE-01"], "knows no Ping with escapes", |_, seen, _| {
        seen.drops_if(seen.is("Ping") && has(seen, "\\u"))
    }),
    Row::heard("strict-members", &["WIRE-02"], "drops a Ping with members that it does not know", |_, seen, _| {
        seen.drops_if(seen.is("Ping") && seen.frame.head == TEXT && !seen.data("more").is_null())
    }),
    Row::heard(
        "strict-packed-members",
        &["WIRE-02"],
        "drops a Ping in MessagePack with members that it does not know",
        |_, seen, _| seen.drops_if(seen.is("Ping") && seen.frame.head == BINARY && !seen.data("more").is_null()),
    ),
    Row::heard("strict-answers", &["WIRE-02"], "drops answers with members that it does not know", |_, seen, _| {
        seen.drops_if(seen.is("HttpResponse") && seen.message.get("id").is_some())
    }),
    Row::heard("whole-statuses", &["WIRE-01"], "knows no status with an exponent", |_, seen, _| {
        seen.drops_if(seen.is("HttpResponse") && has(seen, "2.01e2"))
    }),
    Row::heard(
        "one-at-a-time",
        &["WIRE-01"],
        "drops a Ping that comes before the last one is answered",
        |cloud, seen, _| seen.drops_if(seen.is("Ping") && cloud.pings > 1),
    )
    .causing(&["TUN-30"]),
    Row::told("two-in-one", &["WIRE-01"], "says two messages in one frame", |_, seen, _| {
        let payload = [&seen.frame.payload[..], b"\n", &seen.frame.payload].concat();
        (seen.is("Pong") && seen.frame.head == TEXT).then(|| Said::payload(payload, seen.frame))
    })
    .starving(),
    // Pings
    Row::told("another-timestamp", &["TUN-30"], "says another time in its Pong", |_, seen, _| {
        seen.is("Pong").then(|| seen.with("timestamp", time(seen) + 1.0)).flatten()
    })
    .starving(),
    Row::told("zero-is-none", &["TUN-30"], "answers no Ping at nought", |_, seen, _| {
        seen.drops_if(seen.is("Pong") && time(seen) == 0.0)
    }),
    Row::told("whole-timestamps", &["TUN-30"], "cuts the fraction of a small timestamp", |_, seen, _| {
        let is_due = seen.is("Pong") && time(seen).fract() != 0.0 && time(seen) < 1e9;
        is_due.then(|| seen.with("timestamp", time(seen).trunc())).flatten()
    }),
    Row::told("no-fractions", &["TUN-30"], "cuts the fraction of a timestamp of today", |_, seen, _| {
        let is_due = seen.is("Pong") && time(seen).fract() != 0.0 && time(seen) > 1e12;
        is_due.then(|| seen.with("timestamp", time(seen).trunc())).flatten()
    }),
    Row::heard(
        "ends-on-large-pings",
        &["TUN-30"],
        "closes on a timestamp that is larger than any time",
        |_, seen, _| (seen.is("Ping") && time(seen) > 9e15 && time(seen) < 1e16).then(|| seen.ended(1007)).flatten(),
    ),
    Row::heard("no-second-ping", &["TUN-30"], "answers a second Ping of one timestamp no more", |cloud, seen, _| {
        let is_second =
            seen.is("Ping") && cloud.pings > 1 && cloud.held.iter().any(|held| held.payload == seen.frame.payload);
        if seen.is("Ping") {
            cloud.held = vec![seen.frame.clone()];
        }
        seen.drops_if(is_second)
    }),
    Row::heard("answers-stats", &["TUN-30"], "answers Stats with a Pong", |_, seen, _| {
        let pong = json!({ "type": "Pong", "data": { "timestamp": 0 } });
        seen.is("Stats").then(|| seen.whole().answered(seen.reply(&pong)))
    })
    .causing(&["TUN-03", "TUN-33", "WIRE-06"]),
    Row::told("loses-each-fifth-pong", &["TUN-30"], "loses every fifth Pong", |_, seen, _| {
        let mut shared = shared();
        shared.count += usize::from(seen.is("Pong"));
        seen.drops_if(seen.is("Pong") && shared.count.is_multiple_of(5))
    })
    .starving(),
    Row::told(
        "slow",
        &["WIRE-12"],
        "takes 40 ms for what it says to agents when nothing came before it",
        |_, seen, _| Some(Said::slow(seen.frame, Duration::from_millis(40))),
    ),
    // What is no message
    Row::heard("malformed-ends", &["WIRE-06"], "closes on what is no message", |cloud, seen, _| {
        let is_due =
            cloud.opened_with_auth() && !seen.is("Auth") && !seen.frame.is_fragment() && is_malformed(seen.frame);
        is_due.then(|| seen.ended(1007)).flatten()
    })
    .causing(&["TUN-22", "WIRE-01"]),
    Row::heard("prose-ends", &["WIRE-06"], "closes on text that is no JSON", |cloud, seen, _| {
        let is_due =
            cloud.opened_with_auth() && seen.frame.head == TEXT && seen.message.is_null() && !has(seen, "[[[[");
        is_due.then(|| seen.ended(1007)).flatten()
    })
    .causing(&["TUN-22"]),
    Row::heard(
        "malformed-ends-requests",
        &["WIRE-06"],
        "drops the answer behind what was no message",
        |cloud, seen, _| {
            let is_prose = cloud.opened_with_auth() && seen.frame.head == TEXT && seen.message.is_null();
            cloud.count += usize::from(is_prose);
            seen.drops_if(seen.is("HttpResponse") && cloud.count > 0)
        },
    )
    .causing(&["TUN-22"]),
    Row::heard("shallow", &["WIRE-06"], "closes on JSON that is nested deeply", |_, seen, _| {
        has(seen, "[[[[").then(|| seen.ended(1007)).flatten()
    }),
    Row::heard("frail", &["WIRE-06"], "closes all other agents on JSON that is nested deeply", |_, seen, _| {
        has(seen, "[[[[").then(|| Said { others: vec![closing(1011, false)], ..Said::default() })
    })
    .causing(&["WIRE-01"]),
    Row::heard(
        "confused-by-depth",
        &["WIRE-06"],
        "drops the next answer of a new agent after JSON that is nested deeply",
        |cloud, seen, _| {
            let mut shared = shared();
            if has(seen, "[[[[") {
                (shared.count, shared.noise_at) = (cloud.number, Some(rule::now()));
            }
            let is_recent = shared.noise_at.is_some_and(|at| rule::now() < at + 500);
            let is_due = seen.is("HttpResponse") && is_recent && shared.count > 0 && cloud.number > shared.count;
            if is_due {
                shared.count = 0;
            }
            seen.drops_if(is_due)
        },
    ),
    Row::heard("ends-on-empty", &["WIRE-06"], "closes on an empty binary message", |cloud, seen, _| {
        let is_empty = seen.frame.head == BINARY && seen.frame.payload.is_empty();
        (is_empty && cloud.opened_with_auth()).then(|| seen.ended(1007)).flatten()
    }),
    Row::heard(
        "frail-to-bytes",
        &["WIRE-06"],
        "closes all other agents on bytes that are no MessagePack",
        |_, seen, _| {
            let is_junk = seen.frame.head == BINARY && seen.frame.payload.starts_with(b"\xc1");
            is_junk.then(|| Said { others: vec![closing(1011, false)], ..Said::default() })
        },
    )
    .causing(&["WIRE-01"]),
];

/// Whether a whole message is none of an agent's.
pub(super) fn is_malformed(frame: &Frame) -> bool {
    match frame.head {
        TEXT => std::str::from_utf8(&frame.payload).is_ok_and(|text| FromAgent::decode(text).is_err()),
        BINARY => FromAgent::unpack(&frame.payload).is_err(),
        _ => false,
    }
}

/// Whether a text begins with this, or has it near its beginning.
fn has(seen: &Seen<'_>, part: &str) -> bool {
    let begin = &seen.frame.payload[..seen.frame.payload.len().min(400)];
    seen.frame.head == TEXT && String::from_utf8_lossy(begin).contains(part)
}

fn time(seen: &Seen<'_>) -> f64 {
    seen.data("timestamp").as_f64().unwrap_or(1.0)
}
