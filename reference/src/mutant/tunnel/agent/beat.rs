//! Mutants of heartbeat, statistics and encodings (TUN-30 to TUN-33, WIRE-01).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::rule::{self, TunnelFrame};
use super::{AgentRule, gets, sends};
use crate::mutant::link::{Effect, Flow, masked};
use crate::mutant::wire::{BINARY, Frame, TEXT};

const LATE: Duration = Duration::from_millis(200);

pub(super) const RULES: &[AgentRule] = &[
    sends("no-pongs", &["TUN-30"], "does not answer Pings", |_, seen, _| seen.drops("Pong")).starving(),
    sends("another-time", &["TUN-30"], "uses a different time in its Pongs", |_, seen, _| {
        seen.is("Pong").then(|| seen.with("timestamp", time(seen) + 1.0)).flatten()
    })
    .starving(),
    sends("zero-is-none", &["TUN-30"], "does not answer a Ping with the timestamp 0", |_, seen, _| {
        seen.drops_if(seen.is("Pong") && time(seen) == 0.0)
    }),
    sends("whole-times", &["TUN-30"], "truncates timestamps to whole numbers", |_, seen, _| {
        (seen.is("Pong") && time(seen).fract() != 0.0).then(|| seen.with("timestamp", time(seen).trunc())).flatten()
    }),
    sends(
        "no-pongs-after-early-pings",
        &["TUN-30"],
        "does not answer Pings if one arrived before `AuthSuccess`",
        |agent, seen, _| seen.drops_if(seen.is("Pong") && agent.asked > 1),
    )
    .causing(&["WIRE-01"]),
    sends(
        "no-pongs-beside-requests",
        &["TUN-11"],
        "does not answer Pings while a request is in flight",
        |agent, seen, _| seen.drops_if(seen.is("Pong") && agent.open().next().is_some()),
    ),
    sends("joins-pongs", &["WIRE-01"], "sends two Pongs in one frame", |agent, seen, _| {
        if !seen.is("Pong") || seen.frame.head != TEXT {
            return None;
        }
        let payload = match agent.held.pop() {
            Some(held) => [&held.payload[..], b"\n", &seen.frame.payload].concat(),
            None if agent.asked > 0 && agent.pings == 0 && time(seen) == 4.0 => {
                agent.held.push(seen.frame.clone());
                return Some(Effect::nothing());
            }
            None => return None,
        };
        Some(Effect::payload(payload, seen.frame))
    })
    .causing(&["TUN-30"]),
    sends("no-pings", &["TUN-31"], "sends no Pings", |_, seen, _| {
        seen.is("Ping").then(|| Effect::nothing().answered(pong(seen)))
    })
    .causing(&["TUN-40"]),
    sends("first-ping-late", &["TUN-31"], "sends its first Ping late", |agent, seen, _| {
        (seen.is("Ping") && agent.pings == 1).then(|| Effect::late(seen.frame, LATE))
    })
    .causing(&["TUN-32"]),
    sends("second-ping-late", &["TUN-31"], "sends its second Ping late", |agent, seen, _| {
        (seen.is("Ping") && agent.pings == 2).then(|| Effect::late(seen.frame, LATE))
    })
    .causing(&["TUN-32"]),
    sends("one-ping", &["TUN-31"], "sends only one Ping", |agent, seen, _| {
        (seen.is("Ping") && agent.pings > 1).then(|| Effect::nothing().answered(pong(seen)))
    }),
    sends("two-pings", &["TUN-31"], "sends only two Pings", |agent, seen, _| {
        (seen.is("Ping") && agent.pings > 2).then(|| Effect::nothing().answered(pong(seen)))
    }),
    sends("never-drops", &["TUN-31"], "does not notice that no Pong comes", |_, seen, _| {
        seen.is("Ping").then(|| seen.whole().answered(pong(seen)))
    })
    .causing(&["RECON-01"]),
    AgentRule::both("one-time", &["TUN-31"], "uses the same time in each Ping", |agent, seen, _| match seen.flow {
        Flow::In => seen.is("Ping").then(|| seen.with("timestamp", 5)).flatten(),
        Flow::Out => seen.is("Pong").then(|| seen.with("timestamp", agent.ping.clone())).flatten(),
    }),
    gets("any-pong", &["TUN-31"], "accepts any Pong as the answer to its Ping", |agent, seen, _| {
        seen.is("Pong").then(|| seen.with("timestamp", agent.ping.clone())).flatten()
    }),
    gets("no-patience", &["TUN-31"], "ignores Pongs", |_, seen, _| seen.drops("Pong")).starving(),
    AgentRule::other("patient-with-the-cloud", &["TUN-31"], "waits twice as long for a Pong"),
    AgentRule::other("impatient-with-the-cloud", &["TUN-31"], "waits for a Pong only a fifth of the time")
        .causing(&["RECON-01"]),
    gets("tired-after-a-while", &["TUN-31"], "serves no requests after three Pings", |agent, seen, _| {
        seen.drops_if(seen.is("HttpRequest") && agent.pings >= 3)
    }),
    sends("no-stats", &["TUN-32"], "sends no Stats", |_, seen, _| seen.drops("Stats")),
    sends("stats-once", &["TUN-32"], "sends Stats once", |agent, seen, _| {
        seen.drops_if(seen.is("Stats") && agent.stats > 1)
    }),
    sends("counts-one-more", &["TUN-32"], "counts one request too many", |_, seen, _| {
        counts(seen, "requests_processed", |count| count + 1)
    }),
    sends("counts-answers-alone", &["TUN-32"], "does not count requests that it refuses", |agent, seen, _| {
        let errors = agent.errors as u64;
        counts(seen, "requests_processed", |count| count.saturating_sub(errors))
    }),
    sends("counts-base64", &["TUN-32"], "counts the base64 length of bodies", |_, seen, _| {
        counts(seen, "bytes_transferred", |count| count * 4 / 3)
    }),
    sends("counts-one-way", &["TUN-32"], "counts only the bytes of requests", |_, seen, _| {
        counts(seen, "bytes_transferred", |count| count / 3 * 2)
    }),
    sends("counts-fall", &["TUN-32"], "decreases a counter", |agent, seen, _| {
        (seen.is("Stats") && agent.stats > 1).then(|| seen.with("requests_processed", 0)).flatten()
    }),
    sends("starts-anew", &["TUN-32"], "resets its counters after a loss", |agent, seen, _| {
        (seen.is("Stats") && agent.number > 1).then(|| seen.with("requests_processed", 0)).flatten()
    }),
    sends("always-text", &["TUN-33"], "sends everything as text", |_, seen, _| {
        (seen.frame.head == BINARY).then(|| encoded_as(seen, TEXT))
    })
    .causing(&["TUN-30", "TUN-17", "TUN-11"]),
    sends("packed-answers-in-text", &["TUN-33"], "answers requests in MessagePack as text", |_, seen, _| {
        (seen.frame.head == BINARY && seen.is("HttpResponse")).then(|| encoded_as(seen, TEXT))
    }),
    sends("packed-pings-in-text", &["TUN-33"], "answers Pings in MessagePack as text", |_, seen, _| {
        (seen.frame.head == BINARY && seen.is("Pong")).then(|| encoded_as(seen, TEXT))
    })
    .causing(&["TUN-30", "TUN-11"]),
    sends("sticks-to-messagepack", &["TUN-33"], "answers requests in text in MessagePack", |_, seen, _| {
        (seen.frame.head == TEXT && seen.is("HttpResponse")).then(|| encoded_as(seen, BINARY))
    })
    .causing(&["TUN-15"]),
    sends(
        "pongs-in-messagepack",
        &["TUN-33"],
        "answers every Ping in MessagePack after having used it once",
        |agent, seen, _| {
            agent.count += usize::from(seen.is("Pong") && seen.frame.head == BINARY);
            (agent.count > 0 && seen.frame.head == TEXT && seen.is("Pong")).then(|| encoded_as(seen, BINARY))
        },
    ),
    sends("strings-for-bytes", &["TUN-33"], "writes a body in MessagePack as a string", |_, seen, _| {
        let mut payload = seen.frame.payload.clone();
        // `bin 8` becomes `str 8`.
        payload.iter_mut().filter(|byte| **byte == 0xc4).for_each(|byte| *byte = 0xd9);
        (seen.is("HttpResponse") && seen.frame.head == BINARY).then(|| Effect::payload(payload, seen.frame))
    }),
    gets("deaf-to-messagepack", &["TUN-33"], "ignores messages in MessagePack", |_, seen, _| {
        seen.drops_if(seen.frame.head == BINARY)
    })
    .starving(),
    gets("drops-packed-lists", &["TUN-33"], "drops headers in MessagePack that are arrays", |_, seen, _| {
        (seen.frame.head == BINARY)
            .then(|| seen.reheaded("HttpRequest", |headers| headers.retain(|_, value| !value.is_array())))
            .flatten()
    }),
    gets("deaf-to-json-then", &["TUN-33"], "drops requests in text after one in MessagePack", |agent, seen, _| {
        agent.count += usize::from(seen.frame.head == BINARY && seen.is("HttpRequest"));
        seen.drops_if(agent.count > 0 && seen.frame.head == TEXT && seen.is("HttpRequest"))
    })
    .causing(&["TUN-17"]),
    gets("type-first", &["TUN-33"], "rejects messages in MessagePack whose type is last", |_, seen, _| {
        seen.drops_if(seen.frame.head == BINARY && seen.frame.payload.get(1..6) == Some(b"\xa4data"))
    }),
];

fn time(seen: &TunnelFrame<'_>) -> f64 {
    seen.data("timestamp").as_f64().unwrap_or(1.0)
}

fn pong(seen: &TunnelFrame<'_>) -> Frame {
    seen.reply(&json!({ "type": "Pong", "data": { "timestamp": seen.data("timestamp") } }))
}

fn counts(seen: &TunnelFrame<'_>, name: &str, change: impl Fn(u64) -> u64) -> Option<Effect> {
    let count = seen.data(name).as_u64().filter(|_| seen.is("Stats"))?;
    (change(count) != count).then(|| seen.with(name, change(count))).flatten()
}

fn encoded_as(seen: &TunnelFrame<'_>, head: u8) -> Effect {
    let message: &Value = seen.message;
    Effect { onward: vec![rule::frame(message, &Frame { head, ..masked(seen.frame) })], ..Effect::default() }
}
