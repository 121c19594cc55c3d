//! Mutants that accept invalid messages and client ids (PAIR-16, PAIR-60 to PAIR-62).

use serde_json::{Value, json};

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};
use crate::mutant::wire::TEXT;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("reads-single-quotes", &["PAIR-60"], "accepts single quotes"),
    Mutant::new("reads-trailing-commas", &["PAIR-60"], "accepts trailing commas"),
    Mutant::new("reads-comments", &["PAIR-60"], "accepts comments"),
    Mutant::new("reads-nan", &["PAIR-60"], "accepts NaN as a number"),
    Mutant::new("reads-bare-names", &["PAIR-60"], "accepts names without quotes"),
    Mutant::new("reads-raw-breaks", &["PAIR-60"], "accepts raw line breaks in strings"),
    Mutant::new("reads-what-is-cut-off", &["PAIR-60"], "completes objects that are cut off"),
    Mutant::new("reads-the-first", &["PAIR-60"], "reads the first of two messages in a frame"),
    Mutant::new("reads-lists", &["PAIR-60"], "reads an array as the members of a message"),
    Mutant::new("reads-strings", &["PAIR-60"], "reads a string as a type"),
    Mutant::new("types-of-any-case", &["PAIR-61"], "accepts types in any case"),
    Mutant::new("members-of-any-case", &["PAIR-61"], "accepts member names in any case"),
    Mutant::new("pings-without-ts", &["PAIR-62"], "accepts a `ping` without `ts`"),
    Mutant::new("pings-of-texts", &["PAIR-62"], "accepts a string as a number"),
    Mutant::new("pings-of-booleans", &["PAIR-62"], "reads true as 1"),
    Mutant::new("pings-of-null", &["PAIR-62"], "reads null as 0"),
    Mutant::new("clients-of-numbers", &["PAIR-62"], "accepts a number as a client id"),
    Mutant::new("clients-of-names", &["PAIR-16"], "accepts a name as a client id"),
    Mutant::new("clients-of-nothing", &["PAIR-16"], "accepts the empty string as a client id"),
    Mutant::new("clients-without-hyphens", &["PAIR-16"], "accepts client ids without hyphens"),
    Mutant::new("clients-of-any-letter", &["PAIR-16"], "accepts client ids with letters beyond F"),
    Mutant::new("clients-in-braces", &["PAIR-16"], "accepts client ids in braces"),
    Mutant::new("clients-of-urns", &["PAIR-16"], "accepts URNs as client ids"),
    Mutant::new("clients-with-blanks", &["PAIR-16"], "accepts client ids with a trailing space"),
    Mutant::new("clients-of-any-hyphens", &["PAIR-16"], "accepts client ids with misplaced hyphens"),
];

const CLIENT: &str = "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11";

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, _: &mut Links) -> Option<Effect> {
    if observed.flow == Flow::Out || observed.frame.head != TEXT {
        return None;
    }
    let text = observed.raw();
    let read = match (relay.mutant, observed.kind) {
        ("reads-single-quotes", "") => text.replace('\'', "\""),
        ("reads-trailing-commas", "") => text.replace(",}", "}"),
        ("reads-comments", "") => match (text.find("/*"), text.find("*/")) {
            (Some(from), Some(to)) if from < to => format!("{}{}", &text[..from], &text[to + 2..]),
            _ => return None,
        },
        ("reads-nan", "") => text.replace(":NaN", ":0"),
        ("reads-bare-names", "") => text.replace("{type:", "{\"type\":").replace(",ts:", ",\"ts\":"),
        ("reads-raw-breaks", "") if !text.starts_with(char::is_whitespace) => text.replace('\n', "\\n"),
        ("reads-what-is-cut-off", "") if text.starts_with('{') && !text.ends_with('}') => format!("{text}}}"),
        ("reads-the-first", "") => {
            let first = serde_json::Deserializer::from_str(text).into_iter::<Value>().next()?.ok()?;
            if first.is_object() { first.to_string() } else { return None }
        }
        ("reads-lists", "") => {
            let list: Vec<Value> = serde_json::from_str(text).ok()?;
            json!({ "type": list.first()?, "ts": list.get(1)? }).to_string()
        }
        ("reads-strings", "") => {
            let kind: String = serde_json::from_str(text).ok()?;
            json!({ "type": kind, "ts": 0 }).to_string()
        }
        ("types-of-any-case", kind) if kind.contains(char::is_uppercase) => {
            return Some(observed.with("type", kind.to_lowercase()));
        }
        ("members-of-any-case", "") => {
            let members = observed.message.as_object()?;
            let members = members.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
            Value::Object(members.collect()).to_string()
        }
        ("pings-without-ts", "ping") if observed.message.get("ts").is_none() => return Some(observed.with("ts", 0)),
        ("pings-of-texts", "ping") if observed.message["ts"].is_string() => return Some(observed.with("ts", 1)),
        ("pings-of-booleans", "ping") if observed.message["ts"].is_boolean() => return Some(observed.with("ts", 1)),
        ("pings-of-null", "ping") if observed.message.get("ts")?.is_null() => return Some(observed.with("ts", 0)),
        (mutant, "register") => {
            return takes(mutant, &observed.message["clientId"]).then(|| observed.with("clientId", CLIENT));
        }
        _ => return None,
    };
    (read != text).then(|| Effect::payload(read.into_bytes(), observed.frame))
}

/// Whether the mutant accepts this client id.
fn takes(mutant: &str, id: &Value) -> bool {
    let Some(text) = id.as_str() else { return mutant == "clients-of-numbers" && id.is_number() };
    let is_hexadecimal = text.chars().all(|it| it.is_ascii_hexdigit());
    match mutant {
        "clients-of-names" => (1..32).contains(&text.len()),
        "clients-of-nothing" => text.is_empty(),
        "clients-without-hyphens" => text.len() == 32 && is_hexadecimal,
        "clients-of-any-letter" => text.len() == 36 && text.contains(|it| matches!(it, 'g'..='z')),
        "clients-in-braces" => text.starts_with('{') && text.ends_with('}'),
        "clients-of-urns" => text.starts_with("urn:uuid:"),
        "clients-with-blanks" => text.len() == 37 && text.ends_with(' '),
        "clients-of-any-hyphens" => text.len() == 36 && text.as_bytes().get(8) != Some(&b'-'),
        _ => false,
    }
}
