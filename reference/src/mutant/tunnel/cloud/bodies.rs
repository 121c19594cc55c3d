//! Mutants of bodies (TUN-24, TUN-25, WIRE-07) and buffers (WIRE-10, WIRE-11).

use serde_json::Value;

use super::super::rule::lossy;
use super::shared::shared;
use super::{CloudRule, messages};
use crate::mutant::link::{Effect, Flow};
use crate::mutant::wire::{BINARY, TEXT};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::sent("no-bodies", &["TUN-25"], "forwards requests without bodies", |_, seen, _| {
        seen.rebodied("HttpRequest", |_| Vec::new())
    })
    .causing(&["TUN-33", "WIRE-10"]),
    CloudRule::sent("no-body-with-delete", &["TUN-25"], "drops the body of a DELETE", |_, seen, _| {
        (seen.data("method") == "DELETE").then(|| seen.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    CloudRule::sent("no-body-with-get", &["TUN-25"], "drops the body of a GET", |_, seen, _| {
        (seen.data("method") == "GET").then(|| seen.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    CloudRule::sent("text-bodies", &["TUN-25"], "reads the body of a request as text", |_, seen, _| {
        seen.rebodied("HttpRequest", lossy)
    })
    .causing(&["TUN-33"]),
    CloudRule::received("text-bodies-back", &["TUN-25"], "reads the body of a response as text", |_, seen, _| {
        seen.rebodied("HttpResponse", lossy)
    })
    .causing(&["TUN-33"]),
    CloudRule::sent("lines-end-in-lf", &["TUN-25"], "rewrites the line ends in a body", |_, seen, _| {
        let bare = |body: Vec<u8>| body.into_iter().filter(|byte| *byte != b'\r').collect();
        seen.rebodied("HttpRequest", bare)
    }),
    CloudRule::sent("empty-is-nul", &["TUN-25"], "replaces the empty body of a POST with one byte", |_, seen, _| {
        let is_due = seen.data("method") == "POST" && seen.data("headers")["content-length"] == "0";
        is_due.then(|| seen.rebodied("HttpRequest", |_| vec![0])).flatten()
    }),
    CloudRule::sent("no-chunk-is-nul", &["TUN-25"], "replaces an empty chunked body with one byte", |_, seen, _| {
        let is_due = seen.data("method") == "POST"
            && seen.body().is_empty()
            && seen.data("headers").get("content-length").is_none();
        is_due.then(|| seen.rebodied("HttpRequest", |_| vec![0])).flatten()
    })
    .causing(&["TUN-20"]),
    CloudRule::sent("cuts-short-bodies", &["TUN-25"], "drops a body of a single byte", |_, seen, _| {
        seen.rebodied("HttpRequest", |body| if body == [0] { Vec::new() } else { body })
    }),
    CloudRule::sent(
        "first-chunk-alone",
        &["TUN-25"],
        "drops everything after the first kilobyte of a chunked body",
        |_, seen, _| {
            let is_due = seen.data("headers").get("content-length").is_none();
            is_due.then(|| seen.rebodied("HttpRequest", |body| body.into_iter().take(1000).collect())).flatten()
        },
    )
    .causing(&["TUN-24"]),
    CloudRule::received("null-is-text", &["TUN-25"], "writes null as the body of a response", |_, seen, _| {
        let is_due = seen.message["data"].get("body") == Some(&Value::Null);
        is_due.then(|| seen.rebodied("HttpResponse", |_| b"null".to_vec())).flatten()
    }),
    CloudRule::received(
        "empty-is-text",
        &["TUN-25"],
        "writes quotes as the body of a response with an empty one",
        |_, seen, _| (seen.data("body") == "").then(|| seen.rebodied("HttpResponse", |_| b"\"\"".to_vec())).flatten(),
    ),
    CloudRule::received("absent-is-text", &["TUN-25"], "writes a body for a response without one", |_, seen, _| {
        let is_due = seen.message["data"].get("body").is_none();
        is_due.then(|| seen.rebodied("HttpResponse", |_| b"undefined".to_vec())).flatten()
    })
    .causing(&["TUN-22"]),
    CloudRule::received("takes-no-arrays", &["TUN-25"], "drops a body that is an array of bytes", |_, seen, _| {
        (seen.is("HttpResponse") && seen.data("body").is_array() && !messages::is_malformed(seen.frame))
            .then(|| seen.with("body", Value::Null))
            .flatten()
    }),
    CloudRule::received("trims-short-bodies", &["TUN-25"], "drops a body that is a line feed", |_, seen, _| {
        seen.rebodied("HttpResponse", |body| if body == b"\n" { Vec::new() } else { body })
    }),
    CloudRule::other("small-requests", &["TUN-24"], "disconnects instead of forwarding a large body in text"),
    CloudRule::other(
        "small-packed-requests",
        &["TUN-24"],
        "disconnects instead of forwarding a large body in MessagePack",
    ),
    CloudRule::other("small-messages", &["WIRE-07"], "disconnects on a text above 4 MiB").causing(&["TUN-25"]),
    CloudRule::other("small-packed-messages", &["WIRE-07", "TUN-25"], "disconnects on a binary message above 4 MiB")
        .causing(&["TUN-25"]),
    CloudRule::received(
        "small-fragmented-messages",
        &["WIRE-07"],
        "disconnects on fragments of more than 4 MiB",
        |cloud, seen, _| (cloud.fragment_bytes > 4 << 20).then(|| seen.ended(1009)).flatten(),
    ),
    CloudRule::sent(
        "too-large-otherwise",
        &["WIRE-07"],
        "closes with 1000 for a message that is too large",
        |cloud, seen, _| (seen.frame.close_code() == 1009 && cloud.fragments == 0).then(|| Effect::closed(1000)),
    ),
    CloudRule::sent(
        "too-many-otherwise",
        &["WIRE-07"],
        "closes with 1000 for fragments that are too large in total",
        |cloud, seen, _| (seen.frame.close_code() == 1009 && cloud.fragments > 0).then(|| Effect::closed(1000)),
    ),
    CloudRule::other("hoards", &["WIRE-11"], "buffers without limit what an agent does not read"),
    CloudRule::received(
        "no-agents-while-stalled",
        &["WIRE-10"],
        "accepts no agents while one does not read",
        |cloud, seen, _| {
            let has_stalled = shared().has_stalled(cloud.number);
            seen.drops_if(seen.is("Auth") && has_stalled)
        },
    ),
    CloudRule::sent(
        "no-requests-while-stalled",
        &["WIRE-10"],
        "forwards no requests while an agent does not read",
        |cloud, seen, _| {
            let has_stalled = shared().has_stalled(cloud.number);
            seen.drops_if(seen.is("HttpRequest") && has_stalled)
        },
    ),
];

/// The code to close with instead of forwarding a frame that is too long to be decoded.
pub(super) fn large(mutant: &str, flow: Flow, head: u8) -> Option<u16> {
    let is_due = match (mutant, flow) {
        ("small-requests", Flow::Out) | ("small-messages", Flow::In) => head == TEXT,
        ("small-packed-requests", Flow::Out) | ("small-packed-messages", Flow::In) => head == BINARY,
        _ => false,
    };
    is_due.then_some(1009)
}
