//! Mutants of the first message: TERM-04.

use serde_json::Value;

use super::sessions::text;
use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow};
use crate::mutant::terminal::{is_whole, payload};
use crate::mutant::wire::{BINARY, Frame, PING, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("says-nothing-first", &["TERM-04"], "closes without an error for an invalid first message"),
    Mutant::new("pings-are-messages", &["TERM-04"], "accepts a Ping frame as a first message")
        .causing(&["WIRE-03", "WIRE-04"]),
    Mutant::new("silent-about-a-size", &["TERM-04"], "closes without an error for a first `session_resize`"),
    Mutant::new("silent-about-a-wish", &["TERM-04"], "closes without an error for a first `create_session`"),
    Mutant::new("silent-about-a-closing", &["TERM-04"], "closes without an error for a first `close_session`"),
    Mutant::new("silent-about-no-code", &["TERM-04"], "closes without an error for a first `auth` without a code"),
    Mutant::new("silent-about-registered", &["TERM-04"], "closes without an error for a first `registered`"),
    Mutant::new("silent-about-an-unknown-type", &["TERM-04"], "closes without an error for a first unknown type"),
    Mutant::new("silent-about-an-empty-binary", &["TERM-04"], "closes without an error for an empty first binary"),
    Mutant::new("silent-about-a-malformed-binary", &["TERM-04"], "closes without an error for a malformed binary"),
    Mutant::new("silent-about-an-empty-text", &["TERM-04"], "closes without an error for an empty first text"),
    Mutant::new("silent-about-a-string", &["TERM-04"], "closes without an error for a first string"),
    Mutant::new("silent-about-null", &["TERM-04"], "closes without an error for a first `null`"),
    Mutant::new("types-of-any-case", &["TERM-04"], "accepts a first type in upper case"),
    Mutant::new("types-by-members", &["TERM-04"], "accepts a first message with a client id as `register`"),
    Mutant::new("types-of-lists", &["TERM-04"], "accepts an array with a type as a type"),
    Mutant::new("registers-in-binary", &["TERM-04"], "accepts a `register` in a binary message"),
    Mutant::new("members-in-camel-case", &["TERM-04"], "accepts a client id in camelCase"),
    Mutant::new("clients-of-numbers", &["TERM-04"], "accepts a number as a client id"),
    Mutant::new("codes-of-numbers", &["TERM-04"], "answers a code that is a number as unknown"),
    Mutant::new("codes-of-null", &["TERM-04"], "answers a code that is null as unknown"),
    Mutant::new("reads-what-is-cut-off", &["TERM-04"], "completes objects that are cut off"),
    Mutant::new("reads-lists", &["TERM-04"], "accepts the first element of an array as the first message"),
    Mutant::new("skips-empty-payloads", &["TERM-04"], "ignores a first binary message without a payload"),
    Mutant::new("stays-open-for-a-session-list", &["TERM-04"], "does not close for a first `session_list`"),
    Mutant::new("stays-open-for-a-binary", &["TERM-04"], "does not close for a first binary message"),
    Mutant::new("stays-open-for-no-client", &["TERM-04"], "does not close for `register` without a client id"),
    Mutant::new("stays-open-for-prose", &["TERM-04"], "does not close for a first text that is not JSON"),
    Mutant::new("stays-open-for-a-size", &["TERM-04"], "does not close for a first `session_resize`"),
    Mutant::new("stays-open-for-a-wish", &["TERM-04"], "does not close for a first `create_session`"),
    Mutant::new("stays-open-for-a-closing", &["TERM-04"], "does not close for a first `close_session`"),
    Mutant::new("stays-open-for-registered", &["TERM-04"], "does not close for a first `registered`"),
    Mutant::new("stays-open-for-an-unknown-type", &["TERM-04"], "does not close for a first unknown type"),
    Mutant::new("stays-open-for-capitals", &["TERM-04"], "does not close for a first type in upper case"),
    Mutant::new("stays-open-for-no-type", &["TERM-04"], "does not close for a first message without a type"),
    Mutant::new("stays-open-for-a-list-as-type", &["TERM-04"], "does not close for a first type that is an array"),
    Mutant::new("stays-open-for-an-empty-binary", &["TERM-04"], "does not close for an empty first binary"),
    Mutant::new("stays-open-for-a-malformed-binary", &["TERM-04"], "does not close for a malformed first binary"),
    Mutant::new("stays-open-for-register-in-binary", &["TERM-04"], "does not close for a first `register` in binary"),
    Mutant::new("stays-open-for-camel-case", &["TERM-04"], "does not close for a first client id in camelCase"),
    Mutant::new("stays-open-for-a-client-of-numbers", &["TERM-04"], "does not close for a client id that is a number"),
    Mutant::new("stays-open-for-no-code", &["TERM-04"], "does not close for `auth` without a code"),
    Mutant::new("stays-open-for-a-code-of-null", &["TERM-04"], "does not close for a code that is null"),
    Mutant::new("stays-open-for-a-code-of-numbers", &["TERM-04"], "does not close for a code that is a number"),
    Mutant::new("stays-open-for-an-empty-text", &["TERM-04"], "does not close for an empty first text"),
    Mutant::new("stays-open-for-what-is-cut-off", &["TERM-04"], "does not close for a first object that is cut off"),
    Mutant::new("stays-open-for-a-list", &["TERM-04"], "does not close for a first array"),
    Mutant::new("stays-open-for-a-string", &["TERM-04"], "does not close for a first string"),
    Mutant::new("stays-open-for-null", &["TERM-04"], "does not close for a first `null`"),
];

/// The name that mutants use for an invalid first message.
pub(super) fn case(observed: &Observed<'_>) -> Option<&'static str> {
    let (bytes, message) = (&*observed.frame.payload, observed.message);
    if observed.frame.head == BINARY {
        return Some(match bytes.first() {
            None => "an-empty-binary",
            Some(b'{') => "register-in-binary",
            Some(_) if !is_whole(bytes) => "a-malformed-binary",
            Some(_) => "a-binary",
        });
    }
    let Value::Object(members) = message else {
        return Some(match bytes.first() {
            None => "an-empty-text",
            Some(b'n') => "null",
            Some(b'[') => "a-list",
            Some(b'"') => "a-string",
            Some(b'{') => "what-is-cut-off",
            Some(_) => "prose",
        });
    };
    Some(match (observed.kind, members.get("client_id"), members.get("session_code")) {
        ("", ..) if message["type"].is_array() => "a-list-as-type",
        ("", ..) => "no-type",
        ("register", None, _) if members.contains_key("clientId") => "camel-case",
        ("register", None, _) => "no-client",
        ("register", Some(Value::Number(_)), _) => "a-client-of-numbers",
        ("auth", _, None) => "no-code",
        ("auth", _, Some(Value::Null)) => "a-code-of-null",
        ("auth", _, Some(Value::Number(_))) => "a-code-of-numbers",
        ("register" | "auth", ..) => return None,
        ("session_list", ..) => "a-session-list",
        ("session_resize", ..) => "a-size",
        ("create_session", ..) => "a-wish",
        ("close_session", ..) => "a-closing",
        ("registered", ..) => "registered",
        (kind, ..) if kind.contains(char::is_uppercase) => "capitals",
        _ => "an-unknown-type",
    })
}

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>) -> Option<Effect> {
    let frame = observed.frame;
    match observed.flow {
        _ if relay.side.is_some() => None,
        Flow::In if relay.mutant == "pings-are-messages" && frame.head == PING => Some(Effect::ended(frame, 1008)),
        Flow::In if relay.words == 1 => taken(relay, observed),
        Flow::Out if observed.kind == "error" => {
            let silent = relay.mutant.strip_prefix("silent-about-");
            let is_silent = silent.is_some() && silent == relay.case;
            (is_silent || relay.mutant == "says-nothing-first").then(Effect::nothing)
        }
        Flow::Out if frame.close_code() == 1008 => {
            let open = relay.mutant.strip_prefix("stays-open-for-");
            relay.is_kept_open = open.is_some() && open == relay.case;
            relay.is_kept_open.then(Effect::nothing)
        }
        _ => None,
    }
}

/// Rewrites another message as a valid first message.
fn taken(relay: &TerminalLink, observed: &Observed<'_>) -> Option<Effect> {
    let (frame, message) = (observed.frame, observed.message);
    Some(match (relay.mutant, relay.case?) {
        ("types-of-any-case", "capitals") => observed.with("type", observed.kind.to_lowercase()),
        ("types-by-members", "no-type") if message["client_id"].is_string() => observed.with("type", "register"),
        ("types-of-lists", "a-list-as-type") => observed.with("type", text(&message["type"][0])),
        ("registers-in-binary", "register-in-binary") => {
            Effect { onward: vec![Frame { head: TEXT, ..frame.clone() }], ..Effect::default() }
        }
        ("members-in-camel-case", "camel-case") => observed.with("client_id", text(&message["clientId"])),
        ("clients-of-numbers", "a-client-of-numbers") => observed.with("client_id", message["client_id"].to_string()),
        ("codes-of-numbers", "a-code-of-numbers") => observed.with("session_code", message["session_code"].to_string()),
        ("codes-of-null", "a-code-of-null") => observed.with("session_code", ""),
        ("reads-what-is-cut-off", "what-is-cut-off") => Effect::payload([&frame.payload[..], b"}"].concat(), frame),
        ("reads-lists", "a-list") => Effect { onward: vec![link::text(&message[0], frame)], ..Effect::default() },
        ("skips-empty-payloads", "a-binary") if payload(&frame.payload)?.is_empty() => Effect::nothing(),
        _ => return None,
    })
}
