//! Faults of frames that only relays have, or that break more here than elsewhere: WIRE-03 to WIRE-07.

use super::{Relay, Seen};
use crate::fault::Fault;
use crate::fault::framing;
use crate::fault::link::{House, Said, Way};
use crate::fault::wire::{PONG, TEXT};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new("drops-fragments", &["WIRE-03"], "drops fragmented messages").causing(&["PAIR-40", "WIRE-06"]),
    Fault::new("drops-fragments-of-viewers", &["WIRE-03"], "drops fragmented messages of viewers")
        .causing(&["PAIR-40", "WIRE-06"]),
    Fault::new("no-pong-frames-when-joined", &["WIRE-04"], "answers no Ping frame of a viewer that has joined"),
    Fault::new("tolerates-last-bit", &["WIRE-06"], "passes over the last reserved bit"),
    Fault::new("tolerates-late-no-utf-8", &["WIRE-06"], "replaces what is no UTF-8 in a later fragment"),
    Fault::new("eight-strikes", &["WIRE-06"], "takes nobody after eight violations in a row"),
    Fault::new("small-limit", &["WIRE-07", "PAIR-40"], "closes the connection for a message of 1 MiB"),
    Fault::new(
        "small-limit-but-for-data",
        &["WIRE-07"],
        "closes the connection for a message of 1 MiB that is no data",
    ),
];

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let (fault, frame) = (relay.fault, seen.frame);
    let is_large = frame.payload.len() >= 1 << 20 && frame.head == TEXT;
    match (seen.way, fault) {
        (Way::In, "drops-fragments-of-viewers") if frame.is_fragment() && !relay.is_host => Some(Said::nothing()),
        (Way::In, "small-limit") if is_large => Some(Said::ended(frame, 1009)),
        (Way::In, "small-limit-but-for-data") if is_large && seen.kind != "data" => Some(Said::ended(frame, 1009)),
        (Way::Out, "no-pong-frames-when-joined") if frame.head == PONG && !relay.is_host && relay.code.is_some() => {
            Some(Said::nothing())
        }
        (Way::Out, _) if seen.kind == "data" && framing::deafens(fault, relay.number, house) => Some(Said::nothing()),
        _ => relay.framing.alters(fault, relay.number, seen.way, frame, house),
    }
}
