//! Heartbeat, statistics and encodings (TUN-30 to TUN-33, WIRE-01).

use std::time::Duration;

use serde_json::{Value, json};

use super::super::rule::{self, Seen};
use super::{Row, hears, says};
use crate::mutant::link::{Said, Way, masked};
use crate::mutant::wire::{BINARY, Frame, TEXT};

/// Late enough to be noticed.
const LATE: Duration = Duration::from_millis(200);

pub(super) const RULES: &[Row] = &[
    says("no-pongs", &["TUN-30"], "answers no Ping", |_, seen, _| seen.drops("Pong")).starving(),
    says("another-time", &["TUN-30"], "says another time in its Pong", |_, seen, _| {
        seen.is("Pong").then(|| seen.with("timestamp", time(seen) + 1.0)).flatten()
    })
    .starving(),
    says("zero-is-none", &["TUN-30"], "answers no Ping at nought", |_, seen, _| {
        seen.drops_if(seen.is("Pong") && time(seen) == 0.0)
    }),
    says("whole-times", &["TUN-30"], "cuts the fraction of a timestamp", |_, seen, _| {
        (seen.is("Pong") && time(seen).fract() != 0.0).then(|| seen.with("timestamp", time(seen).trunc())).flatten()
    }),
    says(
        "no-pongs-after-early-pings",
        &["TUN-30"],
        "answers no Ping once one came before its success",
        |agent, seen, _| seen.drops_if(seen.is("Pong") && agent.asked > 1),
    )
    .causing(&["WIRE-01"]),
    says("no-pongs-beside-requests", &["TUN-11"], "answers no Ping while a request is under way", |agent, seen, _| {
        seen.drops_if(seen.is("Pong") && agent.open().next().is_some())
    }),
    says("joins-pongs", &["WIRE-01"], "says two Pongs in one frame", |agent, seen, _| {
        if !seen.is("Pong") || seen.frame.head != TEXT {
            return None;
        }
        let payload = match agent.held.pop() {
            Some(held) => [&held.payload[..], b"\n", &seen.frame.payload].concat(),
            None if agent.asked > 0 && agent.pings == 0 && time(seen) == 4.0 => {
                agent.held.push(seen.frame.clone());
                return Some(Said::nothing());
            }
            None => return None,
        };
        Some(Said::payload(payload, seen.frame))
    })
    .causing(&["TUN-30"]),
    // Its own Pings
    says("no-pings", &["TUN-31"], "sends no Ping", |_, seen, _| {
        seen.is("Ping").then(|| Said::nothing().answered(pong(seen)))
    })
    .causing(&["TUN-40"]),
    says("first-ping-late", &["TUN-31"], "sends its first Ping late", |agent, seen, _| {
        (seen.is("Ping") && agent.pings == 1).then(|| Said::late(seen.frame, LATE))
    })
    .causing(&["TUN-32"]),
    says("second-ping-late", &["TUN-31"], "sends its second Ping late", |agent, seen, _| {
        (seen.is("Ping") && agent.pings == 2).then(|| Said::late(seen.frame, LATE))
    })
    .causing(&["TUN-32"]),
    says("one-ping", &["TUN-31"], "sends a single Ping", |agent, seen, _| {
        (seen.is("Ping") && agent.pings > 1).then(|| Said::nothing().answered(pong(seen)))
    }),
    says("two-pings", &["TUN-31"], "sends two Pings and no more", |agent, seen, _| {
        (seen.is("Ping") && agent.pings > 2).then(|| Said::nothing().answered(pong(seen)))
    }),
    says("never-drops", &["TUN-31"], "does not notice that no Pong comes", |_, seen, _| {
        seen.is("Ping").then(|| seen.whole().answered(pong(seen)))
    })
    .causing(&["RECON-01"]),
    Row::both("one-time", &["TUN-31"], "says the same time in each Ping", |agent, seen, _| match seen.way {
        Way::In => seen.is("Ping").then(|| seen.with("timestamp", 5)).flatten(),
        Way::Out => seen.is("Pong").then(|| seen.with("timestamp", agent.ping.clone())).flatten(),
    }),
    hears("any-pong", &["TUN-31"], "takes any Pong for the answer to its Ping", |agent, seen, _| {
        seen.is("Pong").then(|| seen.with("timestamp", agent.ping.clone())).flatten()
    }),
    hears("no-patience", &["TUN-31"], "does not hear Pongs", |_, seen, _| seen.drops("Pong")).starving(),
    Row::other("patient-with-the-cloud", &["TUN-31"], "waits twice as long for a Pong"),
    Row::other("impatient-with-the-cloud", &["TUN-31"], "waits a fifth of the time for a Pong").causing(&["RECON-01"]),
    hears("tired-after-a-while", &["TUN-31"], "takes no requests once it has sent three Pings", |agent, seen, _| {
        seen.drops_if(seen.is("HttpRequest") && agent.pings >= 3)
    }),
    // Statistics
    says("no-stats", &["TUN-32"], "sends no Stats", |_, seen, _| seen.drops("Stats")),
    says("stats-once", &["TUN-32"], "sends Stats once", |agent, seen, _| {
        seen.drops_if(seen.is("Stats") && agent.stats > 1)
    }),
    says("counts-one-more", &["TUN-32"], "counts a request too many", |_, seen, _| {
        counts(seen, "requests_processed", |count| count + 1)
    }),
    says("counts-answers-alone", &["TUN-32"], "does not count requests that it refuses", |agent, seen, _| {
        let errors = agent.errors as u64;
        counts(seen, "requests_processed", |count| count.saturating_sub(errors))
    }),
    says("counts-base64", &["TUN-32"], "counts the bytes of bodies as they are encoded", |_, seen, _| {
        counts(seen, "bytes_transferred", |count| count * 4 / 3)
    }),
    says("counts-one-way", &["TUN-32"], "counts the bytes of requests alone", |_, seen, _| {
        counts(seen, "bytes_transferred", |count| count / 3 * 2)
    }),
    says("counts-fall", &["TUN-32"], "lets a counter fall", |agent, seen, _| {
        (seen.is("Stats") && agent.stats > 1).then(|| seen.with("requests_processed", 0)).flatten()
    }),
    says("starts-anew", &["TUN-32"], "counts anew after a loss", |agent, seen, _| {
        (seen.is("Stats") && agent.number > 1).then(|| seen.with("requests_processed", 0)).flatten()
    }),
    // Encodings
    says("always-text", &["TUN-33"], "says everything in text", |_, seen, _| {
        (seen.frame.head == BINARY).then(|| said_as(seen, TEXT))
    })
    .causing(&["TUN-30", "TUN-17", "TUN-11"]),
    says("packed-answers-in-text", &["TUN-33"], "answers requests in MessagePack in text", |_, seen, _| {
        (seen.frame.head == BINARY && seen.is("HttpResponse")).then(|| said_as(seen, TEXT))
    }),
    says("packed-pings-in-text", &["TUN-33"], "answers a Ping in MessagePack in text", |_, seen, _| {
        (seen.frame.head == BINARY && seen.is("Pong")).then(|| said_as(seen, TEXT))
    })
    .causing(&["TUN-30", "TUN-11"]),
    says("sticks-to-messagepack", &["TUN-33"], "answers requests in text in MessagePack", |_, seen, _| {
        (seen.frame.head == TEXT && seen.is("HttpResponse")).then(|| said_as(seen, BINARY))
    })
    .causing(&["TUN-15"]),
    says(
        "pongs-in-messagepack",
        &["TUN-33"],
        "answers each Ping in MessagePack once it has spoken that",
        |agent, seen, _| {
            agent.count += usize::from(seen.is("Pong") && seen.frame.head == BINARY);
            (agent.count > 0 && seen.frame.head == TEXT && seen.is("Pong")).then(|| said_as(seen, BINARY))
        },
    ),
    says("strings-for-bytes", &["TUN-33"], "writes a body in MessagePack as a string", |_, seen, _| {
        let mut payload = seen.frame.payload.clone();
        // `bin 8` becomes `str 8`.
        payload.iter_mut().filter(|byte| **byte == 0xc4).for_each(|byte| *byte = 0xd9);
        (seen.is("HttpResponse") && seen.frame.head == BINARY).then(|| Said::payload(payload, seen.frame))
    }),
    hears("deaf-to-messagepack", &["TUN-33"], "hears nothing in MessagePack", |_, seen, _| {
        seen.drops_if(seen.frame.head == BINARY)
    })
    .starving(),
    hears("drops-packed-lists", &["TUN-33"], "drops headers in MessagePack that are lists", |_, seen, _| {
        (seen.frame.head == BINARY)
            .then(|| seen.reheaded("HttpRequest", |headers| headers.retain(|_, value| !value.is_array())))
            .flatten()
    }),
    hears(
        "deaf-to-json-then",
        &["TUN-33"],
        "drops requests in text once it has heard one in MessagePack",
        |agent, seen, _| {
            agent.count += usize::from(seen.frame.head == BINARY && seen.is("HttpRequest"));
            seen.drops_if(agent.count > 0 && seen.frame.head == TEXT && seen.is("HttpRequest"))
        },
    )
    .causing(&["TUN-17"]),
    hears("type-first", &["TUN-33"], "knows no message in MessagePack whose type stands last", |_, seen, _| {
        seen.drops_if(seen.frame.head == BINARY && seen.frame.payload.get(1..6) == Some(b"\xa4data"))
    }),
];

fn time(seen: &Seen<'_>) -> f64 {
    seen.data("timestamp").as_f64().unwrap_or(1.0)
}

/// The `Pong` to an agent's `Ping`.
fn pong(seen: &Seen<'_>) -> Frame {
    seen.reply(&json!({ "type": "Pong", "data": { "timestamp": seen.data("timestamp") } }))
}

fn counts(seen: &Seen<'_>, name: &str, change: impl Fn(u64) -> u64) -> Option<Said> {
    let count = seen.data(name).as_u64().filter(|_| seen.is("Stats"))?;
    (change(count) != count).then(|| seen.with(name, change(count))).flatten()
}

/// The same message in another encoding.
fn said_as(seen: &Seen<'_>, head: u8) -> Said {
    let message: &Value = seen.message;
    Said { onward: vec![rule::frame(message, &Frame { head, ..masked(seen.frame) })], ..Said::default() }
}
