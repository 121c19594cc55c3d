//! Mutants of frames that only relays have, or that break more here than elsewhere: WIRE-03 to WIRE-07.

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::framing;
use crate::mutant::link::{House, Said, Way};
use crate::mutant::wire::{PONG, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("drops-fragments", &["WIRE-03"], "drops fragmented messages").causing(&["PAIR-40", "WIRE-06"]),
    Mutant::new("drops-fragments-of-viewers", &["WIRE-03"], "drops fragmented messages of viewers")
        .causing(&["PAIR-40", "WIRE-06"]),
    Mutant::new("no-pong-frames-when-joined", &["WIRE-04"], "answers no Ping frame of a viewer that has joined"),
    Mutant::new("tolerates-last-bit", &["WIRE-06"], "passes over the last reserved bit"),
    Mutant::new("tolerates-late-no-utf-8", &["WIRE-06"], "replaces what is no UTF-8 in a later fragment"),
    Mutant::new("eight-strikes", &["WIRE-06"], "takes nobody after eight violations in a row"),
    Mutant::new("small-limit", &["WIRE-07", "PAIR-40"], "closes the connection for a message of 1 MiB"),
    Mutant::new(
        "small-limit-but-for-data",
        &["WIRE-07"],
        "closes the connection for a message of 1 MiB that is no data",
    ),
];

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let (mutant, frame) = (relay.mutant, seen.frame);
    let is_large = frame.payload.len() >= 1 << 20 && frame.head == TEXT;
    match (seen.way, mutant) {
        (Way::In, "drops-fragments-of-viewers") if frame.is_fragment() && !relay.is_host => Some(Said::nothing()),
        (Way::In, "small-limit") if is_large => Some(Said::ended(frame, 1009)),
        (Way::In, "small-limit-but-for-data") if is_large && seen.kind != "data" => Some(Said::ended(frame, 1009)),
        (Way::Out, "no-pong-frames-when-joined") if frame.head == PONG && !relay.is_host && relay.code.is_some() => {
            Some(Said::nothing())
        }
        (Way::Out, _) if seen.kind == "data" && framing::deafens(mutant, relay.number, house) => Some(Said::nothing()),
        _ => relay.framing.alters(mutant, relay.number, seen.way, frame, house),
    }
}
