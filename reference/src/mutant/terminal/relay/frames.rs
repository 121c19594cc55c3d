//! Mutants of frames and texts that are the relay's own, and of what means harm: WIRE-01 to WIRE-07.

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::framing;
use crate::mutant::link::{self, House, Said, Way};
use crate::mutant::wire::{BINARY, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("strict-space", &["WIRE-01"], "knows no message that begins with a blank"),
    Mutant::new("strict-members", &["WIRE-02"], "refuses members that it does not know")
        .causing(&["TERM-02", "TERM-24"]),
    Mutant::new("drops-fragments", &["WIRE-03"], "drops fragmented messages").causing(&["WIRE-06"]),
    Mutant::new("invalid-ends", &["WIRE-06"], "closes for text that is no message").causing(&["WIRE-01"]),
    Mutant::new("tolerates-last-bit", &["WIRE-06"], "passes over the last reserved bit"),
    Mutant::new("tolerates-no-mask-first", &["WIRE-06"], "reads the first frame of a client without mask"),
    Mutant::new("eight-strikes", &["WIRE-06"], "takes nobody after eight violations in a row"),
    Mutant::new(
        "depth-registers-nobody",
        &["WIRE-06"],
        "registers nobody while somebody is there who nests lists deeply",
    ),
    Mutant::new("small-limit", &["WIRE-07", "TERM-20", "TERM-21"], "closes for a message of 1 MiB")
        .causing(&["TERM-30"]),
    Mutant::new("small-text-limit", &["WIRE-07"], "closes for a text of 1 MiB"),
];

/// Whoever has connected so shortly after somebody hostile is disturbed.
const NEAR: usize = 3;

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let (mutant, frame, number) = (relay.mutant, seen.frame, relay.number);
    let (length, is_text) = (frame.payload.len(), frame.head == TEXT);
    if seen.way == Way::In && is_text && frame.payload.starts_with(b"[[[[") {
        house.terminals.hostile = Some(number);
    }
    match (seen.way, mutant, seen.kind) {
        (Way::In, "strict-space", _) if is_text && frame.payload.starts_with(b" ") => Some(Said::nothing()),
        (Way::In, "strict-members", _) if !seen.message["more"].is_null() => Some(Said::nothing()),
        (Way::In, "invalid-ends", "") if is_text && relay.side.is_some() => Some(Said::ended(frame, 1007)),
        (Way::In, "small-limit", _) if length >= 1 << 20 => Some(Said::ended(frame, 1009)),
        (Way::In, "small-text-limit", _) if is_text && length >= 1 << 20 => Some(Said::ended(frame, 1009)),
        (Way::In, "tolerates-no-mask-first", _) if relay.side.is_none() && !frame.masked => {
            Some(Said { onward: vec![link::masked(frame)], ..Said::default() })
        }
        (Way::Out, "depth-registers-nobody", "registered") => {
            let near = house.terminals.hostile.is_some_and(|hostile| (hostile + 1..=hostile + NEAR).contains(&number));
            near.then(Said::nothing)
        }
        (Way::Out, ..) if frame.head == BINARY && framing::deafens(mutant, number, house) => Some(Said::nothing()),
        _ => relay.framing.alters(mutant, number, seen.way, frame, house),
    }
}
