//! Mutants of heartbeat, statistics and encodings (TUN-30 to TUN-33, WIRE-01).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::rule::{self, TunnelFrame};
use super::{AgentRule, gets, sends};
use crate::mutant::link::{Effect, Flow, masked};
use crate::mutant::wire::{BINARY, Frame, TEXT};

const LATE: Duration = Duration::from_millis(200);

pub(super) const RULES: &[AgentRule] = &[
    sends("no-pongs", &["TUN-30"], "does not answer Pings", |_, observed, _| observed.drops("Pong")).starving(),
    sends("another-time", &["TUN-30"], "uses a different time in its Pongs", |_, observed, _| {
        observed.is("Pong").then(|| observed.with("timestamp", time(observed) + 1.0)).flatten()
    })
    .starving(),
    sends("zero-is-none", &["TUN-30"], "does not answer a Ping with the timestamp 0", |_, observed, _| {
        observed.drops_if(observed.is("Pong") && time(observed) == 0.0)
    }),
    sends("whole-times", &["TUN-30"], "truncates timestamps to whole numbers", |_, observed, _| {
        (observed.is("Pong") && time(observed).fract() != 0.0)
            .then(|| observed.with("timestamp", time(observed).trunc()))
            .flatten()
    }),
    sends(
        "no-pongs-after-early-pings",
        &["TUN-30"],
        "does not answer Pings if one arrived before `AuthSuccess`",
        |agent, observed, _| observed.drops_if(observed.is("Pong") && agent.asked > 1),
    )
    .causing(&["WIRE-01"]),
    sends(
        "no-pongs-beside-requests",
        &["TUN-11"],
        "does not answer Pings while a request is in flight",
        |agent, observed, _| observed.drops_if(observed.is("Pong") && agent.open().next().is_some()),
    ),
    sends("joins-pongs", &["WIRE-01"], "sends two Pongs in one frame", |agent, observed, _| {
        if !observed.is("Pong") || observed.frame.head != TEXT {
            return None;
        }
        let payload = match agent.held.pop() {
            Some(held) => [&held.payload[..], b"\n", &observed.frame.payload].concat(),
            None if agent.asked > 0 && agent.pings == 0 && time(observed) == 4.0 => {
                agent.held.push(observed.frame.clone());
                return Some(Effect::nothing());
            }
            None => return None,
        };
        Some(Effect::payload(payload, observed.frame))
    })
    .causing(&["TUN-30"]),
    sends("no-pings", &["TUN-31"], "sends no Pings", |_, observed, _| {
        observed.is("Ping").then(|| Effect::nothing().answered(pong(observed)))
    })
    .causing(&["TUN-40"]),
    sends("first-ping-late", &["TUN-31"], "sends its first Ping late", |agent, observed, _| {
        (observed.is("Ping") && agent.pings == 1).then(|| Effect::late(observed.frame, LATE))
    })
    .causing(&["TUN-32"]),
    sends("second-ping-late", &["TUN-31"], "sends its second Ping late", |agent, observed, _| {
        (observed.is("Ping") && agent.pings == 2).then(|| Effect::late(observed.frame, LATE))
    })
    .causing(&["TUN-32"]),
    sends("one-ping", &["TUN-31"], "sends only one Ping", |agent, observed, _| {
        (observed.is("Ping") && agent.pings > 1).then(|| Effect::nothing().answered(pong(observed)))
    }),
    sends("two-pings", &["TUN-31"], "sends only two Pings", |agent, observed, _| {
        (observed.is("Ping") && agent.pings > 2).then(|| Effect::nothing().answered(pong(observed)))
    }),
    sends("never-drops", &["TUN-31"], "does not notice that no Pong comes", |_, observed, _| {
        observed.is("Ping").then(|| observed.whole().answered(pong(observed)))
    })
    .causing(&["RECON-01"]),
    AgentRule::both("one-time", &["TUN-31"], "uses the same time in each Ping", |agent, observed, _| {
        match observed.flow {
            Flow::In => observed.is("Ping").then(|| observed.with("timestamp", 5)).flatten(),
            Flow::Out => observed.is("Pong").then(|| observed.with("timestamp", agent.ping.clone())).flatten(),
        }
    }),
    gets("any-pong", &["TUN-31"], "accepts any Pong as the answer to its Ping", |agent, observed, _| {
        observed.is("Pong").then(|| observed.with("timestamp", agent.ping.clone())).flatten()
    }),
    gets("no-patience", &["TUN-31"], "ignores Pongs", |_, observed, _| observed.drops("Pong")).starving(),
    AgentRule::other("patient-with-the-cloud", &["TUN-31"], "waits twice as long for a Pong"),
    AgentRule::other("impatient-with-the-cloud", &["TUN-31"], "waits for a Pong only a fifth of the time")
        .causing(&["RECON-01"]),
    gets("tired-after-a-while", &["TUN-31"], "serves no requests after three Pings", |agent, observed, _| {
        observed.drops_if(observed.is("HttpRequest") && agent.pings >= 3)
    }),
    sends("no-stats", &["TUN-32"], "sends no Stats", |_, observed, _| observed.drops("Stats")),
    sends("stats-once", &["TUN-32"], "sends Stats once", |agent, observed, _| {
        observed.drops_if(observed.is("Stats") && agent.stats > 1)
    }),
    sends("counts-one-more", &["TUN-32"], "counts one request too many", |_, observed, _| {
        counts(observed, "requests_processed", |count| count + 1)
    }),
    sends("counts-answers-alone", &["TUN-32"], "does not count requests that it refuses", |agent, observed, _| {
        let errors = agent.errors as u64;
        counts(observed, "requests_processed", |count| count.saturating_sub(errors))
    }),
    sends("counts-base64", &["TUN-32"], "counts the base64 length of bodies", |_, observed, _| {
        counts(observed, "bytes_transferred", |count| count * 4 / 3)
    }),
    sends("counts-one-way", &["TUN-32"], "counts only the bytes of requests", |_, observed, _| {
        counts(observed, "bytes_transferred", |count| count / 3 * 2)
    }),
    sends("counts-fall", &["TUN-32"], "decreases a counter", |agent, observed, _| {
        (observed.is("Stats") && agent.stats > 1).then(|| observed.with("requests_processed", 0)).flatten()
    }),
    sends("starts-anew", &["TUN-32"], "resets its counters after a loss", |agent, observed, _| {
        (observed.is("Stats") && agent.number > 1).then(|| observed.with("requests_processed", 0)).flatten()
    }),
    sends("always-text", &["TUN-33"], "sends everything as text", |_, observed, _| {
        (observed.frame.head == BINARY).then(|| encoded_as(observed, TEXT))
    })
    .causing(&["TUN-30", "TUN-17", "TUN-11"]),
    sends("packed-answers-in-text", &["TUN-33"], "answers requests in MessagePack as text", |_, observed, _| {
        (observed.frame.head == BINARY && observed.is("HttpResponse")).then(|| encoded_as(observed, TEXT))
    }),
    sends("packed-pings-in-text", &["TUN-33"], "answers Pings in MessagePack as text", |_, observed, _| {
        (observed.frame.head == BINARY && observed.is("Pong")).then(|| encoded_as(observed, TEXT))
    })
    .causing(&["TUN-30", "TUN-11"]),
    sends("sticks-to-messagepack", &["TUN-33"], "answers requests in text in MessagePack", |_, observed, _| {
        (observed.frame.head == TEXT && observed.is("HttpResponse")).then(|| encoded_as(observed, BINARY))
    })
    .causing(&["TUN-15"]),
    sends(
        "pongs-in-messagepack",
        &["TUN-33"],
        "answers every Ping in MessagePack after having used it once",
        |agent, observed, _| {
            agent.count += usize::from(observed.is("Pong") && observed.frame.head == BINARY);
            (agent.count > 0 && observed.frame.head == TEXT && observed.is("Pong"))
                .then(|| encoded_as(observed, BINARY))
        },
    ),
    sends("strings-for-bytes", &["TUN-33"], "writes a body in MessagePack as a string", |_, observed, _| {
        let mut payload = observed.frame.payload.clone();
        // `bin 8` becomes `str 8`.
        payload.iter_mut().filter(|byte| **byte == 0xc4).for_each(|byte| *byte = 0xd9);
        (observed.is("HttpResponse") && observed.frame.head == BINARY).then(|| Effect::payload(payload, observed.frame))
    }),
    gets("deaf-to-messagepack", &["TUN-33"], "ignores messages in MessagePack", |_, observed, _| {
        observed.drops_if(observed.frame.head == BINARY)
    })
    .starving(),
    gets("drops-packed-lists", &["TUN-33"], "drops headers in MessagePack that are arrays", |_, observed, _| {
        (observed.frame.head == BINARY)
            .then(|| observed.reheaded("HttpRequest", |headers| headers.retain(|_, value| !value.is_array())))
            .flatten()
    }),
    gets("deaf-to-json-then", &["TUN-33"], "drops requests in text after one in MessagePack", |agent, observed, _| {
        agent.count += usize::from(observed.frame.head == BINARY && observed.is("HttpRequest"));
        observed.drops_if(agent.count > 0 && observed.frame.head == TEXT && observed.is("HttpRequest"))
    })
    .causing(&["TUN-17"]),
    gets("type-first", &["TUN-33"], "rejects messages in MessagePack whose type is last", |_, observed, _| {
        observed.drops_if(observed.frame.head == BINARY && observed.frame.payload.get(1..6) == Some(b"\xa4data"))
    }),
];

fn time(observed: &TunnelFrame<'_>) -> f64 {
    observed.data("timestamp").as_f64().unwrap_or(1.0)
}

fn pong(observed: &TunnelFrame<'_>) -> Frame {
    observed.reply(&json!({ "type": "Pong", "data": { "timestamp": observed.data("timestamp") } }))
}

fn counts(observed: &TunnelFrame<'_>, name: &str, change: impl Fn(u64) -> u64) -> Option<Effect> {
    let count = observed.data(name).as_u64().filter(|_| observed.is("Stats"))?;
    (change(count) != count).then(|| observed.with(name, change(count))).flatten()
}

fn encoded_as(observed: &TunnelFrame<'_>, head: u8) -> Effect {
    let message: &Value = observed.message;
    Effect { onward: vec![rule::frame(message, &Frame { head, ..masked(observed.frame) })], ..Effect::default() }
}
