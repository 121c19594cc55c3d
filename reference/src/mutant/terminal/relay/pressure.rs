//! Mutants of speed, back-pressure and shutdown: WIRE-08, WIRE-10 to WIRE-12.

use std::time::Duration;

use super::{Observed, TerminalLink, TerminalRole};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};
use crate::mutant::wire::BINARY;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("stops-otherwise", &["WIRE-08"], "closes hosts with 1000 on shutdown"),
    Mutant::new("stops-otherwise-for-viewers", &["WIRE-08"], "closes viewers with 1000 on shutdown"),
    Mutant::new("stops-otherwise-for-the-silent", &["WIRE-08"], "closes silent connections with 1000 on shutdown"),
    Mutant::new("takes-more", &["WIRE-08"], "accepts connections after shutdown began"),
    Mutant::new("stays-on", &["WIRE-08"], "closes all connections on shutdown, but does not exit"),
    Mutant::new("ends-never", &["WIRE-08"], "does not shut down"),
    Mutant::new("slow-others", &["WIRE-10"], "loses bytes of other clients while a client reads slowly"),
    Mutant::new("no-hosts-meanwhile", &["WIRE-10"], "registers no hosts while a client reads slowly"),
    Mutant::new("no-viewers-meanwhile", &["WIRE-10"], "accepts no viewers while a client reads slowly"),
    Mutant::new("hoards", &["WIRE-11"], "buffers without limit what a client does not read"),
    Mutant::new("slow", &["WIRE-12"], "delays everything after an idle period by 40 ms"),
];

/// The bytes of one connection that make a flood.
const FLOOD: usize = 2 << 20;
/// The size of the pieces of a flood; not a whole number of mebibytes.
const PIECES: std::ops::Range<usize> = 32 << 10..512 << 10;
const SLOW: Duration = Duration::from_millis(40);

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let frame = observed.frame;
    let (length, is_flooded) = (frame.payload.len(), state.terminals.is_flooded);
    if observed.flow == Flow::In && PIECES.contains(&length) {
        relay.poured += length;
        state.terminals.is_flooded |= relay.poured > FLOOD;
    }
    match (observed.flow, relay.mutant, observed.kind) {
        (Flow::In, "slow-others", "") if is_flooded && frame.head == BINARY && length < 1000 => Some(Effect::nothing()),
        (Flow::Out, "no-hosts-meanwhile", "registered") | (Flow::Out, "no-viewers-meanwhile", "auth_success")
            if is_flooded =>
        {
            Some(Effect::nothing())
        }
        (Flow::Out, "slow", _) => Some(Effect::slow(frame, SLOW)),
        (Flow::Out, mutant, _) if frame.close_code() == 1001 => {
            let is_theirs = match mutant {
                "stops-otherwise" => relay.side == Some(TerminalRole::Host),
                "stops-otherwise-for-viewers" => relay.side == Some(TerminalRole::Viewer),
                "stops-otherwise-for-the-silent" => relay.side.is_none(),
                _ => false,
            };
            is_theirs.then(|| Effect::closed(1000))
        }
        _ => None,
    }
}
