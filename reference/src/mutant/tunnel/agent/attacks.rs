//! Mutants of attacks and invalid messages (TUN-16, TUN-17).

use std::net::TcpStream;

use relayspec::tunnel::ToAgent;
use serde_json::{Value, json};

use super::super::rule::TunnelFrame;
use super::{AgentRule, gets, sends};
use crate::mutant::link::Effect;
use crate::mutant::wire::{BINARY, Frame, TEXT};

/// One mutant that serves each request that must be refused, and one that ignores each invalid message.
macro_rules! kinds {
    (taken $($taken:literal: $line:literal, $is:expr;)* ignored $($ignored:literal: $what:literal, $so:expr;)*) => {
        &[
            $(
                gets(concat!("takes-", $taken), &["TUN-16"], concat!("serves a request with ", $line), {
                    const IS: fn(&RequestTarget<'_>) -> bool = $is;
                    |_, observed, _| (observed.is("HttpRequest") && IS(&RequestTarget::of(observed))).then(|| harmless(observed))
                })
                .causing(&["TUN-17", "TUN-33"]),
            )*
            $(
                gets(concat!("ignores-", $ignored), &["TUN-17"], concat!("does not answer ", $what), {
                    const SO: fn(&TunnelFrame<'_>) -> bool = $so;
                    |agent, observed, _| observed.drops_if(agent.has_succeeded && is_malformed(observed.frame) && SO(observed))
                }),
            )*
        ]
    };
}

pub(super) const KINDS: &[AgentRule] = kinds! {
    taken
    "absolute-urls": "an absolute URL", |asked| asked.url.to_ascii_lowercase().starts_with("http");
    "other-schemes": "a URL with a different scheme",
        |asked| asked.url.starts_with("file:") || asked.url.starts_with("javascript:");
    "urls-without-scheme": "a URL that starts with two slashes", |asked| asked.url.starts_with("//");
    "authorities": "an authority", |asked| asked.url.starts_with("127.") && asked.method == "GET";
    "users": "a user before an authority", |asked| asked.url.contains('@') && !asked.url.starts_with('/');
    "ports": "a port", |asked| asked.url == ":80/x";
    "asterisks": "an asterisk", |asked| asked.url == "*";
    "nothing": "no URL", |asked| asked.url.is_empty();
    "paths-without-slash": "a path without a slash", |asked| asked.url == "x";
    "queries-without-path": "a query without a path", |asked| asked.url.starts_with('?');
    "backslashes": "a leading backslash", |asked| asked.url.starts_with('\\');
    "fragments": "a fragment", |asked| asked.url.contains('#');
    "spaces": "a space in its URL", |asked| asked.url.contains(' ') && !asked.url.contains('\n');
    "control-characters": "a control character in its URL", |asked| asked.url.contains(['\t', '\0', '\x7f']);
    "line-breaks": "a line break in its URL", |asked| asked.url.contains(['\r', '\n']);
    "other-letters": "non-ASCII letters in its URL", |asked| !asked.url.is_ascii();
    "tunnels": "the method CONNECT", |asked| asked.method == "CONNECT";
    "odd-methods": "an invalid method",
        |asked| asked.method.is_empty() || asked.method.contains([' ', '(', '\n', 'É']);
    "odd-names": "an invalid header name",
        |asked| asked.names().any(|name| name.is_empty() || name.contains([' ', ':', 'ü', '\r']));
    "odd-values": "a line break in a header value",
        |asked| asked.values().any(|value| value.contains(['\r', '\n', '\0']));
    ignored
    "prose": "text that is not JSON", |observed| observed.frame.head == TEXT && observed.message.is_null();
    "lists": "an array", |observed| observed.message.is_array();
    "unknown-types": "a message of unknown type", |observed| observed.is("Unheard") && observed.data("id").is_null();
    "unknown-types-with-ids": "a message of unknown type with an id",
        |observed| observed.is("Unheard") && observed.data("id").is_string();
    "small-letters": "a type in lower case", |observed| observed.is("httprequest");
    "missing-members": "a request without a URL",
        |observed| is_request(observed) && observed.frame.head == TEXT && observed.data("url").is_null() && observed.data("id").is_string();
    "other-types": "a request whose method is a number", |observed| observed.data("method").is_number();
    "odd-bodies": "a request whose body is not base64", |observed| observed.text("body").contains(' ');
    "lists-of-headers": "a request whose headers are an array", |observed| observed.data("headers").is_array();
    "lists-in-headers": "a request with a header that is an array in an array", |observed| !observed.data("headers")["x"].is_null();
    "odd-ids": "a request whose id is a number", |observed| observed.data("id").is_number();
    "no-data": "a request without data", |observed| is_request(observed) && observed.message.get("data").is_none();
    "odd-pings": "a Ping whose timestamp is a string", |observed| observed.is("Ping") && observed.data("timestamp").is_string();
    "its-own-messages": "a message that only an agent may send", |observed| observed.is("Stats");
    "junk": "bytes that are not MessagePack",
        |observed| observed.frame.head == BINARY && observed.frame.payload.starts_with(b"\xc1");
    "empty-binary-messages": "a binary message without bytes",
        |observed| observed.frame.head == BINARY && observed.frame.payload.is_empty();
    "missing-packed-members": "a request in MessagePack without a URL",
        |observed| is_request(observed) && observed.frame.head == BINARY && observed.data("url").is_null();
};

pub(super) const RULES: &[AgentRule] = &[
    gets("goes-anywhere", &["TUN-16"], "connects to the host that a URL names before it refuses", |_, observed, _| {
        connect_to(observed, "http://127.0.0.2:")
    }),
    gets("looks-first", &["TUN-16"], "connects to the local server before it refuses", |_, observed, _| {
        connect_to(observed, "http://127.0.0.1:")
    }),
    gets("encodes-spaces", &["TUN-16"], "encodes spaces in a URL", |_, observed, _| {
        observed.rewritten("HttpRequest", "url", |url| url.replace(' ', "%20"))
    }),
    gets("cuts-fragments", &["TUN-16"], "drops a fragment", |_, observed, _| {
        observed.rewritten("HttpRequest", "url", |url| url.split('#').next().unwrap_or(url).to_owned())
    }),
    gets("cleans-values", &["TUN-16"], "replaces line breaks in a header value", |_, observed, _| {
        observed.reheaded("HttpRequest", |headers| {
            for value in headers.values_mut() {
                if let Value::String(text) = value {
                    *text = text.replace(['\r', '\n', '\0'], " ");
                }
            }
        })
    }),
    sends("404-for-400", &["TUN-16", "TUN-17"], "answers with 404 instead of refusing", |_, observed, _| {
        (observed.is("Error") && *observed.data("code") == json!(400)).then(|| observed.with("code", 404)).flatten()
    })
    .causing(&["TUN-33"]),
    gets("sulks-after-attacks", &["TUN-16"], "serves no requests after fifty refusals", |agent, observed, _| {
        observed.drops_if(observed.is("HttpRequest") && agent.errors >= 50)
    }),
    sends("without-ids", &["TUN-17"], "refuses malformed requests without their id", |agent, observed, _| {
        let is_due = observed.is("Error") && *observed.data("code") == json!(400) && agent.malformed > 0;
        (is_due && observed.data("request_id").is_string()).then(|| observed.with("request_id", Value::Null)).flatten()
    }),
    sends("without-reasons", &["TUN-17"], "refuses requests without a text", |_, observed, _| {
        (observed.is("Error") && *observed.data("code") == json!(400)).then(|| observed.with("error", "")).flatten()
    })
    .causing(&["TUN-10", "TUN-16", "TUN-33", "WIRE-06"]),
    gets("closes-on-malformed", &["TUN-17"], "disconnects on a malformed message", |agent, observed, _| {
        (agent.has_succeeded && is_malformed(observed.frame)).then(|| observed.ended(1002)).flatten()
    })
    .causing(&["WIRE-01", "WIRE-06"]),
    gets("closes-on-the-unknown", &["TUN-17"], "disconnects on a message of unknown type", |agent, observed, _| {
        let is_unknown =
            observed.message["type"].is_string() && is_malformed(observed.frame) && observed.data("url").is_null();
        (agent.has_succeeded && is_unknown).then(|| observed.ended(1003)).flatten()
    })
    .causing(&["WIRE-06"]),
    gets(
        "sulks-after-malformed",
        &["TUN-17"],
        "serves no requests after many malformed messages",
        |agent, observed, _| {
            observed.drops_if(observed.is("HttpRequest") && !is_malformed(observed.frame) && agent.malformed > 15)
        },
    ),
];

struct RequestTarget<'a> {
    method: &'a str,
    url: &'a str,
    headers: &'a Value,
}

impl<'a> RequestTarget<'a> {
    fn of(observed: &'a TunnelFrame<'_>) -> Self {
        Self { method: observed.text("method"), url: observed.text("url"), headers: observed.data("headers") }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.as_object().into_iter().flatten().map(|(name, _)| name.as_str())
    }

    fn values(&self) -> impl Iterator<Item = &str> {
        let values = self.headers.as_object().into_iter().flatten().map(|(_, value)| value);
        values
            .flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice))
            .filter_map(Value::as_str)
    }
}

/// Replaces a request with a harmless one.
fn harmless(observed: &TunnelFrame<'_>) -> Effect {
    let mut message = observed.message.clone();
    let data = &mut message["data"];
    (data["method"], data["url"], data["headers"]) = ("GET".into(), "/".into(), json!({}));
    observed.instead(&message)
}

/// Connects to the authority of a URL with this prefix, and forwards the request.
fn connect_to(observed: &TunnelFrame<'_>, beginning: &str) -> Option<Effect> {
    let url = observed.text("url");
    if observed.is("HttpRequest") && url.starts_with(beginning) {
        let authority = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        drop(TcpStream::connect(authority));
    }
    None
}

fn is_request(observed: &TunnelFrame<'_>) -> bool {
    observed.is("HttpRequest")
}

/// Whether a whole message is not one of a cloud's.
pub(super) fn is_malformed(frame: &Frame) -> bool {
    match frame.head {
        TEXT => std::str::from_utf8(&frame.payload).is_ok_and(|text| ToAgent::decode(text).is_err()),
        BINARY => ToAgent::unpack(&frame.payload).is_err(),
        _ => false,
    }
}
