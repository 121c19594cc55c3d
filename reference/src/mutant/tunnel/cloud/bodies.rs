//! Mutants of bodies (TUN-24, TUN-25, WIRE-07) and buffers (WIRE-10, WIRE-11).

use serde_json::Value;

use super::super::rule::lossy;
use super::shared::shared;
use super::{CloudRule, messages};
use crate::mutant::link::{Effect, Flow};
use crate::mutant::wire::{BINARY, TEXT};

pub(super) const RULES: &[CloudRule] = &[
    CloudRule::sent("no-bodies", &["TUN-25"], "forwards requests without bodies", |_, observed, _| {
        observed.rebodied("HttpRequest", |_| Vec::new())
    })
    .causing(&["TUN-33", "WIRE-10"]),
    CloudRule::sent("no-body-with-delete", &["TUN-25"], "drops the body of a DELETE", |_, observed, _| {
        (observed.data("method") == "DELETE").then(|| observed.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    CloudRule::sent("no-body-with-get", &["TUN-25"], "drops the body of a GET", |_, observed, _| {
        (observed.data("method") == "GET").then(|| observed.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    CloudRule::sent("text-bodies", &["TUN-25"], "reads the body of a request as text", |_, observed, _| {
        observed.rebodied("HttpRequest", lossy)
    })
    .causing(&["TUN-33"]),
    CloudRule::received("text-bodies-back", &["TUN-25"], "reads the body of a response as text", |_, observed, _| {
        observed.rebodied("HttpResponse", lossy)
    })
    .causing(&["TUN-33"]),
    CloudRule::sent("lines-end-in-lf", &["TUN-25"], "rewrites the line ends in a body", |_, observed, _| {
        let bare = |body: Vec<u8>| body.into_iter().filter(|byte| *byte != b'\r').collect();
        observed.rebodied("HttpRequest", bare)
    }),
    CloudRule::sent(
        "empty-is-nul",
        &["TUN-25"],
        "replaces the empty body of a POST with one byte",
        |_, observed, _| {
            let is_due = observed.data("method") == "POST" && observed.data("headers")["content-length"] == "0";
            is_due.then(|| observed.rebodied("HttpRequest", |_| vec![0])).flatten()
        },
    ),
    CloudRule::sent(
        "no-chunk-is-nul",
        &["TUN-25"],
        "replaces an empty chunked body with one byte",
        |_, observed, _| {
            let is_due = observed.data("method") == "POST"
                && observed.body().is_empty()
                && observed.data("headers").get("content-length").is_none();
            is_due.then(|| observed.rebodied("HttpRequest", |_| vec![0])).flatten()
        },
    )
    .causing(&["TUN-20"]),
    CloudRule::sent("cuts-short-bodies", &["TUN-25"], "drops a body of a single byte", |_, observed, _| {
        observed.rebodied("HttpRequest", |body| if body == [0] { Vec::new() } else { body })
    }),
    CloudRule::sent(
        "first-chunk-alone",
        &["TUN-25"],
        "drops everything after the first kilobyte of a chunked body",
        |_, observed, _| {
            let is_due = observed.data("headers").get("content-length").is_none();
            is_due.then(|| observed.rebodied("HttpRequest", |body| body.into_iter().take(1000).collect())).flatten()
        },
    )
    .causing(&["TUN-24"]),
    CloudRule::received("null-is-text", &["TUN-25"], "writes null as the body of a response", |_, observed, _| {
        let is_due = observed.message["data"].get("body") == Some(&Value::Null);
        is_due.then(|| observed.rebodied("HttpResponse", |_| b"null".to_vec())).flatten()
    }),
    CloudRule::received(
        "empty-is-text",
        &["TUN-25"],
        "writes quotes as the body of a response with an empty one",
        |_, observed, _| {
            (observed.data("body") == "").then(|| observed.rebodied("HttpResponse", |_| b"\"\"".to_vec())).flatten()
        },
    ),
    CloudRule::received("absent-is-text", &["TUN-25"], "writes a body for a response without one", |_, observed, _| {
        let is_due = observed.message["data"].get("body").is_none();
        is_due.then(|| observed.rebodied("HttpResponse", |_| b"undefined".to_vec())).flatten()
    })
    .causing(&["TUN-22"]),
    CloudRule::received("takes-no-arrays", &["TUN-25"], "drops a body that is an array of bytes", |_, observed, _| {
        (observed.is("HttpResponse") && observed.data("body").is_array() && !messages::is_malformed(observed.frame))
            .then(|| observed.with("body", Value::Null))
            .flatten()
    }),
    CloudRule::received("trims-short-bodies", &["TUN-25"], "drops a body that is a line feed", |_, observed, _| {
        observed.rebodied("HttpResponse", |body| if body == b"\n" { Vec::new() } else { body })
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
        |cloud, observed, _| (cloud.fragment_bytes > 4 << 20).then(|| observed.ended(1009)).flatten(),
    ),
    CloudRule::sent(
        "too-large-otherwise",
        &["WIRE-07"],
        "closes with 1000 for a message that is too large",
        |cloud, observed, _| {
            (observed.frame.close_code() == 1009 && cloud.fragments == 0).then(|| Effect::closed(1000))
        },
    ),
    CloudRule::sent(
        "too-many-otherwise",
        &["WIRE-07"],
        "closes with 1000 for fragments that are too large in total",
        |cloud, observed, _| (observed.frame.close_code() == 1009 && cloud.fragments > 0).then(|| Effect::closed(1000)),
    ),
    CloudRule::other("hoards", &["WIRE-11"], "buffers without limit what an agent does not read"),
    CloudRule::received(
        "no-agents-while-stalled",
        &["WIRE-10"],
        "accepts no agents while one does not read",
        |cloud, observed, _| {
            let has_stalled = shared().has_stalled(cloud.number);
            observed.drops_if(observed.is("Auth") && has_stalled)
        },
    ),
    CloudRule::sent(
        "no-requests-while-stalled",
        &["WIRE-10"],
        "forwards no requests while an agent does not read",
        |cloud, observed, _| {
            let has_stalled = shared().has_stalled(cloud.number);
            observed.drops_if(observed.is("HttpRequest") && has_stalled)
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
