//! Mutants of joining: PAIR-20 to PAIR-25, PAIR-91.

use serde_json::json;

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-joined", &["PAIR-20"], "sends nothing to a viewer that has joined").starving(),
    Mutant::new("one-session-id", &["PAIR-20"], "uses the same id for all sessions"),
    Mutant::new("session-ids-run-out", &["PAIR-20"], "reuses session ids after 256 of them"),
    Mutant::new("unknown-as-expired", &["PAIR-21"], "treats codes of lost hosts as expired")
        .causing(&["PAIR-24", "PAIR-71", "PAIR-81"]),
    Mutant::new("unknown-ends", &["PAIR-21"], "disconnects on an unknown code")
        .causing(&["PAIR-24", "PAIR-71", "PAIR-72", "PAIR-91"]),
    Mutant::new("one-chance", &["PAIR-21"], "lets a viewer no longer join after an unknown code")
        .causing(&["PAIR-24", "PAIR-72"]),
    Mutant::new("taken-as-unknown", &["PAIR-22"], "answers a held code with INVALID_CODE"),
    Mutant::new("second-parts-the-first", &["PAIR-22"], "separates a pair when another viewer asks for its code"),
    Mutant::new("refused-one-frees", &["PAIR-22"], "forgets a code when a refused viewer leaves"),
    Mutant::new("refused-one-parts", &["PAIR-22"], "separates host and viewer when a refused viewer leaves"),
    Mutant::new("joins-twice", &["PAIR-23"], "lets a viewer join twice with the same code"),
    Mutant::new("moves-viewers", &["PAIR-23"], "lets a viewer that has joined move to another session"),
    Mutant::new("joined-and-unknown", &["PAIR-23"], "answers a joined viewer that its code is unknown"),
    Mutant::new("again-parts", &["PAIR-23"], "separates a viewer from its host when it sends another code"),
    Mutant::new("unknown-parts", &["PAIR-23"], "separates a viewer from its host when it sends an unknown code"),
    Mutant::new("empty-is-any", &["PAIR-24"], "accepts the empty code as any code"),
    Mutant::new("short-codes-unanswered", &["PAIR-24"], "does not answer codes of five characters"),
    Mutant::new("cuts-codes", &["PAIR-24"], "reads only six characters of a code"),
    Mutant::new("trims-codes", &["PAIR-24"], "strips leading spaces from codes"),
    Mutant::new("trims-lines", &["PAIR-24"], "strips trailing line breaks from codes"),
    Mutant::new("completes-codes", &["PAIR-24"], "accepts the first five characters of a code"),
    Mutant::new("look-alikes-expire", &["PAIR-24"], "treats codes with look-alike characters as expired"),
    Mutant::new("small-codes-expire", &["PAIR-24"], "treats lower-case codes as expired"),
    Mutant::new("wide-codes-end", &["PAIR-24"], "disconnects on a code with non-ASCII characters"),
    Mutant::new("codes-of-any-case", &["PAIR-24"], "accepts codes in lower case"),
    Mutant::new("codes-of-any-width", &["PAIR-24"], "accepts codes in full-width letters"),
    Mutant::new("two-winners", &["PAIR-25"], "lets two of ten viewers join that race for a code"),
    Mutant::new("nine-guesses", &["PAIR-91"], "disconnects at the ninth wrong code"),
    Mutant::new("tenth-unanswered", &["PAIR-91"], "does not answer the tenth wrong code"),
    Mutant::new("endless-guesses", &["PAIR-91"], "accepts guesses beyond the limit"),
    Mutant::new("guesses-end-otherwise", &["PAIR-91"], "closes with 1000 after ten wrong codes"),
];

/// Whether the end of a connection is hidden from the viewer.
pub(super) fn lingers(relay: &PairingLink) -> bool {
    relay.mutant == "endless-guesses" && relay.refusals >= 10
}

const SESSION: &str = "0b0e5a0e-4d1c-4a57-9d0b-2f6c8f7f1c11";

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        (Flow::In, "join") if !relay.is_host => asks(relay, observed, state),
        (Flow::Out, "joined") => joined(relay, observed, state),
        (Flow::Out, "data") => data(relay, state),
        (Flow::Out, "error") if relay.code.is_some() => refused_again(relay, observed, state),
        (Flow::Out, "error") if !relay.is_host => refused(relay, observed, state),
        (Flow::Out, _) if observed.frame.close_code() == 1008 => match relay.mutant {
            "endless-guesses" => Some(Effect::nothing()),
            "guesses-end-otherwise" => Some(Effect::closed(1000)),
            _ => None,
        },
        _ => None,
    }
}

fn asks(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let asked = &*relay.asked;
    let code = match relay.mutant {
        "empty-is-any" if asked.is_empty() && observed.message["code"].is_string() => {
            state.sessions.beginning("")?.to_owned()
        }
        "completes-codes" if asked.len() == 5 => state.sessions.beginning(asked)?.to_owned(),
        "short-codes-unanswered" if asked.len() == 5 => return Some(Effect::nothing()),
        "cuts-codes" if asked.len() == 7 => state.sessions.beginning(&asked[..6])?.to_owned(),
        "trims-codes" => asked.trim_start().to_owned(),
        "trims-lines" => asked.trim_end_matches('\n').to_owned(),
        "codes-of-any-case" => asked.to_uppercase(),
        "codes-of-any-width" => asked.chars().map(narrow).collect(),
        "look-alikes-expire" if asked.contains(['O', 'I', '0', '1']) => return Some(observed.refused("EXPIRED_CODE")),
        "small-codes-expire" if asked.contains(char::is_lowercase) => return Some(observed.refused("EXPIRED_CODE")),
        "wide-codes-end" if !asked.is_ascii() => return Some(Effect::ended(observed.frame, 1007)),
        "refused-one-frees" if relay.code.is_none() && relay.has_lost_a_refused_one(state) => {
            return Some(observed.refused("INVALID_CODE"));
        }
        "unknown-parts" if relay.code.is_some() => {
            let is_live = state.sessions.of(asked).is_some_and(|session| session.lost.is_none());
            relay.session(state)?.marked |= !is_live;
            return None;
        }
        "again-parts" if relay.code.is_some() => {
            let is_other = relay.code.as_deref() != Some(asked) && state.sessions.of(asked)?.lost.is_none();
            relay.session(state)?.marked |= is_other;
            return None;
        }
        _ => return None,
    };
    (code != relay.asked).then(|| observed.with("code", code))
}

/// The ASCII form of a full-width character.
fn narrow(wide: char) -> char {
    match u32::from(wide) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(wide),
        _ => wide,
    }
}

fn joined(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    Some(match relay.mutant {
        "no-joined" => Effect::nothing(),
        "one-session-id" => observed.with("sessionId", SESSION),
        "session-ids-run-out" => {
            state.count += 1;
            observed.with("sessionId", format!("{}{:03}", &SESSION[..33], state.count % 256))
        }
        "one-chance" if relay.refusals > 0 => observed.replaced("INVALID_CODE"),
        _ => return None,
    })
}

fn data(relay: &mut PairingLink, state: &mut Links) -> Option<Effect> {
    let is_parted = match relay.mutant {
        "second-parts-the-first" => !relay.session(state)?.refused.is_empty(),
        "refused-one-parts" => {
            let refused = relay.session(state)?.refused.clone();
            refused.iter().any(|number| !state.sessions.present.contains_key(number))
        }
        "again-parts" | "unknown-parts" => relay.session(state)?.marked,
        _ => false,
    };
    is_parted.then(Effect::nothing)
}

fn refused_again(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    if observed.error() != "ALREADY_JOINED" {
        return None;
    }
    let is_own = relay.code.as_ref() == Some(&relay.asked);
    let is_live = relay.wanted(state).is_some_and(|session| session.lost.is_none());
    match relay.mutant {
        "joins-twice" if is_own => Some(made_up(observed)),
        "moves-viewers" if !is_own && is_live => Some(made_up(observed)),
        "joined-and-unknown" if !is_live => Some(observed.replaced("INVALID_CODE")),
        _ => None,
    }
}

fn refused(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let code = observed.error();
    let is_unknown = code == "INVALID_CODE";
    relay.refusals += usize::from(is_unknown);
    Some(match relay.mutant {
        "unknown-as-expired" if is_unknown => observed.replaced("EXPIRED_CODE"),
        "unknown-ends" if is_unknown => observed.last(1008),
        "taken-as-unknown" if code == "ALREADY_JOINED" => observed.replaced("INVALID_CODE"),
        "two-winners" if code == "ALREADY_JOINED" && relay.wanted(state)?.refused.len() == 10 => made_up(observed),
        "nine-guesses" if is_unknown && relay.refusals == 9 => observed.last(1008),
        "tenth-unanswered" if is_unknown && relay.refusals == 10 => Effect::nothing(),
        _ => return None,
    })
}

fn made_up(observed: &Observed<'_>) -> Effect {
    Effect {
        onward: vec![link::text(&json!({ "type": "joined", "sessionId": SESSION }), observed.frame)],
        ..Effect::default()
    }
}

impl PairingLink {
    /// Whether a viewer that has left was refused the code that it asks for.
    fn has_lost_a_refused_one(&self, state: &Links) -> bool {
        let session = state.sessions.of(&self.asked).filter(|session| session.viewer.is_some());
        session.is_some_and(|session| session.refused.iter().any(|one| !state.sessions.present.contains_key(one)))
    }
}
