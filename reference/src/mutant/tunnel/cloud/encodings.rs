//! Mutants of encodings (TUN-33).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::super::rule::{self, TunnelFrame};
use super::CloudRule;
use super::shared::shared;
use crate::mutant::link::{Effect, Flow};
use crate::mutant::wire::{BINARY, Frame, TEXT};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::sent("text-alone", &["TUN-33"], "sends everything as text", |_, observed, _| {
        (observed.frame.head == BINARY).then(|| encoded_as(observed, TEXT))
    })
    .causing(&["TUN-02", "TUN-24", "TUN-25", "WIRE-03", "WIRE-06"]),
    CloudRule::sent(
        "text-refusals",
        &["TUN-33", "TUN-02"],
        "refuses in text an agent that uses MessagePack",
        |_, observed, _| {
            (observed.is("AuthError") && observed.frame.head == BINARY).then(|| encoded_as(observed, TEXT))
        },
    ),
    CloudRule::sent(
        "text-requests",
        &["TUN-33"],
        "forwards requests in text to an agent that uses MessagePack",
        |_, observed, _| {
            (observed.is("HttpRequest") && observed.frame.head == BINARY).then(|| encoded_as(observed, TEXT))
        },
    )
    .causing(&["TUN-24"]),
    CloudRule::sent("text-pongs", &["TUN-33"], "answers Pings in text", |_, observed, _| {
        (observed.is("Pong") && observed.frame.head == BINARY).then(|| encoded_as(observed, TEXT))
    })
    .causing(&["WIRE-02", "WIRE-03", "WIRE-06"]),
    CloudRule::sent(
        "text-without-bodies",
        &["TUN-33"],
        "forwards requests without a body in text",
        |_, observed, _| {
            let is_due = observed.is("HttpRequest")
                && observed.frame.head == BINARY
                && observed.body().is_empty()
                && observed.data("headers")["accept"].is_null();
            is_due.then(|| encoded_as(observed, TEXT))
        },
    ),
    CloudRule::sent(
        "sticks-to-the-first",
        &["TUN-33"],
        "sends everything in the encoding of an agent's Auth",
        |cloud, observed, _| {
            let first = cloud.first.as_ref().map_or(observed.frame.head, |(first, _)| first.head);
            let is_message = matches!(observed.frame.head, TEXT | BINARY) && matches!(first, TEXT | BINARY);
            (is_message && first != observed.frame.head).then(|| encoded_as(observed, first))
        },
    )
    .causing(&["WIRE-02", "WIRE-03", "WIRE-06"]),
    CloudRule::both(
        "errors-do-not-count",
        &["TUN-33"],
        "forwards requests in the encoding used before the agent's last Error",
        |cloud, observed, _| {
            if observed.flow == Flow::In {
                cloud.count = usize::from(
                    observed.is("Error") && cloud.last.as_ref().is_some_and(|last| last.head != observed.frame.head),
                );
                return None;
            }
            let other = if observed.frame.head == TEXT { BINARY } else { TEXT };
            (cloud.count > 0 && observed.is("HttpRequest")).then(|| encoded_as(observed, other))
        },
    ),
    CloudRule::received("ignores-binary-errors", &["TUN-33"], "drops an Error in MessagePack", |_, observed, _| {
        observed.drops_if(observed.is("Error") && observed.frame.head == BINARY)
    })
    .causing(&["TUN-21"]),
    CloudRule::received("ignores-binary-answers", &["TUN-33"], "drops an answer in MessagePack", |_, observed, _| {
        observed.drops_if(observed.is("HttpResponse") && observed.frame.head == BINARY)
    }),
    CloudRule::received(
        "one-encoding-for-each-request",
        &["TUN-33"],
        "drops an answer in another encoding than its request",
        |cloud, observed, _| {
            let asked = cloud.request(observed.text("id")).map(|asked| asked.frame.head);
            observed.drops_if(observed.is("HttpResponse") && asked.is_some_and(|head| head != observed.frame.head))
        },
    )
    .causing(&["TUN-21"]),
    CloudRule::received("stats-do-not-count", &["TUN-33"], "ignores the encoding of Stats", |_, observed, _| {
        observed.drops("Stats")
    }),
    CloudRule::sent(
        "one-encoding-for-all",
        &["TUN-33"],
        "answers each agent in the encoding that any agent used last",
        |cloud, observed, _| {
            if !observed.is("Pong") {
                return None;
            }
            let mut shared = shared();
            let (number, head) = std::mem::replace(&mut shared.last_pong, (cloud.number, observed.frame.head));
            (shared.agents.contains_key(&number) && number != cloud.number && head == BINARY)
                .then(|| encoded_as(observed, BINARY))
        },
    ),
    CloudRule::sent("string-bodies", &["TUN-33"], "writes a body in MessagePack as a string", |_, observed, _| {
        let bytes = BASE64.decode(observed.text("body")).ok().filter(|bytes| !bytes.is_empty() && bytes.len() < 256)?;
        let mut payload = observed.frame.payload.clone();
        let at = payload.windows(bytes.len()).position(|part| part == bytes)?.checked_sub(2)?;
        // The body's `bin 8` becomes a `str 8` of the same length.
        let is_due = observed.is("HttpRequest") && observed.frame.head == BINARY && payload[at] == 0xc4;
        payload[at] = 0xd9;
        is_due.then(|| Effect::payload(payload, observed.frame))
    }),
    CloudRule::received(
        "short-forms-alone",
        &["TUN-33"],
        "rejects maps in a longer form than necessary",
        |_, observed, _| {
            observed.drops_if(observed.frame.head == BINARY && observed.frame.payload.starts_with(b"\xde"))
        },
    ),
    CloudRule::received("no-floats", &["TUN-33"], "rejects timestamps that are floats", |_, observed, _| {
        observed
            .drops_if(observed.is("Ping") && observed.frame.head == BINARY && observed.frame.payload.contains(&0xcb))
    }),
    CloudRule::received("no-signs", &["TUN-33"], "rejects signed numbers", |_, observed, _| {
        observed.drops_if(
            observed.is("Ping") && observed.frame.head == BINARY && observed.data("timestamp").as_f64() < Some(0.0),
        )
    }),
    CloudRule::received(
        "short-bodies-alone",
        &["TUN-33"],
        "truncates a body in MessagePack at 65,535 bytes",
        |_, observed, _| {
            let is_due = observed.frame.head == BINARY;
            is_due.then(|| observed.rebodied("HttpResponse", |body| body.into_iter().take(65_535).collect())).flatten()
        },
    ),
    CloudRule::sent(
        "short-binary-requests",
        &["TUN-33"],
        "truncates a body at 65,535 bytes in requests in MessagePack",
        |_, observed, _| {
            let is_due = observed.frame.head == BINARY;
            is_due.then(|| observed.rebodied("HttpRequest", |body| body.into_iter().take(65_535).collect())).flatten()
        },
    ),
];

fn encoded_as(observed: &TunnelFrame<'_>, head: u8) -> Effect {
    let message: &Value = observed.message;
    Effect { onward: vec![rule::frame(message, &Frame { head, ..observed.frame.clone() })], ..Effect::default() }
}
