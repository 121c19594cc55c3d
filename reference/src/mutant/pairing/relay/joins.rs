//! Mutants of joining: PAIR-20 to PAIR-25, PAIR-91.

use serde_json::json;

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-joined", &["PAIR-20"], "says nothing to a viewer that has joined").starving(),
    Mutant::new("one-session-id", &["PAIR-20"], "gives all sessions the same id"),
    Mutant::new("session-ids-run-out", &["PAIR-20"], "gives ids of sessions again, after 256 of them"),
    Mutant::new("unknown-as-expired", &["PAIR-21"], "takes codes of lost hosts for expired")
        .causing(&["PAIR-24", "PAIR-71", "PAIR-81"]),
    Mutant::new("unknown-ends", &["PAIR-21"], "closes the connection for an unknown code")
        .causing(&["PAIR-24", "PAIR-71", "PAIR-72", "PAIR-91"]),
    Mutant::new("one-chance", &["PAIR-21"], "lets nobody join after an unknown code").causing(&["PAIR-24", "PAIR-72"]),
    Mutant::new("taken-as-unknown", &["PAIR-22"], "does not know codes that are held"),
    Mutant::new("second-parts-the-first", &["PAIR-22"], "parts a pair whose code another viewer asks for"),
    Mutant::new("refused-one-frees", &["PAIR-22"], "forgets a code when a viewer leaves that was refused"),
    Mutant::new("refused-one-parts", &["PAIR-22"], "parts a pair when a viewer leaves that was refused"),
    Mutant::new("joins-twice", &["PAIR-23"], "lets a viewer join again with its code"),
    Mutant::new("moves-viewers", &["PAIR-23"], "lets a viewer that has joined join another session"),
    Mutant::new("joined-and-unknown", &["PAIR-23"], "tells a viewer that has joined that a code is unknown"),
    Mutant::new("again-parts", &["PAIR-23"], "parts a viewer from its host when it names another code"),
    Mutant::new("unknown-parts", &["PAIR-23"], "parts a viewer from its host when it names an unknown code"),
    Mutant::new("empty-is-any", &["PAIR-24"], "takes the empty code for any"),
    Mutant::new("short-codes-unanswered", &["PAIR-24"], "does not answer codes of five characters"),
    Mutant::new("cuts-codes", &["PAIR-24"], "reads no more than six characters of a code"),
    Mutant::new("trims-codes", &["PAIR-24"], "strips blanks from the front of codes"),
    Mutant::new("trims-lines", &["PAIR-24"], "strips line breaks from the end of codes"),
    Mutant::new("completes-codes", &["PAIR-24"], "takes the first five characters for a code"),
    Mutant::new("look-alikes-expire", &["PAIR-24"], "takes codes with look-alikes for expired"),
    Mutant::new("small-codes-expire", &["PAIR-24"], "takes codes in small letters for expired"),
    Mutant::new("wide-codes-end", &["PAIR-24"], "closes the connection for a code beyond ASCII"),
    Mutant::new("codes-of-any-case", &["PAIR-24"], "takes small letters for capitals"),
    Mutant::new("codes-of-any-width", &["PAIR-24"], "takes letters of full width for others"),
    Mutant::new("two-winners", &["PAIR-25"], "lets two win where ten race for a code"),
    Mutant::new("nine-guesses", &["PAIR-91"], "closes the connection with the ninth wrong code"),
    Mutant::new("tenth-unanswered", &["PAIR-91"], "does not answer the tenth wrong code"),
    Mutant::new("endless-guesses", &["PAIR-91"], "lets guess who may guess no more"),
    Mutant::new("guesses-end-otherwise", &["PAIR-91"], "closes with 1000 after ten wrong codes"),
];

/// Whether the viewer is not told that its connection has ended.
pub(super) fn lingers(relay: &Relay) -> bool {
    relay.mutant == "endless-guesses" && relay.refusals >= 10
}

/// An id that no session has.
const SESSION: &str = "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11";

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    match (seen.way, seen.kind) {
        (Way::In, "join") if !relay.is_host => asks(relay, seen, house),
        (Way::Out, "joined") => joined(relay, seen, house),
        (Way::Out, "data") => data(relay, house),
        (Way::Out, "error") if relay.code.is_some() => refused_again(relay, seen, house),
        (Way::Out, "error") if !relay.is_host => refused(relay, seen, house),
        (Way::Out, _) if seen.frame.close_code() == 1008 => match relay.mutant {
            "endless-guesses" => Some(Said::nothing()),
            "guesses-end-otherwise" => Some(Said::closed(1000)),
            _ => None,
        },
        _ => None,
    }
}

/// A viewer asks to join.
fn asks(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let asked = &*relay.asked;
    let code = match relay.mutant {
        "empty-is-any" if asked.is_empty() && seen.message["code"].is_string() => {
            house.sessions.beginning("")?.to_owned()
        }
        "completes-codes" if asked.len() == 5 => house.sessions.beginning(asked)?.to_owned(),
        "short-codes-unanswered" if asked.len() == 5 => return Some(Said::nothing()),
        "cuts-codes" if asked.len() == 7 => house.sessions.beginning(&asked[..6])?.to_owned(),
        "trims-codes" => asked.trim_start().to_owned(),
        "trims-lines" => asked.trim_end_matches('\n').to_owned(),
        "codes-of-any-case" => asked.to_uppercase(),
        "codes-of-any-width" => asked.chars().map(narrow).collect(),
        "look-alikes-expire" if asked.contains(['O', 'I', '0', '1']) => return Some(seen.refused("EXPIRED_CODE")),
        "small-codes-expire" if asked.contains(char::is_lowercase) => return Some(seen.refused("EXPIRED_CODE")),
        "wide-codes-end" if !asked.is_ascii() => return Some(Said::ended(seen.frame, 1007)),
        "refused-one-frees" if relay.code.is_none() && relay.has_lost_a_refused_one(house) => {
            return Some(seen.refused("INVALID_CODE"));
        }
        "unknown-parts" if relay.code.is_some() => {
            let is_live = house.sessions.of(asked).is_some_and(|session| session.lost.is_none());
            relay.session(house)?.marked |= !is_live;
            return None;
        }
        "again-parts" if relay.code.is_some() => {
            let is_other = relay.code.as_deref() != Some(asked) && house.sessions.of(asked)?.lost.is_none();
            relay.session(house)?.marked |= is_other;
            return None;
        }
        _ => return None,
    };
    (code != relay.asked).then(|| seen.with("code", code))
}

/// The character of usual width.
fn narrow(wide: char) -> char {
    match u32::from(wide) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(wide),
        _ => wide,
    }
}

fn joined(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    Some(match relay.mutant {
        "no-joined" => Said::nothing(),
        "one-session-id" => seen.with("sessionId", SESSION),
        "session-ids-run-out" => {
            house.count += 1;
            seen.with("sessionId", format!("{}{:03}", &SESSION[..33], house.count % 256))
        }
        "one-chance" if relay.refusals > 0 => seen.replaced("INVALID_CODE"),
        _ => return None,
    })
}

fn data(relay: &mut Relay, house: &mut House) -> Option<Said> {
    let is_parted = match relay.mutant {
        "second-parts-the-first" => !relay.session(house)?.refused.is_empty(),
        "refused-one-parts" => {
            let refused = relay.session(house)?.refused.clone();
            refused.iter().any(|number| !house.sessions.present.contains_key(number))
        }
        "again-parts" | "unknown-parts" => relay.session(house)?.marked,
        _ => false,
    };
    is_parted.then(Said::nothing)
}

/// A viewer that has joined is refused.
fn refused_again(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    if seen.error() != "ALREADY_JOINED" {
        return None;
    }
    let is_own = relay.code.as_ref() == Some(&relay.asked);
    let is_live = relay.wanted(house).is_some_and(|session| session.lost.is_none());
    match relay.mutant {
        "joins-twice" if is_own => Some(made_up(seen)),
        "moves-viewers" if !is_own && is_live => Some(made_up(seen)),
        "joined-and-unknown" if !is_live => Some(seen.replaced("INVALID_CODE")),
        _ => None,
    }
}

/// A viewer that has not joined is refused.
fn refused(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let code = seen.error();
    let is_unknown = code == "INVALID_CODE";
    relay.refusals += usize::from(is_unknown);
    Some(match relay.mutant {
        "unknown-as-expired" if is_unknown => seen.replaced("EXPIRED_CODE"),
        "unknown-ends" if is_unknown => seen.last(1008),
        "taken-as-unknown" if code == "ALREADY_JOINED" => seen.replaced("INVALID_CODE"),
        "two-winners" if code == "ALREADY_JOINED" && relay.wanted(house)?.refused.len() == 10 => made_up(seen),
        "nine-guesses" if is_unknown && relay.refusals == 9 => seen.last(1008),
        "tenth-unanswered" if is_unknown && relay.refusals == 10 => Said::nothing(),
        _ => return None,
    })
}

/// A session that there is not.
fn made_up(seen: &Seen<'_>) -> Said {
    Said { onward: vec![link::text(&json!({ "type": "joined", "sessionId": SESSION }), seen.frame)], ..Said::default() }
}

impl Relay {
    /// Whether the code that it asks for was asked for in vain by somebody who has left.
    fn has_lost_a_refused_one(&self, house: &House) -> bool {
        let session = house.sessions.of(&self.asked).filter(|session| session.viewer.is_some());
        session.is_some_and(|session| session.refused.iter().any(|one| !house.sessions.present.contains_key(one)))
    }
}
