//! Mutants of speed, back-pressure, load and shutdown: PAIR-90, WIRE-08, WIRE-10 to WIRE-12.

use std::time::Duration;

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("crowd-loses-first", &["PAIR-90"], "loses the first message to a viewer, above 500 sessions"),
    Mutant::new("crowd-loses-first-to-hosts", &["PAIR-90"], "loses the first message to a host, above 500 sessions"),
    Mutant::new("crowd-loses-second", &["PAIR-90"], "loses the second message to a viewer, above 500 sessions"),
    Mutant::new("crowd-loses-second-to-hosts", &["PAIR-90"], "loses the second message to a host, above 500 sessions"),
    Mutant::new("crowd-repeats", &["PAIR-90"], "repeats the third message to a viewer, above 500 sessions"),
    Mutant::new("crowd-repeats-to-hosts", &["PAIR-90"], "repeats the third message to a host, above 500 sessions"),
    Mutant::new("stops-otherwise", &["WIRE-08"], "closes hosts with 1000 on shutdown"),
    Mutant::new("stops-otherwise-for-viewers", &["WIRE-08"], "closes viewers with 1000 on shutdown"),
    Mutant::new("stops-otherwise-for-the-waiting", &["WIRE-08"], "closes unjoined viewers with 1000 on shutdown"),
    Mutant::new("takes-more", &["WIRE-08"], "accepts connections after shutdown began"),
    Mutant::new("stays-on", &["WIRE-08"], "closes all connections on shutdown, but does not exit"),
    Mutant::new("ends-never", &["WIRE-08"], "does not shut down"),
    Mutant::new("ends-late", &["WIRE-08"], "shuts down 7 s late"),
    Mutant::new("slow-others", &["WIRE-10"], "loses data of other clients while a client reads slowly"),
    Mutant::new("no-hosts-meanwhile", &["WIRE-10"], "registers no hosts while a client reads slowly"),
    Mutant::new("no-viewers-meanwhile", &["WIRE-10"], "lets no viewers join while a client reads slowly"),
    Mutant::new("hoards", &["WIRE-11"], "buffers without limit what a client does not read").causing(&["WIRE-10"]),
    Mutant::new("slow-pongs", &["WIRE-12"], "delays a `pong` after an idle period by 40 ms"),
    Mutant::new("slow-to-viewers", &["WIRE-12"], "delays data to a viewer after an idle period by 40 ms"),
    Mutant::new("slow-to-hosts", &["WIRE-12"], "delays data to a host after an idle period by 40 ms"),
];

/// The bytes of one connection that make a flood.
const FLOOD: usize = 2 << 20;
/// The size of the pieces of a flood; not a whole number of mebibytes.
const PIECES: std::ops::Range<usize> = 32 << 10..512 << 10;
const SLOW: Duration = Duration::from_millis(40);

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let is_crowd = state.sessions.joined > 500;
    let length = observed.frame.payload.len();
    match (observed.flow, observed.kind) {
        (Flow::In, "data") if PIECES.contains(&length) => {
            relay.poured += length;
            state.sessions.is_flooded |= relay.poured > FLOOD;
            None
        }
        (Flow::In, "data") if relay.mutant == "slow-others" && state.sessions.is_flooded => Some(Effect::nothing()),
        (Flow::Out, "registered") if relay.mutant == "no-hosts-meanwhile" && state.sessions.is_flooded => {
            Some(Effect::nothing())
        }
        (Flow::Out, "joined") if relay.mutant == "no-viewers-meanwhile" && state.sessions.is_flooded => {
            Some(Effect::nothing())
        }
        (Flow::Out, "data") => {
            relay.received += 1;
            let (mutant, is_theirs) = match relay.mutant.strip_suffix("-to-hosts") {
                Some(mutant) => (mutant, relay.is_host),
                None => (relay.mutant, !relay.is_host),
            };
            Some(match mutant {
                _ if !is_theirs => return None,
                "crowd-loses-first" if is_crowd && relay.received == 1 => Effect::nothing(),
                "crowd-loses-second" if is_crowd && relay.received == 2 => Effect::nothing(),
                "crowd-repeats" if is_crowd && relay.received == 3 => Effect::times(observed.frame, 2),
                "slow-to-viewers" | "slow" => Effect::slow(observed.frame, SLOW),
                _ => return None,
            })
        }
        (Flow::Out, "pong") if relay.mutant == "slow-pongs" => Some(Effect::slow(observed.frame, SLOW)),
        (Flow::Out, _) if observed.frame.close_code() == 1001 => {
            let is_theirs = match relay.mutant {
                "stops-otherwise" => relay.is_host,
                "stops-otherwise-for-viewers" => !relay.is_host && (relay.code.is_some() || relay.is_orphaned),
                "stops-otherwise-for-the-waiting" => !relay.is_host && relay.code.is_none() && !relay.is_orphaned,
                _ => false,
            };
            is_theirs.then(|| Effect::closed(1000))
        }
        _ => None,
    }
}
