//! Mutants of heartbeats: TERM-50.

use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::{BINARY, Frame, PING, PONG};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-pings", &["TERM-50"], "sends no Pings"),
    Mutant::new("slow-pings", &["TERM-50"], "sends Pings at intervals that are 30 % too long"),
    Mutant::new("hasty-pings", &["TERM-50"], "sends Pings at intervals that are 30 % too short"),
    Mutant::new("skips-hosts", &["TERM-50"], "skips the third Ping to hosts that have viewers"),
    Mutant::new("skips-lonely-hosts", &["TERM-50"], "skips the third Ping to hosts without viewers"),
    Mutant::new("skips-viewers", &["TERM-50"], "skips the third Ping to viewers"),
    Mutant::new("busy-needs-no-ping", &["TERM-50"], "sends no Pings to viewers that receive bytes"),
    Mutant::new("forgives-silence", &["TERM-50"], "does not terminate peers that answer no Pings"),
    Mutant::new("chatter-counts", &["TERM-50"], "counts bytes of a viewer as a Pong"),
    Mutant::new("patient-with-silence", &["TERM-50"], "terminates silent peers four times too late"),
    Mutant::new("impatient-with-silence", &["TERM-50"], "terminates silent peers much too early"),
    Mutant::new("quiet-viewers-end", &["TERM-50"], "terminates viewers that have sent nothing for three Pings"),
];

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let frame = observed.frame;
    match (observed.flow, relay.mutant) {
        (Flow::Out, _) if frame.head == PING => pinged(relay, frame, state),
        (Flow::In, "forgives-silence" | "no-pings") if frame.head == PONG => Some(Effect::nothing()),
        (Flow::Out, "busy-needs-no-ping") if frame.head == BINARY && relay.is_viewer() => {
            relay.is_marked = true;
            None
        }
        (Flow::In, "chatter-counts") if frame.head == BINARY && relay.is_viewer() => {
            let pong = Frame { head: PONG, masked: true, payload: relay.pinged.clone() };
            Some(Effect::whole(frame).then(pong))
        }
        (Flow::In, "quiet-viewers-end")
            if frame.head == PONG && relay.is_viewer() && relay.pongs == 3 && relay.words == 1 =>
        {
            Some(Effect::ended(frame, 1001))
        }
        _ => None,
    }
}

fn pinged(relay: &mut TerminalLink, frame: &Frame, state: &mut Links) -> Option<Effect> {
    relay.pinged.clone_from(&frame.payload);
    let is_third = relay.pings == 3;
    let is_lonely = relay.session(state).is_some_and(|session| session.viewers.is_empty());
    let is_skipped = match relay.mutant {
        "no-pings" => true,
        "forgives-silence" => return Some(Effect::whole(frame).answered(link::pong(frame))),
        "skips-hosts" => is_third && relay.is_host() && !is_lonely,
        "skips-lonely-hosts" => is_third && relay.is_host() && is_lonely,
        "skips-viewers" => is_third && relay.is_viewer(),
        "busy-needs-no-ping" => std::mem::take(&mut relay.is_marked),
        _ => false,
    };
    is_skipped.then(|| Effect::nothing().answered(link::pong(frame)))
}
