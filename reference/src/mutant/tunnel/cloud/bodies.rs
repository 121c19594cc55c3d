//! Bodies on their way, small and large (TUN-25, TUN-24, WIRE-07), and what is kept of them (WIRE-10, WIRE-11).

use serde_json::Value;

use super::super::rule::lossy;
use super::shared::shared;
use super::{Row, messages};
use crate::mutant::link::{Said, Way};
use crate::mutant::wire::{BINARY, TEXT};

pub(super) const RULES: &[Row] = &[
    Row::told("no-bodies", &["TUN-25"], "asks without bodies", |_, seen, _| {
        seen.rebodied("HttpRequest", |_| Vec::new())
    })
    .causing(&["TUN-33", "WIRE-10"]),
    Row::told("no-body-with-delete", &["TUN-25"], "drops the body of a DELETE", |_, seen, _| {
        (seen.data("method") == "DELETE").then(|| seen.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    Row::told("no-body-with-get", &["TUN-25"], "drops the body of a GET", |_, seen, _| {
        (seen.data("method") == "GET").then(|| seen.rebodied("HttpRequest", |_| Vec::new())).flatten()
    }),
    Row::told("text-bodies", &["TUN-25"], "takes the body of a request for text", |_, seen, _| {
        seen.rebodied("HttpRequest", lossy)
    })
    .causing(&["TUN-33"]),
    Row::heard("text-bodies-back", &["TUN-25"], "takes the body of an answer for text", |_, seen, _| {
        seen.rebodied("HttpResponse", lossy)
    })
    .causing(&["TUN-33"]),
    Row::told("lines-end-in-lf", &["TUN-25"], "writes the line ends in a body anew", |_, seen, _| {
        let bare = |body: Vec<u8>| body.into_iter().filter(|byte| *byte != b'\r').collect();
        seen.rebodied("HttpRequest", bare)
    }),
    Row::told("empty-is-nul", &["TUN-25"], "makes a byte of the empty body of a POST", |_, seen, _| {
        let is_due = seen.data("method") == "POST" && seen.data("headers")["content-length"] == "0";
        is_due.then(|| seen.rebodied("HttpRequest", |_| vec![0])).flatten()
    }),
    Row::told("no-chunk-is-nul", &["TUN-25"], "makes a byte of a body that ends with its first chunk", |_, seen, _| {
        let is_due = seen.data("method") == "POST"
            && seen.body().is_empty()
            && seen.data("headers").get("content-length").is_none();
        is_due.then(|| seen.rebodied("HttpRequest", |_| vec![0])).flatten()
    })
    .causing(&["TUN-20"]),
    Row::told("cuts-short-bodies", &["TUN-25"], "drops a body of a single byte", |_, seen, _| {
        seen.rebodied("HttpRequest", |body| if body == [0] { Vec::new() } else { body })
    }),
    Row::told(
        "first-chunk-alone",
        &["TUN-25"],
        "drops what comes behind the first kilobyte of chunks",
        |_, seen, _| {
            let is_due = seen.data("headers").get("content-length").is_none();
            is_due.then(|| seen.rebodied("HttpRequest", |body| body.into_iter().take(1000).collect())).flatten()
        },
    )
    .causing(&["TUN-24"]),
    Row::heard("null-is-text", &["TUN-25"], "writes a null as the body of an answer", |_, seen, _| {
        let is_due = seen.message["data"].get("body") == Some(&Value::Null);
        is_due.then(|| seen.rebodied("HttpResponse", |_| b"null".to_vec())).flatten()
    }),
    Row::heard(
        "empty-is-text",
        &["TUN-25"],
        "writes quotes as the body of an answer with an empty one",
        |_, seen, _| (seen.data("body") == "").then(|| seen.rebodied("HttpResponse", |_| b"\"\"".to_vec())).flatten(),
    ),
    Row::heard("absent-is-text", &["TUN-25"], "writes a body for an answer without one", |_, seen, _| {
        let is_due = seen.message["data"].get("body").is_none();
        is_due.then(|| seen.rebodied("HttpResponse", |_| b"undefined".to_vec())).flatten()
    })
    .causing(&["TUN-22"]),
    Row::heard("takes-no-arrays", &["TUN-25"], "drops a body that is an array of bytes", |_, seen, _| {
        (seen.is("HttpResponse") && seen.data("body").is_array() && !messages::is_malformed(seen.frame))
            .then(|| seen.with("body", Value::Null))
            .flatten()
    }),
    Row::heard("trims-short-bodies", &["TUN-25"], "drops a body that is a line feed", |_, seen, _| {
        seen.rebodied("HttpResponse", |body| if body == b"\n" { Vec::new() } else { body })
    }),
    // Large ones
    Row::other("small-requests", &["TUN-24"], "closes instead of asking for a large body in text"),
    Row::other("small-packed-requests", &["TUN-24"], "closes instead of asking for a large body in MessagePack"),
    Row::other("small-messages", &["WIRE-07"], "closes for a text above 4 MiB").causing(&["TUN-25"]),
    Row::other("small-packed-messages", &["WIRE-07", "TUN-25"], "closes for a binary message above 4 MiB")
        .causing(&["TUN-25"]),
    Row::heard(
        "small-fragmented-messages",
        &["WIRE-07"],
        "closes for fragments of more than 4 MiB",
        |cloud, seen, _| (cloud.fragment_bytes > 4 << 20).then(|| seen.ended(1009)).flatten(),
    ),
    Row::told(
        "too-large-otherwise",
        &["WIRE-07"],
        "closes with 1000 for a message that is too large",
        |cloud, seen, _| (seen.frame.close_code() == 1009 && cloud.fragments == 0).then(|| Said::closed(1000)),
    ),
    Row::told(
        "too-many-otherwise",
        &["WIRE-07"],
        "closes with 1000 for fragments that are too large",
        |cloud, seen, _| (seen.frame.close_code() == 1009 && cloud.fragments > 0).then(|| Said::closed(1000)),
    ),
    Row::other("hoards", &["WIRE-11"], "keeps without bound what an agent does not read"),
    Row::heard(
        "nobody-in-while-stalled",
        &["WIRE-10"],
        "lets nobody in while an agent does not read",
        |cloud, seen, _| {
            let has_stalled = shared().has_stalled(cloud.number);
            seen.drops_if(seen.is("Auth") && has_stalled)
        },
    ),
    Row::told(
        "nobody-asked-while-stalled",
        &["WIRE-10"],
        "asks nobody while an agent does not read",
        |cloud, seen, _| {
            let has_stalled = shared().has_stalled(cloud.number);
            seen.drops_if(seen.is("HttpRequest") && has_stalled)
        },
    ),
];

/// The code to close with instead of passing on a frame that is too long to be looked at.
pub(super) fn large(mutant: &str, way: Way, head: u8) -> Option<u16> {
    let is_due = match (mutant, way) {
        ("small-requests", Way::Out) | ("small-messages", Way::In) => head == TEXT,
        ("small-packed-requests", Way::Out) | ("small-packed-messages", Way::In) => head == BINARY,
        _ => false,
    };
    is_due.then_some(1009)
}
