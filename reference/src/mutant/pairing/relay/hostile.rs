//! Mutants that hostile JSON breaks: WIRE-06.

use super::sessions::PairingSessions;
use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};
use crate::mutant::wire::TEXT;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("nested-lists-end", &["WIRE-06"], "disconnects on deep nesting"),
    Mutant::new("open-objects-end", &["WIRE-06"], "disconnects on nested objects without an end"),
    Mutant::new("long-types-end", &["WIRE-06"], "disconnects on a long type"),
    Mutant::new("long-ids-end", &["WIRE-06"], "disconnects on a long client id"),
    Mutant::new("huge-numbers-end", &["WIRE-06"], "disconnects on numbers out of range"),
    Mutant::new("doubles-end", &["WIRE-06"], "disconnects on a duplicate member"),
    Mutant::new("depth-within-ends", &["WIRE-06"], "disconnects on deep nesting in an unknown member"),
    Mutant::new("half-pairs-end", &["WIRE-06"], "disconnects on half a surrogate pair"),
    Mutant::new("half-pairs-end-later", &["WIRE-06"], "disconnects after answering half a surrogate pair"),
    Mutant::new("depth-deafens", &["WIRE-06"], "loses data of other clients after deep nesting"),
    Mutant::new("depth-refuses-connections", &["WIRE-06"], "refuses connections after deep nesting").starving(),
];

/// Connections that opened this shortly before a hostile one are affected.
const NEAR: usize = 3;

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    if observed.flow == Flow::Out || observed.frame.head != TEXT {
        let is_answer = observed.kind == "error" || observed.kind == "pong";
        let ends_later = relay.mutant == "half-pairs-end-later" && relay.marked && is_answer;
        return ends_later.then(|| observed.last(1011));
    }
    let text = observed.raw();
    let ends = match relay.mutant {
        "nested-lists-end" => is_deep(text),
        "open-objects-end" => text.starts_with("{\"a\":{\"a\":"),
        "long-types-end" => observed.kind.len() > 100,
        "long-ids-end" => observed.text("clientId").len() > 100,
        "huge-numbers-end" => text.contains("e999"),
        "doubles-end" => text.matches("\"ts\":").count() > 1 && !text.contains("}{"),
        "depth-within-ends" => text.contains(":[[[["),
        "half-pairs-end" => is_half(text),
        "half-pairs-end-later" => {
            relay.marked = is_half(text);
            false
        }
        "depth-deafens" | "depth-refuses-connections" if is_deep(text) => {
            state.sessions.hostile = Some(relay.number);
            false
        }
        "depth-deafens" if observed.kind == "data" => {
            let near = state.sessions.hostile(NEAR, relay.number);
            return near.then(Effect::nothing);
        }
        _ => false,
    };
    ends.then(|| Effect::ended(observed.frame, 1011))
}

fn is_deep(text: &str) -> bool {
    text.starts_with("[[[[")
}

fn is_half(text: &str) -> bool {
    text.contains("\\ud800 ")
}

pub(super) fn bars(relay: &PairingLink, state: &Links) -> bool {
    relay.mutant == "depth-refuses-connections" && state.sessions.hostile(1, relay.number)
}

impl PairingSessions {
    /// Whether a hostile connection is open, at most this many connections away.
    fn hostile(&self, near: usize, number: usize) -> bool {
        let hostile = self.hostile.filter(|hostile| self.present.contains_key(hostile));
        hostile.is_some_and(|hostile| hostile != number && hostile.abs_diff(number) <= near)
    }
}
