//! In which encoding something is understood and said (TUN-33).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::super::rule::{self, Seen};
use super::Row;
use super::shared::shared;
use crate::mutant::link::{Said, Way};
use crate::mutant::wire::{BINARY, Frame, TEXT};

pub(super) const RULES: &[Row] = &[
    Row::told("text-alone", &["TUN-33"], "says everything in text", |_, seen, _| {
        (seen.frame.head == BINARY).then(|| said_as(seen, TEXT))
    })
    .causing(&["TUN-02", "TUN-24", "TUN-25", "WIRE-03", "WIRE-06"]),
    Row::told("text-refusals", &["TUN-33", "TUN-02"], "refuses in text who speaks MessagePack", |_, seen, _| {
        (seen.is("AuthError") && seen.frame.head == BINARY).then(|| said_as(seen, TEXT))
    }),
    Row::told("text-requests", &["TUN-33"], "asks in text whoever speaks MessagePack", |_, seen, _| {
        (seen.is("HttpRequest") && seen.frame.head == BINARY).then(|| said_as(seen, TEXT))
    })
    .causing(&["TUN-24"]),
    Row::told("text-pongs", &["TUN-33"], "answers Pings in text", |_, seen, _| {
        (seen.is("Pong") && seen.frame.head == BINARY).then(|| said_as(seen, TEXT))
    })
    .causing(&["WIRE-02", "WIRE-03", "WIRE-06"]),
    Row::told("text-without-bodies", &["TUN-33"], "asks in text where there is no body", |_, seen, _| {
        let is_due = seen.is("HttpRequest")
            && seen.frame.head == BINARY
            && seen.body().is_empty()
            && seen.data("headers")["accept"].is_null();
        is_due.then(|| said_as(seen, TEXT))
    }),
    Row::told(
        "sticks-to-the-first",
        &["TUN-33"],
        "says everything in the encoding of an agent's Auth",
        |cloud, seen, _| {
            let first = cloud.first.as_ref().map_or(seen.frame.head, |(first, _)| first.head);
            let is_message = matches!(seen.frame.head, TEXT | BINARY) && matches!(first, TEXT | BINARY);
            (is_message && first != seen.frame.head).then(|| said_as(seen, first))
        },
    )
    .causing(&["WIRE-02", "WIRE-03", "WIRE-06"]),
    Row::both(
        "errors-do-not-count",
        &["TUN-33"],
        "asks in the encoding before the agent's last Error",
        |cloud, seen, _| {
            if seen.way == Way::In {
                cloud.count = usize::from(
                    seen.is("Error") && cloud.last.as_ref().is_some_and(|last| last.head != seen.frame.head),
                );
                return None;
            }
            let other = if seen.frame.head == TEXT { BINARY } else { TEXT };
            (cloud.count > 0 && seen.is("HttpRequest")).then(|| said_as(seen, other))
        },
    ),
    Row::heard("ignores-binary-errors", &["TUN-33"], "drops an Error in MessagePack", |_, seen, _| {
        seen.drops_if(seen.is("Error") && seen.frame.head == BINARY)
    })
    .causing(&["TUN-21"]),
    Row::heard("ignores-binary-answers", &["TUN-33"], "drops an answer in MessagePack", |_, seen, _| {
        seen.drops_if(seen.is("HttpResponse") && seen.frame.head == BINARY)
    }),
    Row::heard(
        "one-encoding-for-each-request",
        &["TUN-33"],
        "drops an answer in another encoding than its request had",
        |cloud, seen, _| {
            let asked = cloud.request(seen.text("id")).map(|asked| asked.frame.head);
            seen.drops_if(seen.is("HttpResponse") && asked.is_some_and(|head| head != seen.frame.head))
        },
    )
    .causing(&["TUN-21"]),
    Row::heard("stats-do-not-count", &["TUN-33"], "does not notice in which encoding Stats are", |_, seen, _| {
        seen.drops("Stats")
    }),
    Row::told(
        "one-encoding-for-all",
        &["TUN-33"],
        "answers each agent in the encoding that any agent used last",
        |cloud, seen, _| {
            if !seen.is("Pong") {
                return None;
            }
            let mut shared = shared();
            let (number, head) = std::mem::replace(&mut shared.last_pong, (cloud.number, seen.frame.head));
            (shared.agents.contains_key(&number) && number != cloud.number && head == BINARY)
                .then(|| said_as(seen, BINARY))
        },
    ),
    Row::told("string-bodies", &["TUN-33"], "writes a body in MessagePack as a string", |_, seen, _| {
        let bytes = BASE64.decode(seen.text("body")).ok().filter(|bytes| !bytes.is_empty() && bytes.len() < 256)?;
        let mut payload = seen.frame.payload.clone();
        let at = payload.windows(bytes.len()).position(|part| part == bytes)?.checked_sub(2)?;
        // The body's `bin 8` becomes a `str 8` of the same length.
        let is_due = seen.is("HttpRequest") && seen.frame.head == BINARY && payload[at] == 0xc4;
        payload[at] = 0xd9;
        is_due.then(|| Said::payload(payload, seen.frame))
    }),
    Row::heard("short-forms-alone", &["TUN-33"], "knows no map in a longer form than it needs", |_, seen, _| {
        seen.drops_if(seen.frame.head == BINARY && seen.frame.payload.starts_with(b"\xde"))
    }),
    Row::heard("no-floats", &["TUN-33"], "knows no time that is a float", |_, seen, _| {
        seen.drops_if(seen.is("Ping") && seen.frame.head == BINARY && seen.frame.payload.contains(&0xcb))
    }),
    Row::heard("no-signs", &["TUN-33"], "knows no number with a sign", |_, seen, _| {
        seen.drops_if(seen.is("Ping") && seen.frame.head == BINARY && seen.data("timestamp").as_f64() < Some(0.0))
    }),
    Row::heard("short-bodies-alone", &["TUN-33"], "cuts a body in MessagePack at 65,535 bytes", |_, seen, _| {
        let is_due = seen.frame.head == BINARY;
        is_due.then(|| seen.rebodied("HttpResponse", |body| body.into_iter().take(65_535).collect())).flatten()
    }),
    Row::told(
        "short-binary-requests",
        &["TUN-33"],
        "cuts a body at 65,535 bytes where it asks in MessagePack",
        |_, seen, _| {
            let is_due = seen.frame.head == BINARY;
            is_due.then(|| seen.rebodied("HttpRequest", |body| body.into_iter().take(65_535).collect())).flatten()
        },
    ),
];

/// The same message in another encoding.
fn said_as(seen: &Seen<'_>, head: u8) -> Said {
    let message: &Value = seen.message;
    Said { onward: vec![rule::frame(message, &Frame { head, ..seen.frame.clone() })], ..Said::default() }
}
