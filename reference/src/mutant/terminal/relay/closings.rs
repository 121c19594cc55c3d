//! Mutants of `close_session`: TERM-24, TERM-42.

use serde_json::json;

use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow};
use crate::mutant::terminal::{CLOSING, is_closing, session_id};
use crate::mutant::wire::{BINARY, Frame};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("spaced-close", &["TERM-24"], "reformats the message for a closed session"),
    Mutant::new("raw-ids", &["TERM-24"], "keeps the JSON escapes in the id of a session to close"),
    Mutant::new("plain-ids", &["TERM-24"], "replaces non-ASCII characters in the id of a session to close"),
    Mutant::new("short-ids", &["TERM-24"], "refuses to close a session whose id has 255 bytes"),
    Mutant::new("cuts-ids", &["TERM-42"], "truncates a session id that is too long"),
    Mutant::new("counts-characters", &["TERM-42"], "ignores an id of 256 bytes that has 128 characters"),
    Mutant::new("wraps-ids", &["TERM-42"], "truncates an id of 257 bytes to one"),
    Mutant::new("long-ids-are-ignored", &["TERM-42"], "ignores ids of more than 500 bytes"),
    Mutant::new("huge-ids-are-ignored", &["TERM-42"], "ignores ids of more than 65,535 bytes"),
    Mutant::new("silent-refusal", &["TERM-42"], "refuses without an error")
        .causing(&["TERM-04", "TERM-20", "TERM-40", "TERM-50", "WIRE-09"]),
];

pub(super) fn alters(relay: &TerminalLink, observed: &Observed<'_>) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        (Flow::In, "close_session") => incoming(relay, observed),
        (Flow::Out, "error") if relay.mutant == "silent-refusal" => Some(Effect::nothing()),
        (Flow::Out, _) if observed.frame.head == BINARY && is_closing(&observed.frame.payload) => {
            outgoing(relay, observed.frame)
        }
        _ => None,
    }
}

fn incoming(relay: &TerminalLink, observed: &Observed<'_>) -> Option<Effect> {
    let id = observed.text("session_id");
    let length = id.len();
    let ignored = match relay.mutant {
        "short-ids" if length == 255 => {
            let reported = link::text(&json!({ "type": "error", "message": "The id is too long." }), observed.frame);
            return Some(Effect::nothing().answered(link::unmasked(&reported)));
        }
        "cuts-ids" => return Some(observed.with("session_id", id.chars().take(255).collect::<String>())),
        "wraps-ids" if length == 257 => return Some(observed.with("session_id", id.get(..1)?)),
        "counts-characters" => length > 255 && id.chars().count() <= 255,
        "long-ids-are-ignored" => length > 500,
        "huge-ids-are-ignored" => length > 65_535,
        _ => false,
    };
    ignored.then(Effect::nothing)
}

fn outgoing(relay: &TerminalLink, frame: &Frame) -> Option<Effect> {
    match relay.mutant {
        "spaced-close" => Some(Effect::payload([&frame.payload[..], b"\n"].concat(), frame)),
        "plain-ids" => {
            let id = str::from_utf8(session_id(&frame.payload)?).ok().filter(|id| !id.is_ascii())?;
            let plain = id.replace(|one: char| !one.is_ascii(), "?");
            Some(Effect::payload([&[u8::try_from(plain.len()).ok()?], plain.as_bytes(), CLOSING].concat(), frame))
        }
        "raw-ids" => {
            let written = json!(str::from_utf8(session_id(&frame.payload)?).ok()?).to_string();
            let raw = written.trim_matches('"').as_bytes();
            let length = u8::try_from(raw.len()).ok()?;
            Some(Effect::payload([&[length], raw, CLOSING].concat(), frame))
        }
        _ => None,
    }
}
