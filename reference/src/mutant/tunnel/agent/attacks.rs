//! What would lead elsewhere, and what is no message (TUN-16, TUN-17).

use std::net::TcpStream;

use relayspec::tunnel::ToAgent;
use serde_json::{Value, json};

use super::super::rule::Seen;
use super::{Row, hears, says};
use crate::mutant::link::Said;
use crate::mutant::wire::{BINARY, Frame, TEXT};

/// A mutant for each request that is to be refused, and is made; and for each message that is none, and is not answered.
macro_rules! kinds {
    (taken $($taken:literal: $line:literal, $is:expr;)* ignored $($ignored:literal: $what:literal, $so:expr;)*) => {
        &[
            $(
                hears(concat!("takes-", $taken), &["TUN-16"], concat!("makes a request with ", $line), {
                    const IS: fn(&Asked<'_>) -> bool = $is;
                    |_, seen, _| (seen.is("HttpRequest") && IS(&Asked::of(seen))).then(|| harmless(seen))
                })
                .causing(&["TUN-17", "TUN-33"]),
            )*
            $(
                hears(concat!("ignores-", $ignored), &["TUN-17"], concat!("does not answer ", $what), {
                    const SO: fn(&Seen<'_>) -> bool = $so;
                    |agent, seen, _| seen.drops_if(agent.has_succeeded && is_malformed(seen.frame) && SO(seen))
                }),
            )*
        ]
    };
}

pub(super) const KINDS: &[Row] = kinds! {
    taken
    "absolute-urls": "an absolute URL", |asked| asked.url.to_ascii_lowercase().starts_with("http");
    "other-schemes": "a URL of another scheme",
        |asked| asked.url.starts_with("file:") || asked.url.starts_with("javascript:");
    "urls-without-scheme": "a URL that begins with two slashes", |asked| asked.url.starts_with("//");
    "authorities": "an authority", |asked| asked.url.starts_with("127.") && asked.method == "GET";
    "users": "a user in front of an authority", |asked| asked.url.contains('@') && !asked.url.starts_with('/');
    "ports": "a port", |asked| asked.url == ":80/x";
    "asterisks": "an asterisk", |asked| asked.url == "*";
    "nothing": "no URL", |asked| asked.url.is_empty();
    "paths-without-slash": "a path without a slash", |asked| asked.url == "x";
    "queries-without-path": "a query without a path", |asked| asked.url.starts_with('?');
    "backslashes": "a backslash in front", |asked| asked.url.starts_with('\\');
    "fragments": "a fragment", |asked| asked.url.contains('#');
    "spaces": "a space in its URL", |asked| asked.url.contains(' ') && !asked.url.contains('\n');
    "control-characters": "a control character in its URL", |asked| asked.url.contains(['\t', '\0', '\x7f']);
    "line-breaks": "a line break in its URL", |asked| asked.url.contains(['\r', '\n']);
    "other-letters": "letters beyond ASCII in its URL", |asked| !asked.url.is_ascii();
    "tunnels": "the method CONNECT", |asked| asked.method == "CONNECT";
    "odd-methods": "a method that is none",
        |asked| asked.method.is_empty() || asked.method.contains([' ', '(', '\n', 'É']);
    "odd-names": "a header name that is none",
        |asked| asked.names().any(|name| name.is_empty() || name.contains([' ', ':', 'ü', '\r']));
    "odd-values": "a header value that breaks a line",
        |asked| asked.values().any(|value| value.contains(['\r', '\n', '\0']));
    ignored
    "prose": "what is no JSON", |seen| seen.frame.head == TEXT && seen.message.is_null();
    "lists": "a list", |seen| seen.message.is_array();
    "unknown-types": "a message of unknown type", |seen| seen.is("Unheard") && seen.data("id").is_null();
    "unknown-types-with-ids": "a message of unknown type with an id",
        |seen| seen.is("Unheard") && seen.data("id").is_string();
    "small-letters": "a type in small letters", |seen| seen.is("httprequest");
    "missing-members": "a request without a URL",
        |seen| is_request(seen) && seen.frame.head == TEXT && seen.data("url").is_null() && seen.data("id").is_string();
    "other-types": "a request whose method is a number", |seen| seen.data("method").is_number();
    "odd-bodies": "a request whose body is no base64", |seen| seen.text("body").contains(' ');
    "lists-of-headers": "a request whose headers are a list", |seen| seen.data("headers").is_array();
    "lists-in-headers": "a request with a header that is a list in a list", |seen| !seen.data("headers")["x"].is_null();
    "odd-ids": "a request whose id is a number", |seen| seen.data("id").is_number();
    "no-data": "a request without data", |seen| is_request(seen) && seen.message.get("data").is_none();
    "odd-pings": "a Ping whose timestamp is a string", |seen| seen.is("Ping") && seen.data("timestamp").is_string();
    "its-own-messages": "a message that only an agent says", |seen| seen.is("Stats");
    "junk": "bytes that are no MessagePack",
        |seen| seen.frame.head == BINARY && seen.frame.payload.starts_with(b"\xc1");
    "empty-binary-messages": "a binary message without bytes",
        |seen| seen.frame.head == BINARY && seen.frame.payload.is_empty();
    "missing-packed-members": "a request in MessagePack without a URL",
        |seen| is_request(seen) && seen.frame.head == BINARY && seen.data("url").is_null();
};

pub(super) const RULES: &[Row] = &[
    hears("goes-anywhere", &["TUN-16"], "connects to whom a URL names before it refuses", |_, seen, _| {
        knock(seen, "http://127.0.0.2:")
    }),
    hears("looks-first", &["TUN-16"], "connects to the local server before it refuses", |_, seen, _| {
        knock(seen, "http://127.0.0.1:")
    }),
    hears("encodes-spaces", &["TUN-16"], "encodes spaces in a URL", |_, seen, _| {
        seen.rewritten("HttpRequest", "url", |url| url.replace(' ', "%20"))
    }),
    hears("cuts-fragments", &["TUN-16"], "cuts a fragment", |_, seen, _| {
        seen.rewritten("HttpRequest", "url", |url| url.split('#').next().unwrap_or(url).to_owned())
    }),
    hears("cleans-values", &["TUN-16"], "replaces line breaks in a header value", |_, seen, _| {
        seen.reheaded("HttpRequest", |headers| {
            for value in headers.values_mut() {
                if let Value::String(text) = value {
                    *text = text.replace(['\r', '\n', '\0'], " ");
                }
            }
        })
    }),
    says("404-for-400", &["TUN-16", "TUN-17"], "says 404 where it refuses", |_, seen, _| {
        (seen.is("Error") && *seen.data("code") == json!(400)).then(|| seen.with("code", 404)).flatten()
    })
    .causing(&["TUN-33"]),
    hears("sulks-after-attacks", &["TUN-16"], "makes no request once it has refused fifty", |agent, seen, _| {
        seen.drops_if(seen.is("HttpRequest") && agent.errors >= 50)
    }),
    says("without-ids", &["TUN-17"], "refuses what is malformed without an id", |agent, seen, _| {
        let is_due = seen.is("Error") && *seen.data("code") == json!(400) && agent.malformed > 0;
        (is_due && seen.data("request_id").is_string()).then(|| seen.with("request_id", Value::Null)).flatten()
    }),
    says("without-reasons", &["TUN-17"], "refuses without a text", |_, seen, _| {
        (seen.is("Error") && *seen.data("code") == json!(400)).then(|| seen.with("error", "")).flatten()
    })
    .causing(&["TUN-10", "TUN-16", "TUN-33", "WIRE-06"]),
    hears("closes-on-malformed", &["TUN-17"], "closes on what is malformed", |agent, seen, _| {
        (agent.has_succeeded && is_malformed(seen.frame)).then(|| seen.ended(1002)).flatten()
    })
    .causing(&["WIRE-01", "WIRE-06"]),
    hears("closes-on-the-unknown", &["TUN-17"], "closes on a message of unknown type", |agent, seen, _| {
        let is_unknown = seen.message["type"].is_string() && is_malformed(seen.frame) && seen.data("url").is_null();
        (agent.has_succeeded && is_unknown).then(|| seen.ended(1003)).flatten()
    })
    .causing(&["WIRE-06"]),
    hears("sulks-after-malformed", &["TUN-17"], "makes no request once much was malformed", |agent, seen, _| {
        seen.drops_if(seen.is("HttpRequest") && !is_malformed(seen.frame) && agent.malformed > 15)
    }),
];

/// What a request asks for.
struct Asked<'a> {
    method: &'a str,
    url: &'a str,
    headers: &'a Value,
}

impl<'a> Asked<'a> {
    fn of(seen: &'a Seen<'_>) -> Self {
        Self { method: seen.text("method"), url: seen.text("url"), headers: seen.data("headers") }
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

/// A request in the place of another, that nobody minds.
fn harmless(seen: &Seen<'_>) -> Said {
    let mut message = seen.message.clone();
    let data = &mut message["data"];
    (data["method"], data["url"], data["headers"]) = ("GET".into(), "/".into(), json!({}));
    seen.instead(&message)
}

/// Connects to the authority of a URL that begins so, and passes on the request.
fn knock(seen: &Seen<'_>, beginning: &str) -> Option<Said> {
    let url = seen.text("url");
    if seen.is("HttpRequest") && url.starts_with(beginning) {
        let authority = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        drop(TcpStream::connect(authority));
    }
    None
}

fn is_request(seen: &Seen<'_>) -> bool {
    seen.is("HttpRequest")
}

/// Whether a whole message is none of a cloud's.
pub(super) fn is_malformed(frame: &Frame) -> bool {
    match frame.head {
        TEXT => std::str::from_utf8(&frame.payload).is_ok_and(|text| ToAgent::decode(text).is_err()),
        BINARY => ToAgent::unpack(&frame.payload).is_err(),
        _ => false,
    }
}
