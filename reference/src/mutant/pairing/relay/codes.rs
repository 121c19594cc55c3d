//! Mutants of codes and registration: PAIR-10 to PAIR-17, PAIR-74.

use relayspec::pairing::ALPHABET;

use super::{Observed, PairingLink, error};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::{Frame, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-registered", &["PAIR-10"], "sends nothing to a host that connects").starving(),
    Mutant::new("error-first", &["PAIR-10"], "sends hosts an error first"),
    Mutant::new("small-letters", &["PAIR-11"], "uses lower case in codes").causing(&["PAIR-14", "PAIR-24"]),
    Mutant::new("look-alikes", &["PAIR-11"], "uses a zero in every seventh code"),
    Mutant::new("long-codes", &["PAIR-11"], "uses codes of seven characters").starving(),
    Mutant::new("expiry-is-off", &["PAIR-12"], "reports an expiry that is 3 s too late")
        .causing(&["PAIR-31", "PAIR-17", "PAIR-32"]),
    Mutant::new("same-codes-in-a-crowd", &["PAIR-13"], "gives every fiftieth host of a crowd the code of another")
        .causing(&["PAIR-90", "PAIR-20"]),
    Mutant::new("counting-codes", &["PAIR-14"], "assigns codes in sequence"),
    Mutant::new("modulo-codes", &["PAIR-14"], "draws each character as a byte modulo 28"),
    Mutant::new("codes-without-y", &["PAIR-14"], "never uses a Y in codes"),
    Mutant::new("neighbours-in-codes", &["PAIR-14"], "derives the third character of a code from the second"),
    Mutant::new("linked-codes", &["PAIR-14"], "starts each code with the last character of the one before"),
    Mutant::new("register-renews", &["PAIR-15"], "gives a host a new code when it registers"),
    Mutant::new("register-kills", &["PAIR-15"], "forgets the code of a host when it registers")
        .causing(&["PAIR-34", "WIRE-02"]),
    Mutant::new("register-parts", &["PAIR-15"], "separates host and viewer when the host registers"),
    Mutant::new("held-codes-are-renewed", &["PAIR-15"], "gives a host that registers a new code although one is held"),
    Mutant::new("fourth-version-only", &["PAIR-15"], "accepts client ids of UUID version 4 only"),
    Mutant::new("no-fresh-code", &["PAIR-17"], "sends a host that registers its expired code again"),
    Mutant::new("fresh-code-unknown", &["PAIR-17"], "does not know a code that replaced an expired one"),
    Mutant::new("fresh-code-has-expired", &["PAIR-17"], "reports a fresh code that has long expired"),
    Mutant::new("fresh-code-deaf", &["PAIR-17"], "forwards no data to a host with a fresh code"),
    Mutant::new("reuses-codes", &["PAIR-74", "PAIR-71"], "gives the code of the last lost host to the next one"),
    Mutant::new("knows-its-clients", &["PAIR-74", "PAIR-15"], "gives a known client id its old code again"),
    Mutant::new("one-session-each", &["PAIR-74", "PAIR-10"], "registers no host while a viewer is without one"),
];

/// The longest fragmented message, in bytes.
const LONGEST: usize = 4 << 20;

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        (Flow::In, _) if relay.is_partial && matches!(observed.frame.head & 0x0F, 1 | 2) => {
            relay.is_partial = false;
            let begun = Frame { head: 1, payload: std::mem::take(&mut relay.partial), ..observed.frame.clone() };
            Some(Effect { onward: vec![begun, observed.frame.clone()], ..Effect::default() })
        }
        (Flow::In, _) if observed.frame.is_fragment() && !state.sessions.meant.is_empty() => {
            whole(relay, observed, state)
        }
        (Flow::In, "join") => joins(relay, observed, state),
        (Flow::In, "register") if relay.is_host => registers(relay, observed, state),
        (Flow::Out, "registered") => registered(relay, observed, state),
        (Flow::Out, "data") => match relay.mutant {
            "register-parts" if !relay.is_host && relay.session(state)?.is_named => Some(Effect::nothing()),
            "fresh-code-deaf" if relay.is_host && relay.session(state)?.is_fresh => Some(Effect::nothing()),
            _ => None,
        },
        (Flow::Out, "error") if observed.error() == "MAC_DISCONNECTED" => {
            state.sessions.orphan = Some(relay.number);
            None
        }
        _ => None,
    }
}

/// Forwards fragments as one message, since they may split a code.
fn whole(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    if observed.frame.head & 0x0F == 0 && !relay.is_partial {
        return None;
    }
    relay.is_partial = observed.frame.head & 0x80 == 0;
    relay.partial.extend_from_slice(&observed.frame.payload);
    if relay.partial.len() > LONGEST {
        return Some(Effect::ended(observed.frame, 1009));
    }
    if observed.frame.head & 0x80 == 0 {
        return Some(Effect::nothing());
    }
    let frame = Frame { head: TEXT, payload: std::mem::take(&mut relay.partial), ..observed.frame.clone() };
    let message = link::message(&frame);
    let meant = message["code"].as_str().and_then(|reported| state.sessions.meant.get(reported));
    Some(match meant {
        Some(code) => Effect::with(&message, "code", code.clone().into(), &frame),
        None => Effect::whole(&frame),
    })
}

fn joins(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    if let Some(code) = state.sessions.meant.get(&relay.asked) {
        return Some(observed.with("code", &**code));
    }
    let is_unknown = match relay.mutant {
        "register-kills" => relay.wanted(state).is_some_and(|session| session.is_named && session.age() < 0.0),
        "fresh-code-unknown" => relay.wanted(state)?.is_fresh,
        _ => false,
    };
    is_unknown.then(|| observed.refused("INVALID_CODE"))
}

fn registers(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let id = observed.text("clientId");
    if relay.mutant == "fourth-version-only" && id.len() == 36 && id.as_bytes().get(14) != Some(&b'4') {
        return Some(observed.refused("INVALID_MESSAGE"));
    }
    if id.len() == 36 {
        id.clone_into(&mut relay.asked);
        relay.session(state)?.is_named = true;
    }
    None
}

fn registered(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let code = observed.text("code");
    let is_first = !std::mem::replace(&mut relay.was_registered, true);
    let is_held = relay.session(state)?.viewer.is_some();
    let is_fresh = relay.session(state)?.is_fresh;
    let is_old = relay.session(state)?.age() > 0.0;
    let reported = match relay.mutant {
        "no-registered" => return Some(Effect::nothing()),
        "one-session-each" if is_first && state.sessions.has_orphan() => return Some(Effect::nothing()),
        "error-first" if is_first => {
            return Some(Effect {
                onward: vec![error("INVALID_MESSAGE", false), observed.frame.clone()],
                ..Effect::default()
            });
        }
        "expiry-is-off" => return Some(observed.with("expiresAt", observed.message["expiresAt"].as_u64()? + 3000)),
        "fresh-code-has-expired" if is_fresh => return Some(observed.with("expiresAt", 0)),
        "no-fresh-code" if is_fresh => {
            let old = relay.held.clone()?;
            return Some(Effect { onward: vec![old], ..Effect::default() });
        }
        "no-fresh-code" => {
            relay.held = Some(observed.frame.clone());
            return None;
        }
        "register-renews" if !is_first && !is_fresh => "K7QX4M".to_owned(),
        "held-codes-are-renewed" if !is_first && is_held && is_old => "K7QX4M".to_owned(),
        "same-codes-in-a-crowd" if is_first => {
            state.count += 1;
            if state.count > 50 && state.count.is_multiple_of(50) {
                return Some(observed.with("code", state.sessions.crowded.clone()));
            }
            code.clone_into(&mut state.sessions.crowded);
            return None;
        }
        "knows-its-clients" if !is_first => {
            let known = state.sessions.clients.entry(relay.asked.clone()).or_insert_with(|| code.to_owned()).clone();
            match state.sessions.of(&known)?.lost {
                Some(_) => known,
                None => return None,
            }
        }
        "reuses-codes" => match state.sessions.reported.get(code) {
            Some(reported) => reported.clone(),
            None => {
                let old = state.sessions.dead.pop_back()?;
                let reported = state.sessions.reported.get(&old).cloned().unwrap_or(old);
                alias(code, reported, state)
            }
        },
        "small-letters" => alias(code, code.to_lowercase(), state),
        "long-codes" => alias(code, format!("{code}3"), state),
        "look-alikes" => {
            if !is_first {
                return Some(observed.with("code", &**state.sessions.reported.get(code)?));
            }
            state.count += 1;
            if !state.count.is_multiple_of(7) {
                return None;
            }
            alias(code, format!("0{}", &code[1..]), state)
        }
        _ => match state.sessions.reported.get(code) {
            Some(reported) => reported.clone(),
            None => loop {
                let drawn = drawn(relay.mutant, state)?;
                if !state.sessions.meant.contains_key(&drawn) {
                    break alias(code, drawn, state);
                }
            },
        },
    };
    Some(observed.with("code", reported))
}

fn alias(code: &str, reported: String, state: &mut Links) -> String {
    state.sessions.meant.insert(reported.clone(), code.to_owned());
    state.sessions.reported.insert(code.to_owned(), reported.clone());
    reported
}

/// A weak code; `None` if the mutant does not change codes.
fn drawn(mutant: &str, state: &mut Links) -> Option<String> {
    state.count += 1;
    let mut digits = (0..6).map(|at| scattered((state.count * 6 + at) as u64) % 28).collect::<Vec<_>>();
    match mutant {
        "counting-codes" => {
            let mut number = state.count as u64 * 12_347;
            for digit in digits.iter_mut().rev() {
                (*digit, number) = (number % 28, number / 28);
            }
        }
        "modulo-codes" => digits.iter_mut().enumerate().for_each(|(at, digit)| {
            *digit = scattered((state.count * 6 + at) as u64) % 256 % 28;
        }),
        "codes-without-y" => digits.iter_mut().for_each(|digit| *digit %= 27),
        "neighbours-in-codes" => digits[2] = (digits[1] + 5) % 28,
        "linked-codes" => digits[0] = state.sessions.last_digit,
        _ => return None,
    }
    state.sessions.last_digit = digits[5];
    let alphabet = ALPHABET.as_bytes();
    Some(digits.into_iter().map(|digit| char::from(alphabet[usize::try_from(digit).unwrap_or_default()])).collect())
}

fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
