//! Mutants of codes and registrations: PAIR-10 to PAIR-17, PAIR-74.

use relayspec::pairing::ALPHABET;

use super::{Relay, Seen, error};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};
use crate::mutant::wire::{Frame, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-registered", &["PAIR-10"], "says nothing to a host that connects").starving(),
    Mutant::new("error-first", &["PAIR-10"], "greets hosts with an error"),
    Mutant::new("small-letters", &["PAIR-11"], "gives codes in small letters").causing(&["PAIR-14", "PAIR-24"]),
    Mutant::new("look-alikes", &["PAIR-11"], "gives codes with a zero, each seventh time"),
    Mutant::new("long-codes", &["PAIR-11"], "gives codes of seven characters").starving(),
    Mutant::new("expiry-is-off", &["PAIR-12"], "tells hosts of an expiry 3 s too late")
        .causing(&["PAIR-31", "PAIR-17", "PAIR-32"]),
    Mutant::new("same-codes-in-a-crowd", &["PAIR-13"], "tells every fiftieth host of a crowd the code of another")
        .causing(&["PAIR-90", "PAIR-20"]),
    Mutant::new("counting-codes", &["PAIR-14"], "counts codes up"),
    Mutant::new("modulo-codes", &["PAIR-14"], "draws characters as a byte modulo 28"),
    Mutant::new("codes-without-y", &["PAIR-14"], "never draws a Y"),
    Mutant::new("neighbours-in-codes", &["PAIR-14"], "has the third character follow from the second"),
    Mutant::new("linked-codes", &["PAIR-14"], "begins each code with the last character of the code before"),
    Mutant::new("register-renews", &["PAIR-15"], "gives a host that registers another code"),
    Mutant::new("register-kills", &["PAIR-15"], "does not know the code of a host that has registered")
        .causing(&["PAIR-34", "WIRE-02"]),
    Mutant::new("register-parts", &["PAIR-15"], "parts a pair when its host registers"),
    Mutant::new("held-codes-are-renewed", &["PAIR-15"], "gives a host another code whose code is held and has expired"),
    Mutant::new("fourth-version-only", &["PAIR-15"], "takes client ids of version 4 alone"),
    Mutant::new("no-fresh-code", &["PAIR-17"], "repeats an expired code to a host that registers"),
    Mutant::new("fresh-code-unknown", &["PAIR-17"], "knows no code that took the place of another"),
    Mutant::new("fresh-code-has-expired", &["PAIR-17"], "tells of a fresh code that it has expired long ago"),
    Mutant::new("fresh-code-deaf", &["PAIR-17"], "carries no data to a host with a fresh code"),
    Mutant::new("reuses-codes", &["PAIR-74", "PAIR-71"], "gives the code of the last lost host to the next"),
    Mutant::new(
        "knows-its-clients",
        &["PAIR-74", "PAIR-15"],
        "gives a client id that has registered its old code back",
    ),
    Mutant::new(
        "one-session-each",
        &["PAIR-74", "PAIR-10"],
        "registers no host while a viewer is there that has lost its host",
    ),
];

/// The longest message that comes in fragments, in bytes.
const LONGEST: usize = 4 << 20;

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    match (seen.way, seen.kind) {
        (Way::In, _) if relay.is_partial && matches!(seen.frame.head & 0x0F, 1 | 2) => {
            relay.is_partial = false;
            let begun = Frame { head: 1, payload: std::mem::take(&mut relay.partial), ..seen.frame.clone() };
            Some(Said { onward: vec![begun, seen.frame.clone()], ..Said::default() })
        }
        (Way::In, _) if seen.frame.is_fragment() && !house.sessions.meant.is_empty() => whole(relay, seen, house),
        (Way::In, "join") => joins(relay, seen, house),
        (Way::In, "register") if relay.is_host => registers(relay, seen, house),
        (Way::Out, "registered") => registered(relay, seen, house),
        (Way::Out, "data") => match relay.mutant {
            "register-parts" if !relay.is_host && relay.session(house)?.is_named => Some(Said::nothing()),
            "fresh-code-deaf" if relay.is_host && relay.session(house)?.is_fresh => Some(Said::nothing()),
            _ => None,
        },
        (Way::Out, "error") if seen.error() == "MAC_DISCONNECTED" => {
            house.sessions.widow = Some(relay.number);
            None
        }
        _ => None,
    }
}

/// Fragments go on as one message, since a code may be cut.
fn whole(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    if seen.frame.head & 0x0F == 0 && !relay.is_partial {
        return None;
    }
    relay.is_partial = seen.frame.head & 0x80 == 0;
    relay.partial.extend_from_slice(&seen.frame.payload);
    if relay.partial.len() > LONGEST {
        return Some(Said::ended(seen.frame, 1009));
    }
    if seen.frame.head & 0x80 == 0 {
        return Some(Said::nothing());
    }
    let frame = Frame { head: TEXT, payload: std::mem::take(&mut relay.partial), ..seen.frame.clone() };
    let message = link::message(&frame);
    let meant = message["code"].as_str().and_then(|told| house.sessions.meant.get(told));
    Some(match meant {
        Some(code) => Said::with(&message, "code", code.clone().into(), &frame),
        None => Said::whole(&frame),
    })
}

fn joins(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    if let Some(code) = house.sessions.meant.get(&relay.asked) {
        return Some(seen.with("code", &**code));
    }
    let is_unknown = match relay.mutant {
        "register-kills" => relay.wanted(house).is_some_and(|session| session.is_named && session.age() < 0.0),
        "fresh-code-unknown" => relay.wanted(house)?.is_fresh,
        _ => false,
    };
    is_unknown.then(|| seen.refused("INVALID_CODE"))
}

fn registers(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let id = seen.text("clientId");
    if relay.mutant == "fourth-version-only" && id.len() == 36 && id.as_bytes().get(14) != Some(&b'4') {
        return Some(seen.refused("INVALID_MESSAGE"));
    }
    if id.len() == 36 {
        id.clone_into(&mut relay.asked);
        relay.session(house)?.is_named = true;
    }
    None
}

fn registered(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let code = seen.text("code");
    let is_first = !std::mem::replace(&mut relay.was_registered, true);
    let is_held = relay.session(house)?.viewer.is_some();
    let is_fresh = relay.session(house)?.is_fresh;
    let is_old = relay.session(house)?.age() > 0.0;
    let told = match relay.mutant {
        "no-registered" => return Some(Said::nothing()),
        "one-session-each" if is_first && house.sessions.has_widow() => return Some(Said::nothing()),
        "error-first" if is_first => {
            return Some(Said { onward: vec![error("INVALID_MESSAGE", false), seen.frame.clone()], ..Said::default() });
        }
        "expiry-is-off" => return Some(seen.with("expiresAt", seen.message["expiresAt"].as_u64()? + 3000)),
        "fresh-code-has-expired" if is_fresh => return Some(seen.with("expiresAt", 0)),
        "no-fresh-code" if is_fresh => {
            let old = relay.held.clone()?;
            return Some(Said { onward: vec![old], ..Said::default() });
        }
        "no-fresh-code" => {
            relay.held = Some(seen.frame.clone());
            return None;
        }
        "register-renews" if !is_first && !is_fresh => "K7QX4M".to_owned(),
        "held-codes-are-renewed" if !is_first && is_held && is_old => "K7QX4M".to_owned(),
        "same-codes-in-a-crowd" if is_first => {
            house.count += 1;
            if house.count > 50 && house.count.is_multiple_of(50) {
                return Some(seen.with("code", house.sessions.crowded.clone()));
            }
            code.clone_into(&mut house.sessions.crowded);
            return None;
        }
        "knows-its-clients" if !is_first => {
            let known = house.sessions.clients.entry(relay.asked.clone()).or_insert_with(|| code.to_owned()).clone();
            match house.sessions.of(&known)?.lost {
                Some(_) => known,
                None => return None,
            }
        }
        "reuses-codes" => match house.sessions.told.get(code) {
            Some(told) => told.clone(),
            None => {
                let old = house.sessions.dead.pop_back()?;
                let told = house.sessions.told.get(&old).cloned().unwrap_or(old);
                alias(code, told, house)
            }
        },
        "small-letters" => alias(code, code.to_lowercase(), house),
        "long-codes" => alias(code, format!("{code}3"), house),
        "look-alikes" => {
            if !is_first {
                return Some(seen.with("code", &**house.sessions.told.get(code)?));
            }
            house.count += 1;
            if !house.count.is_multiple_of(7) {
                return None;
            }
            alias(code, format!("0{}", &code[1..]), house)
        }
        _ => match house.sessions.told.get(code) {
            Some(told) => told.clone(),
            None => loop {
                let drawn = drawn(relay.mutant, house)?;
                if !house.sessions.meant.contains_key(&drawn) {
                    break alias(code, drawn, house);
                }
            },
        },
    };
    Some(seen.with("code", told))
}

/// Tells of a code in the place of another.
fn alias(code: &str, told: String, house: &mut House) -> String {
    house.sessions.meant.insert(told.clone(), code.to_owned());
    house.sessions.told.insert(code.to_owned(), told.clone());
    told
}

/// A code that is drawn badly; none where the mutant leaves codes alone.
fn drawn(mutant: &str, house: &mut House) -> Option<String> {
    house.count += 1;
    let mut digits = (0..6).map(|at| scattered((house.count * 6 + at) as u64) % 28).collect::<Vec<_>>();
    match mutant {
        "counting-codes" => {
            let mut number = house.count as u64 * 12_347;
            for digit in digits.iter_mut().rev() {
                (*digit, number) = (number % 28, number / 28);
            }
        }
        "modulo-codes" => digits.iter_mut().enumerate().for_each(|(at, digit)| {
            *digit = scattered((house.count * 6 + at) as u64) % 256 % 28;
        }),
        "codes-without-y" => digits.iter_mut().for_each(|digit| *digit %= 27),
        "neighbours-in-codes" => digits[2] = (digits[1] + 5) % 28,
        "linked-codes" => digits[0] = house.sessions.last_digit,
        _ => return None,
    }
    house.sessions.last_digit = digits[5];
    let alphabet = ALPHABET.as_bytes();
    Some(digits.into_iter().map(|digit| char::from(alphabet[usize::try_from(digit).unwrap_or_default()])).collect())
}

/// A number that looks drawn.
fn scattered(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
