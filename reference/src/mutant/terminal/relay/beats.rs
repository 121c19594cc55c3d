//! Mutants of the heartbeat: TERM-50. Those that are a matter of its timing are made by the timing alone.

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};
use crate::mutant::wire::{BINARY, Frame, PING, PONG};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-pings", &["TERM-50"], "sends no Ping"),
    Mutant::new("slow-pings", &["TERM-50"], "sends Pings a third too seldom"),
    Mutant::new("hasty-pings", &["TERM-50"], "sends Pings a third too often"),
    Mutant::new("skips-hosts", &["TERM-50"], "leaves out the third Ping to hosts that have viewers"),
    Mutant::new("skips-lonely-hosts", &["TERM-50"], "leaves out the third Ping to hosts without viewers"),
    Mutant::new("skips-viewers", &["TERM-50"], "leaves out the third Ping to viewers"),
    Mutant::new("busy-needs-no-ping", &["TERM-50"], "sends viewers no Ping that get bytes"),
    Mutant::new("forgives-silence", &["TERM-50"], "lets a peer stay that answers no Ping"),
    Mutant::new("chatter-counts", &["TERM-50"], "takes bytes of a viewer for a Pong"),
    Mutant::new("patient-with-silence", &["TERM-50"], "terminates silent peers four times too late"),
    Mutant::new("impatient-with-silence", &["TERM-50"], "terminates silent peers much too early"),
    Mutant::new("quiet-viewers-end", &["TERM-50"], "terminates viewers that have sent nothing for three Pings"),
];

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let frame = seen.frame;
    match (seen.way, relay.mutant) {
        (Way::Out, _) if frame.head == PING => pinged(relay, frame, house),
        (Way::In, "forgives-silence" | "no-pings") if frame.head == PONG => Some(Said::nothing()),
        (Way::Out, "busy-needs-no-ping") if frame.head == BINARY && relay.is_viewer() => {
            relay.is_marked = true;
            None
        }
        (Way::In, "chatter-counts") if frame.head == BINARY && relay.is_viewer() => {
            let pong = Frame { head: PONG, masked: true, payload: relay.pinged.clone() };
            Some(Said::whole(frame).then(pong))
        }
        (Way::In, "quiet-viewers-end")
            if frame.head == PONG && relay.is_viewer() && relay.pongs == 3 && relay.words == 1 =>
        {
            Some(Said::ended(frame, 1001))
        }
        _ => None,
    }
}

fn pinged(relay: &mut Relay, frame: &Frame, house: &mut House) -> Option<Said> {
    relay.pinged.clone_from(&frame.payload);
    let is_third = relay.pings == 3;
    let is_lonely = relay.session(house).is_some_and(|session| session.viewers.is_empty());
    let is_skipped = match relay.mutant {
        "no-pings" => true,
        "forgives-silence" => return Some(Said::whole(frame).answered(link::pong(frame))),
        "skips-hosts" => is_third && relay.is_host() && !is_lonely,
        "skips-lonely-hosts" => is_third && relay.is_host() && is_lonely,
        "skips-viewers" => is_third && relay.is_viewer(),
        "busy-needs-no-ping" => std::mem::take(&mut relay.is_marked),
        _ => false,
    };
    is_skipped.then(|| Said::nothing().answered(link::pong(frame)))
}
