//! Mutants of `close_session`: TERM-24, TERM-42.

use serde_json::json;

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Said, Way};
use crate::mutant::terminal::{CLOSING, is_closing, session_id};
use crate::mutant::wire::{BINARY, Frame};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("spaced-close", &["TERM-24"], "writes the closing of a session anew"),
    Mutant::new("raw-ids", &["TERM-24"], "leaves the escapes in an id that is closed"),
    Mutant::new("plain-ids", &["TERM-24"], "writes a question mark for what is beyond ASCII in an id that is closed"),
    Mutant::new("short-ids", &["TERM-24"], "refuses to close a session whose id has 255 bytes"),
    Mutant::new("cuts-ids", &["TERM-42"], "cuts a session id that is too long"),
    Mutant::new("counts-characters", &["TERM-42"], "passes over an id of 256 bytes that has 128 characters"),
    Mutant::new("wraps-ids", &["TERM-42"], "cuts an id of 257 bytes to one"),
    Mutant::new("long-ids-are-ignored", &["TERM-42"], "passes over ids of more than 500 bytes"),
    Mutant::new("huge-ids-are-ignored", &["TERM-42"], "passes over ids of more than 65,535 bytes"),
    Mutant::new("silent-refusal", &["TERM-42"], "refuses without an error")
        .causing(&["TERM-04", "TERM-20", "TERM-40", "TERM-50", "WIRE-09"]),
];

pub(super) fn alters(relay: &Relay, seen: &Seen<'_>) -> Option<Said> {
    match (seen.way, seen.kind) {
        (Way::In, "close_session") => heard(relay, seen),
        (Way::Out, "error") if relay.mutant == "silent-refusal" => Some(Said::nothing()),
        (Way::Out, _) if seen.frame.head == BINARY && is_closing(&seen.frame.payload) => told(relay, seen.frame),
        _ => None,
    }
}

fn heard(relay: &Relay, seen: &Seen<'_>) -> Option<Said> {
    let id = seen.text("session_id");
    let length = id.len();
    let ignored = match relay.mutant {
        "short-ids" if length == 255 => {
            let told = link::text(&json!({ "type": "error", "message": "The id is too long." }), seen.frame);
            return Some(Said::nothing().answered(link::unmasked(&told)));
        }
        "cuts-ids" => return Some(seen.with("session_id", id.chars().take(255).collect::<String>())),
        "wraps-ids" if length == 257 => return Some(seen.with("session_id", id.get(..1)?)),
        "counts-characters" => length > 255 && id.chars().count() <= 255,
        "long-ids-are-ignored" => length > 500,
        "huge-ids-are-ignored" => length > 65_535,
        _ => false,
    };
    ignored.then(Said::nothing)
}

fn told(relay: &Relay, frame: &Frame) -> Option<Said> {
    match relay.mutant {
        "spaced-close" => Some(Said::payload([&frame.payload[..], b"\n"].concat(), frame)),
        "plain-ids" => {
            let id = str::from_utf8(session_id(&frame.payload)?).ok().filter(|id| !id.is_ascii())?;
            let plain = id.replace(|one: char| !one.is_ascii(), "?");
            Some(Said::payload([&[u8::try_from(plain.len()).ok()?], plain.as_bytes(), CLOSING].concat(), frame))
        }
        "raw-ids" => {
            let written = json!(str::from_utf8(session_id(&frame.payload)?).ok()?).to_string();
            let raw = written.trim_matches('"').as_bytes();
            let length = u8::try_from(raw.len()).ok()?;
            Some(Said::payload([&[length], raw, CLOSING].concat(), frame))
        }
        _ => None,
    }
}
