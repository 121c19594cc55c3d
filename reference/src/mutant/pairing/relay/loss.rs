//! Mutants of lost connections: PAIR-70 to PAIR-73, WIRE-09.

use std::time::Duration;

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links, Loss};
use crate::mutant::wire::{CLOSE, PING};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("hides-the-loss", &["PAIR-70"], "does not notify viewers that their host is lost")
        .causing(&["WIRE-09", "PAIR-81"]),
    Mutant::new("late-news", &["PAIR-70"], "notifies viewers half a second late that their host is lost")
        .causing(&["WIRE-09", "PAIR-81"]),
    Mutant::new("another-error", &["PAIR-70"], "sends viewers NOT_FOUND when their host is lost")
        .causing(&["WIRE-09", "PAIR-81"]),
    Mutant::new("dead-as-expired", &["PAIR-71"], "treats the code of a lost host that had a viewer as expired")
        .causing(&["PAIR-81"]),
    Mutant::new("expired-stay-expired", &["PAIR-71"], "treats an expired code of a lost host as expired"),
    Mutant::new("retired-stay-expired", &["PAIR-71"], "treats older codes of a lost host as expired"),
    Mutant::new("named-stay-expired", &["PAIR-71"], "treats the code of a lost host that had registered as expired"),
    Mutant::new("codes-outlive-resets", &["PAIR-71"], "treats the code of a host that was reset as held"),
    Mutant::new("viewers-go-too", &["PAIR-72"], "disconnects a viewer whose host is lost")
        .causing(&["PAIR-71", "PAIR-81"]),
    Mutant::new("orphans-stay-silent", &["PAIR-72"], "disconnects a viewer that sends on without its host"),
    Mutant::new("one-host-each", &["PAIR-72"], "lets no viewer join again that has lost its host"),
    Mutant::new("one-viewer-ever", &["PAIR-73"], "lets no viewer join after one has left")
        .causing(&["PAIR-30", "PAIR-34", "PAIR-81", "WIRE-09"]),
    Mutant::new("second-hears-nothing", &["PAIR-73"], "forwards no data to a second viewer"),
    Mutant::new("second-says-nothing", &["PAIR-73"], "forwards no data from a second viewer").causing(&["PAIR-81"]),
    Mutant::new("hosts-go-too", &["PAIR-73"], "disconnects a host whose viewer leaves")
        .causing(&["PAIR-30", "PAIR-34", "PAIR-43"]),
    Mutant::new("ignores-losses", &["WIRE-09"], "does not notice connections that end without a Close frame")
        .causing(&["PAIR-34"]),
    Mutant::new("ignores-fins", &["WIRE-09"], "does not notice connections that end with FIN only"),
    Mutant::new("ignores-resets", &["WIRE-09"], "does not notice connections that are reset").causing(&["PAIR-34"]),
];

/// One side has ended; whether the end is forwarded.
pub(super) fn ends(relay: &mut PairingLink, flow: Flow, loss: Loss, state: &mut Links) -> bool {
    let ignored = match relay.mutant {
        "ignores-losses" => true,
        "ignores-fins" => loss == Loss::Ended,
        "ignores-resets" => loss == Loss::Reset,
        _ => false,
    };
    relay.is_gone = flow == Flow::In && ignored && state.sessions.present.contains_key(&relay.number);
    let is_reset = flow == Flow::In && loss == Loss::Reset && relay.is_host;
    if let Some(session) = relay.session(state) {
        session.is_reset |= is_reset;
    }
    !relay.is_gone
}

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        _ if relay.is_gone => Some(match observed.frame.head {
            PING => Effect::nothing().answered(link::pong(observed.frame)),
            _ => Effect::nothing(),
        }),
        (Flow::Out, "error") if observed.error() == "MAC_DISCONNECTED" => Some(match relay.mutant {
            "hides-the-loss" => Effect::nothing(),
            "another-error" => observed.replaced("NOT_FOUND"),
            "late-news" => Effect::late(observed.frame, Duration::from_millis(500)),
            "viewers-go-too" => observed.last(1000),
            _ => return None,
        }),
        (Flow::Out, "error") if observed.error() == "INVALID_CODE" => dead(relay, observed, state),
        (Flow::In, "data") if relay.mutant == "orphans-stay-silent" && relay.is_orphaned => {
            Some(Effect::ended(observed.frame, 1008))
        }
        (Flow::Out, "joined") if relay.mutant == "one-host-each" && relay.has_lost => {
            Some(observed.replaced("ALREADY_JOINED"))
        }
        (Flow::In, "join") if relay.mutant == "one-viewer-ever" && relay.code.is_none() => {
            let session = relay.wanted(state)?;
            (session.viewers > 0 && session.lost.is_none()).then(|| observed.refused("ALREADY_JOINED"))
        }
        (Flow::Out, "data") => {
            let is_second = relay.session(state)?.viewers > 1;
            let is_lost = match relay.mutant {
                "second-hears-nothing" => is_second && !relay.is_host,
                "second-says-nothing" => is_second && relay.is_host,
                _ => false,
            };
            is_lost.then(Effect::nothing)
        }
        (Flow::In, _) if relay.mutant == "hosts-go-too" && observed.frame.head == CLOSE && !relay.is_host => {
            let host = relay.session(state)?.host;
            state.post(host, link::closing(1001, false));
            None
        }
        _ => None,
    }
}

fn dead(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let session = relay.wanted(state)?;
    session.lost?;
    let (is_expired, had_viewer) = (session.age() > 0.0, session.viewers > 0);
    let stays = match relay.mutant {
        "dead-as-expired" => had_viewer,
        "expired-stay-expired" => is_expired && !session.is_replaced,
        "retired-stay-expired" => session.is_replaced,
        "named-stay-expired" => session.is_named,
        "codes-outlive-resets" if session.is_reset => return Some(observed.replaced("ALREADY_JOINED")),
        _ => false,
    };
    stays.then(|| observed.replaced("EXPIRED_CODE"))
}
