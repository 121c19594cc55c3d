//! Mutants that JSON can break, which means harm: WIRE-06.

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{House, Said, Way};
use crate::mutant::wire::TEXT;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("nested-lists-end", &["WIRE-06"], "closes the connection for lists that are nested deeply"),
    Mutant::new("open-objects-end", &["WIRE-06"], "closes the connection for objects that are nested and never closed"),
    Mutant::new("long-types-end", &["WIRE-06"], "closes the connection for a long type"),
    Mutant::new("long-ids-end", &["WIRE-06"], "closes the connection for a long client id"),
    Mutant::new("huge-numbers-end", &["WIRE-06"], "closes the connection for numbers beyond any range"),
    Mutant::new("doubles-end", &["WIRE-06"], "closes the connection for a member that is given twice"),
    Mutant::new("depth-within-ends", &["WIRE-06"], "closes the connection for depth in a member that it does not know"),
    Mutant::new("half-pairs-end", &["WIRE-06"], "closes the connection for half a surrogate pair"),
    Mutant::new(
        "half-pairs-end-later",
        &["WIRE-06"],
        "closes the connection once it has answered half a surrogate pair",
    ),
    Mutant::new("depth-deafens", &["WIRE-06"], "loses data of others after lists that are nested deeply"),
    Mutant::new("depth-closes-the-door", &["WIRE-06"], "takes nobody after lists that are nested deeply").starving(),
];

/// Whoever has connected so shortly before is disturbed.
const NEAR: usize = 3;

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    if seen.way == Way::Out || seen.frame.head != TEXT {
        let is_answer = seen.kind == "error" || seen.kind == "pong";
        let ends_later = relay.mutant == "half-pairs-end-later" && relay.marked && is_answer;
        return ends_later.then(|| seen.last(1011));
    }
    let text = seen.raw();
    let ends = match relay.mutant {
        "nested-lists-end" => is_deep(text),
        "open-objects-end" => text.starts_with("{\"a\":{\"a\":"),
        "long-types-end" => seen.kind.len() > 100,
        "long-ids-end" => seen.text("clientId").len() > 100,
        "huge-numbers-end" => text.contains("e999"),
        "doubles-end" => text.matches("\"ts\":").count() > 1 && !text.contains("}{"),
        "depth-within-ends" => text.contains(":[[[["),
        "half-pairs-end" => is_half(text),
        "half-pairs-end-later" => {
            relay.marked = is_half(text);
            false
        }
        "depth-deafens" | "depth-closes-the-door" if is_deep(text) => {
            house.sessions.hostile = Some(relay.number);
            false
        }
        "depth-deafens" if seen.kind == "data" => {
            let near = house.sessions.hostile(NEAR, relay.number);
            return near.then(Said::nothing);
        }
        _ => false,
    };
    ends.then(|| Said::ended(seen.frame, 1011))
}

fn is_deep(text: &str) -> bool {
    text.starts_with("[[[[")
}

fn is_half(text: &str) -> bool {
    text.contains("\\ud800 ")
}

/// Whether nobody may connect.
pub(super) fn bars(relay: &Relay, house: &House) -> bool {
    relay.mutant == "depth-closes-the-door" && house.sessions.hostile(1, relay.number)
}

impl super::Sessions {
    /// Whether somebody hostile is still connected who is at most so many connections away.
    fn hostile(&self, near: usize, number: usize) -> bool {
        let hostile = self.hostile.filter(|hostile| self.present.contains_key(hostile));
        hostile.is_some_and(|hostile| hostile != number && hostile.abs_diff(number) <= near)
    }
}
