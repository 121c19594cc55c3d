//! Mutants of frames that only pairing relays have: WIRE-03 to WIRE-07.

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::framing;
use crate::mutant::link::{Effect, Flow, Links};
use crate::mutant::wire::{PONG, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("drops-fragments", &["WIRE-03"], "drops fragmented messages").causing(&["PAIR-40", "WIRE-06"]),
    Mutant::new("drops-fragments-of-viewers", &["WIRE-03"], "drops fragmented messages of viewers")
        .causing(&["PAIR-40", "WIRE-06"]),
    Mutant::new("no-pong-frames-when-joined", &["WIRE-04"], "does not answer Ping frames of a viewer that has joined"),
    Mutant::new("tolerates-last-bit", &["WIRE-06"], "ignores the last reserved bit"),
    Mutant::new("tolerates-late-no-utf-8", &["WIRE-06"], "replaces bytes that are not UTF-8 in a later fragment"),
    Mutant::new("eight-strikes", &["WIRE-06"], "refuses connections after eight violations in a row"),
    Mutant::new("small-limit", &["WIRE-07", "PAIR-40"], "disconnects on a message of 1 MiB"),
    Mutant::new("small-limit-but-for-data", &["WIRE-07"], "disconnects on a message of 1 MiB other than data"),
];

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let (mutant, frame) = (relay.mutant, observed.frame);
    let is_large = frame.payload.len() >= 1 << 20 && frame.head == TEXT;
    match (observed.flow, mutant) {
        (Flow::In, "drops-fragments-of-viewers") if frame.is_fragment() && !relay.is_host => Some(Effect::nothing()),
        (Flow::In, "small-limit") if is_large => Some(Effect::ended(frame, 1009)),
        (Flow::In, "small-limit-but-for-data") if is_large && observed.kind != "data" => {
            Some(Effect::ended(frame, 1009))
        }
        (Flow::Out, "no-pong-frames-when-joined") if frame.head == PONG && !relay.is_host && relay.code.is_some() => {
            Some(Effect::nothing())
        }
        (Flow::Out, _) if observed.kind == "data" && framing::deafens(mutant, relay.number, state) => {
            Some(Effect::nothing())
        }
        _ => relay.framing.alters(mutant, relay.number, observed.flow, frame, state),
    }
}
