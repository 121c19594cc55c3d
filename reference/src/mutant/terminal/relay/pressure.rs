//! Mutants of speed and pressure, and of the end: WIRE-08, WIRE-10 to WIRE-12.

use std::time::Duration;

use super::{Relay, Seen, Side};
use crate::mutant::Mutant;
use crate::mutant::link::{House, Said, Way};
use crate::mutant::wire::BINARY;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("stops-otherwise", &["WIRE-08"], "closes hosts with 1000 when it is told to end"),
    Mutant::new("stops-otherwise-for-viewers", &["WIRE-08"], "closes viewers with 1000 when it is told to end"),
    Mutant::new("stops-otherwise-for-the-silent", &["WIRE-08"], "closes who has said nothing with 1000 at the end"),
    Mutant::new("takes-more", &["WIRE-08"], "takes connections after it was told to end"),
    Mutant::new("stays-on", &["WIRE-08"], "closes all connections when it is told to end, and stays"),
    Mutant::new("ends-never", &["WIRE-08"], "does not end when it is told to"),
    Mutant::new("slow-others", &["WIRE-10"], "loses bytes of others while somebody reads slowly"),
    Mutant::new("no-hosts-meanwhile", &["WIRE-10"], "registers nobody while somebody reads slowly"),
    Mutant::new("no-viewers-meanwhile", &["WIRE-10"], "lets nobody in while somebody reads slowly"),
    Mutant::new("hoards", &["WIRE-11"], "keeps without bound what a peer does not read"),
    Mutant::new("slow", &["WIRE-12"], "takes 40 ms for everything that nothing came before"),
];

/// So much of one connection is a flood.
const FLOOD: usize = 2 << 20;
/// Pieces of a flood are so large, and no whole mebibytes.
const PIECES: std::ops::Range<usize> = 32 << 10..512 << 10;
const SLOW: Duration = Duration::from_millis(40);

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let frame = seen.frame;
    let (length, is_flooded) = (frame.payload.len(), house.terminals.is_flooded);
    if seen.way == Way::In && PIECES.contains(&length) {
        relay.poured += length;
        house.terminals.is_flooded |= relay.poured > FLOOD;
    }
    match (seen.way, relay.mutant, seen.kind) {
        (Way::In, "slow-others", "") if is_flooded && frame.head == BINARY && length < 1000 => Some(Said::nothing()),
        (Way::Out, "no-hosts-meanwhile", "registered") | (Way::Out, "no-viewers-meanwhile", "auth_success")
            if is_flooded =>
        {
            Some(Said::nothing())
        }
        (Way::Out, "slow", _) => Some(Said::slow(frame, SLOW)),
        (Way::Out, mutant, _) if frame.close_code() == 1001 => {
            let is_theirs = match mutant {
                "stops-otherwise" => relay.side == Some(Side::Host),
                "stops-otherwise-for-viewers" => relay.side == Some(Side::Viewer),
                "stops-otherwise-for-the-silent" => relay.side.is_none(),
                _ => false,
            };
            is_theirs.then(|| Said::closed(1000))
        }
        _ => None,
    }
}
