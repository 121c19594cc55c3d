//! Mutants of speed, pressure and numbers, and of the end: PAIR-90, WIRE-08, WIRE-10 to WIRE-12.

use std::time::Duration;

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{House, Said, Way};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("crowd-loses-first", &["PAIR-90"], "loses the first message to a viewer, above 500 sessions"),
    Mutant::new("crowd-loses-first-to-hosts", &["PAIR-90"], "loses the first message to a host, above 500 sessions"),
    Mutant::new("crowd-loses-second", &["PAIR-90"], "loses the second message to a viewer, above 500 sessions"),
    Mutant::new("crowd-loses-second-to-hosts", &["PAIR-90"], "loses the second message to a host, above 500 sessions"),
    Mutant::new("crowd-repeats", &["PAIR-90"], "repeats the third message to a viewer, above 500 sessions"),
    Mutant::new("crowd-repeats-to-hosts", &["PAIR-90"], "repeats the third message to a host, above 500 sessions"),
    Mutant::new("stops-otherwise", &["WIRE-08"], "closes hosts with 1000 when it is told to end"),
    Mutant::new("stops-otherwise-for-viewers", &["WIRE-08"], "closes viewers with 1000 when it is told to end"),
    Mutant::new(
        "stops-otherwise-for-the-waiting",
        &["WIRE-08"],
        "closes viewers that have not joined with 1000 when it is told to end",
    ),
    Mutant::new("takes-more", &["WIRE-08"], "takes connections after it was told to end"),
    Mutant::new("stays-on", &["WIRE-08"], "closes all connections when it is told to end, and stays"),
    Mutant::new("ends-never", &["WIRE-08"], "does not end when it is told to"),
    Mutant::new("ends-late", &["WIRE-08"], "ends 7 s after it was told to"),
    Mutant::new("slow-others", &["WIRE-10"], "loses data of others while somebody reads slowly"),
    Mutant::new("no-hosts-meanwhile", &["WIRE-10"], "registers nobody while somebody reads slowly"),
    Mutant::new("no-viewers-meanwhile", &["WIRE-10"], "lets nobody join while somebody reads slowly"),
    Mutant::new("hoards", &["WIRE-11"], "keeps without bound what a peer does not read").causing(&["WIRE-10"]),
    Mutant::new("slow-pongs", &["WIRE-12"], "takes 40 ms for a `pong` when nothing came before it"),
    Mutant::new("slow-to-viewers", &["WIRE-12"], "takes 40 ms for data to a viewer when nothing came before it"),
    Mutant::new("slow-to-hosts", &["WIRE-12"], "takes 40 ms for data to a host when nothing came before it"),
];

/// So much of one connection is a flood.
const FLOOD: usize = 2 << 20;
/// Pieces of a flood are so large, and no whole mebibytes.
const PIECES: std::ops::Range<usize> = 32 << 10..512 << 10;
const SLOW: Duration = Duration::from_millis(40);

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let is_crowd = house.sessions.joined > 500;
    let length = seen.frame.payload.len();
    match (seen.way, seen.kind) {
        (Way::In, "data") if PIECES.contains(&length) => {
            relay.poured += length;
            house.sessions.is_flooded |= relay.poured > FLOOD;
            None
        }
        (Way::In, "data") if relay.mutant == "slow-others" && house.sessions.is_flooded => Some(Said::nothing()),
        (Way::Out, "registered") if relay.mutant == "no-hosts-meanwhile" && house.sessions.is_flooded => {
            Some(Said::nothing())
        }
        (Way::Out, "joined") if relay.mutant == "no-viewers-meanwhile" && house.sessions.is_flooded => {
            Some(Said::nothing())
        }
        (Way::Out, "data") => {
            relay.received += 1;
            let (mutant, is_theirs) = match relay.mutant.strip_suffix("-to-hosts") {
                Some(mutant) => (mutant, relay.is_host),
                None => (relay.mutant, !relay.is_host),
            };
            Some(match mutant {
                _ if !is_theirs => return None,
                "crowd-loses-first" if is_crowd && relay.received == 1 => Said::nothing(),
                "crowd-loses-second" if is_crowd && relay.received == 2 => Said::nothing(),
                "crowd-repeats" if is_crowd && relay.received == 3 => Said::times(seen.frame, 2),
                "slow-to-viewers" | "slow" => Said::slow(seen.frame, SLOW),
                _ => return None,
            })
        }
        (Way::Out, "pong") if relay.mutant == "slow-pongs" => Some(Said::slow(seen.frame, SLOW)),
        (Way::Out, _) if seen.frame.close_code() == 1001 => {
            let is_theirs = match relay.mutant {
                "stops-otherwise" => relay.is_host,
                "stops-otherwise-for-viewers" => !relay.is_host && (relay.code.is_some() || relay.is_widowed),
                "stops-otherwise-for-the-waiting" => !relay.is_host && relay.code.is_none() && !relay.is_widowed,
                _ => false,
            };
            is_theirs.then(|| Said::closed(1000))
        }
        _ => None,
    }
}
