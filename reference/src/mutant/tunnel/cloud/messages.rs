//! Mutants of decoding and `Ping` (WIRE-01, WIRE-02, TUN-30), and of invalid messages (WIRE-06).

use std::time::Duration;

use relayspec::tunnel::FromAgent;
use serde_json::json;

use super::super::rule::{self, TunnelFrame};
use super::CloudRule;
use super::shared::shared;
use crate::mutant::link::{Effect, closing};
use crate::mutant::wire::{BINARY, Frame, TEXT};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::received("strict-auth", &["WIRE-02"], "rejects an Auth with unknown members", |_, observed, _| {
        (observed.is("Auth") && !observed.message["version"].is_null()).then(|| observed.with("token", "-")).flatten()
    }),
    CloudRule::received("strict-space", &["WIRE-01"], "rejects a Ping with leading white space", |_, observed, _| {
        observed.drops_if(observed.is("Ping") && observed.frame.payload.starts_with(b" "))
    }),
    CloudRule::received("strict-escapes", &["WIRE-01"], "rejects a Ping with escapes", |_, observed, _| {
        observed.drops_if(observed.is("Ping") && has(observed, "\\u"))
    }),
    CloudRule::received("strict-members", &["WIRE-02"], "drops a Ping with unknown members", |_, observed, _| {
        observed.drops_if(observed.is("Ping") && observed.frame.head == TEXT && !observed.data("more").is_null())
    }),
    CloudRule::received(
        "strict-packed-members",
        &["WIRE-02"],
        "drops a Ping in MessagePack with unknown members",
        |_, observed, _| {
            observed.drops_if(observed.is("Ping") && observed.frame.head == BINARY && !observed.data("more").is_null())
        },
    ),
    CloudRule::received("strict-answers", &["WIRE-02"], "drops answers with unknown members", |_, observed, _| {
        observed.drops_if(observed.is("HttpResponse") && observed.message.get("id").is_some())
    }),
    CloudRule::received("whole-statuses", &["WIRE-01"], "rejects a status with an exponent", |_, observed, _| {
        observed.drops_if(observed.is("HttpResponse") && has(observed, "2.01e2"))
    }),
    CloudRule::received(
        "one-at-a-time",
        &["WIRE-01"],
        "drops a Ping that arrives before the previous one is answered",
        |cloud, observed, _| observed.drops_if(observed.is("Ping") && cloud.pings > 1),
    )
    .causing(&["TUN-30"]),
    CloudRule::sent("two-in-one", &["WIRE-01"], "sends two messages in one frame", |_, observed, _| {
        let payload = [&observed.frame.payload[..], b"\n", &observed.frame.payload].concat();
        (observed.is("Pong") && observed.frame.head == TEXT).then(|| Effect::payload(payload, observed.frame))
    })
    .starving(),
    CloudRule::sent("another-timestamp", &["TUN-30"], "uses a different time in its Pongs", |_, observed, _| {
        observed.is("Pong").then(|| observed.with("timestamp", time(observed) + 1.0)).flatten()
    })
    .starving(),
    CloudRule::sent("zero-is-none", &["TUN-30"], "does not answer a Ping with the timestamp 0", |_, observed, _| {
        observed.drops_if(observed.is("Pong") && time(observed) == 0.0)
    }),
    CloudRule::sent(
        "whole-timestamps",
        &["TUN-30"],
        "truncates a small timestamp to a whole number",
        |_, observed, _| {
            let is_due = observed.is("Pong") && time(observed).fract() != 0.0 && time(observed) < 1e9;
            is_due.then(|| observed.with("timestamp", time(observed).trunc())).flatten()
        },
    ),
    CloudRule::sent(
        "no-fractions",
        &["TUN-30"],
        "truncates a current timestamp to a whole number",
        |_, observed, _| {
            let is_due = observed.is("Pong") && time(observed).fract() != 0.0 && time(observed) > 1e12;
            is_due.then(|| observed.with("timestamp", time(observed).trunc())).flatten()
        },
    ),
    CloudRule::received(
        "ends-on-large-pings",
        &["TUN-30"],
        "disconnects on a timestamp beyond any time",
        |_, observed, _| {
            (observed.is("Ping") && time(observed) > 9e15 && time(observed) < 1e16)
                .then(|| observed.ended(1007))
                .flatten()
        },
    ),
    CloudRule::received(
        "no-second-ping",
        &["TUN-30"],
        "does not answer a second Ping with the same timestamp",
        |cloud, observed, _| {
            let is_second = observed.is("Ping")
                && cloud.pings > 1
                && cloud.held.iter().any(|held| held.payload == observed.frame.payload);
            if observed.is("Ping") {
                cloud.held = vec![observed.frame.clone()];
            }
            observed.drops_if(is_second)
        },
    ),
    CloudRule::received("answers-stats", &["TUN-30"], "answers Stats with a Pong", |_, observed, _| {
        let pong = json!({ "type": "Pong", "data": { "timestamp": 0 } });
        observed.is("Stats").then(|| observed.whole().answered(observed.reply(&pong)))
    })
    .causing(&["TUN-03", "TUN-33", "WIRE-06"]),
    CloudRule::sent("loses-each-fifth-pong", &["TUN-30"], "loses every fifth Pong", |_, observed, _| {
        let mut shared = shared();
        shared.count += usize::from(observed.is("Pong"));
        observed.drops_if(observed.is("Pong") && shared.count.is_multiple_of(5))
    })
    .starving(),
    CloudRule::sent(
        "slow",
        &["WIRE-12"],
        "delays messages to agents after an idle period by 40 ms",
        |_, observed, _| Some(Effect::slow(observed.frame, Duration::from_millis(40))),
    ),
    CloudRule::received("malformed-ends", &["WIRE-06"], "disconnects on an invalid message", |cloud, observed, _| {
        let is_due = cloud.opened_with_auth()
            && !observed.is("Auth")
            && !observed.frame.is_fragment()
            && is_malformed(observed.frame);
        is_due.then(|| observed.ended(1007)).flatten()
    })
    .causing(&["TUN-22", "WIRE-01"]),
    CloudRule::received("prose-ends", &["WIRE-06"], "disconnects on text that is not JSON", |cloud, observed, _| {
        let is_due = cloud.opened_with_auth()
            && observed.frame.head == TEXT
            && observed.message.is_null()
            && !has(observed, "[[[[");
        is_due.then(|| observed.ended(1007)).flatten()
    })
    .causing(&["TUN-22"]),
    CloudRule::received(
        "malformed-ends-requests",
        &["WIRE-06"],
        "drops the answer after an invalid message",
        |cloud, observed, _| {
            let is_prose = cloud.opened_with_auth() && observed.frame.head == TEXT && observed.message.is_null();
            cloud.count += usize::from(is_prose);
            observed.drops_if(observed.is("HttpResponse") && cloud.count > 0)
        },
    )
    .causing(&["TUN-22"]),
    CloudRule::received("shallow", &["WIRE-06"], "disconnects on deeply nested JSON", |_, observed, _| {
        has(observed, "[[[[").then(|| observed.ended(1007)).flatten()
    }),
    CloudRule::received("frail", &["WIRE-06"], "closes all other agents for deeply nested JSON", |_, observed, _| {
        has(observed, "[[[[").then(|| Effect { others: vec![closing(1011, false)], ..Effect::default() })
    })
    .causing(&["WIRE-01"]),
    CloudRule::received(
        "confused-by-depth",
        &["WIRE-06"],
        "drops the next answer of a new agent after deeply nested JSON",
        |cloud, observed, _| {
            let mut shared = shared();
            if has(observed, "[[[[") {
                (shared.count, shared.noise_at) = (cloud.number, Some(rule::now()));
            }
            let is_recent = shared.noise_at.is_some_and(|at| rule::now() < at + 500);
            let is_due = observed.is("HttpResponse") && is_recent && shared.count > 0 && cloud.number > shared.count;
            if is_due {
                shared.count = 0;
            }
            observed.drops_if(is_due)
        },
    ),
    CloudRule::received(
        "ends-on-empty",
        &["WIRE-06"],
        "disconnects on an empty binary message",
        |cloud, observed, _| {
            let is_empty = observed.frame.head == BINARY && observed.frame.payload.is_empty();
            (is_empty && cloud.opened_with_auth()).then(|| observed.ended(1007)).flatten()
        },
    ),
    CloudRule::received(
        "frail-to-bytes",
        &["WIRE-06"],
        "closes all other agents for bytes that are not MessagePack",
        |_, observed, _| {
            let is_junk = observed.frame.head == BINARY && observed.frame.payload.starts_with(b"\xc1");
            is_junk.then(|| Effect { others: vec![closing(1011, false)], ..Effect::default() })
        },
    )
    .causing(&["WIRE-01"]),
];

/// Whether a whole message is not one of an agent's.
pub(super) fn is_malformed(frame: &Frame) -> bool {
    match frame.head {
        TEXT => std::str::from_utf8(&frame.payload).is_ok_and(|text| FromAgent::decode(text).is_err()),
        BINARY => FromAgent::unpack(&frame.payload).is_err(),
        _ => false,
    }
}

/// Whether a text contains this at or near its start.
fn has(observed: &TunnelFrame<'_>, part: &str) -> bool {
    let begin = &observed.frame.payload[..observed.frame.payload.len().min(400)];
    observed.frame.head == TEXT && String::from_utf8_lossy(begin).contains(part)
}

fn time(observed: &TunnelFrame<'_>) -> f64 {
    observed.data("timestamp").as_f64().unwrap_or(1.0)
}
