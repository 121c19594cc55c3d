//! Mutants of the heartbeat: PAIR-80 to PAIR-82. Those of its timing change the reference's parameters.

use std::time::Duration;

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::{PING, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-pings", &["PAIR-80"], "sends no Pings").causing(&["PAIR-81", "PAIR-82"]),
    Mutant::new("slow-pings", &["PAIR-80"], "sends Pings at intervals that are 30 % too long").causing(&["PAIR-82"]),
    Mutant::new("hasty-pings", &["PAIR-80"], "sends Pings at intervals that are 30 % too short"),
    Mutant::new("skips-hosts", &["PAIR-80"], "skips the third Ping to hosts"),
    Mutant::new("skips-viewers", &["PAIR-80"], "skips the third Ping to viewers that have joined"),
    Mutant::new("skips-waiting-viewers", &["PAIR-80"], "skips the third Ping to viewers that have not joined"),
    Mutant::new("busy-needs-no-ping", &["PAIR-80"], "sends no Pings on connections that are busy with data"),
    Mutant::new("forgives-silence", &["PAIR-81"], "does not terminate peers that answer no Pings"),
    Mutant::new("forgives-waiting-viewers", &["PAIR-81"], "does not terminate unjoined viewers without Pongs"),
    Mutant::new("chatter-counts", &["PAIR-81"], "counts any message as a Pong"),
    Mutant::new("patient-with-silence", &["PAIR-81"], "terminates silent peers four times too late"),
    Mutant::new("impatient-with-silence", &["PAIR-82", "PAIR-81"], "terminates silent peers much too early"),
    Mutant::new("hides-terminations", &["PAIR-81", "PAIR-70"], "does not notify viewers of a host it terminated"),
    Mutant::new("terminated-stay", &["PAIR-81", "PAIR-71"], "treats the code of a host that it terminated as expired"),
    Mutant::new("terminated-hold", &["PAIR-81", "PAIR-73"], "treats the code of a viewer that it terminated as held"),
    Mutant::new("terminated-deafen", &["PAIR-81"], "forwards no data to a host whose viewer it terminated"),
    Mutant::new("quiet-hosts-end", &["PAIR-82"], "terminates hosts that have sent nothing for three Pings")
        .causing(&["PAIR-80", "PAIR-15", "PAIR-22", "PAIR-33", "PAIR-34"]),
    Mutant::new("quiet-viewers-end", &["PAIR-82"], "terminates viewers that have sent nothing for three Pings")
        .causing(&["PAIR-80", "PAIR-15", "PAIR-22", "PAIR-33", "PAIR-34"]),
];

const A_LITTLE: Duration = Duration::from_millis(30);

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let is_paired = relay.partner(state).is_some();
    match (observed.flow, observed.kind) {
        (Flow::Out, _) if observed.frame.head == PING => pinged(relay, observed, is_paired),
        (_, "data") if relay.mutant == "busy-needs-no-ping" => {
            relay.marked = true;
            None
        }
        (Flow::In, kind) if relay.mutant == "chatter-counts" && !kind.is_empty() => {
            let pong = link::pong(&link::unmasked(observed.frame));
            Some(Effect::whole(observed.frame).then(crate::mutant::wire::Frame { payload: Vec::new(), ..pong }))
        }
        (Flow::In, _) if observed.frame.head == TEXT => {
            relay.quiet_pings = 0;
            let session = relay.wanted(state)?;
            let is_held = session.left?.1 == Flow::Out && session.viewer.is_none() && session.lost.is_none();
            (relay.mutant == "terminated-hold" && observed.kind == "join" && is_held)
                .then(|| observed.refused("ALREADY_JOINED"))
        }
        (Flow::Out, "error") if observed.error() == "MAC_DISCONNECTED" => {
            let lost = state.sessions.of(&relay.asked)?.lost;
            (relay.mutant == "hides-terminations" && lost == Some(Flow::Out)).then(Effect::nothing)
        }
        (Flow::Out, "error") if observed.error() == "INVALID_CODE" => {
            let lost = relay.wanted(state)?.lost;
            (relay.mutant == "terminated-stay" && lost == Some(Flow::Out)).then(|| observed.replaced("EXPIRED_CODE"))
        }
        (Flow::Out, "data") if relay.mutant == "terminated-deafen" && relay.is_host => {
            (relay.session(state)?.left?.1 == Flow::Out).then(Effect::nothing)
        }
        _ => None,
    }
}

fn pinged(relay: &mut PairingLink, observed: &Observed<'_>, is_paired: bool) -> Option<Effect> {
    let is_third = relay.pings == 3;
    relay.quiet_pings = if is_paired { relay.quiet_pings + 1 } else { 0 };
    let skipped = Effect::nothing().answered(link::pong(observed.frame));
    let forgiven = Effect::whole(observed.frame).answered(link::pong(observed.frame));
    Some(match relay.mutant {
        "no-pings" => skipped,
        "skips-hosts" if is_third && relay.is_host => skipped,
        "skips-viewers" if is_third && !relay.is_host && is_paired => skipped,
        "skips-waiting-viewers" if is_third && !relay.is_host && !is_paired => skipped,
        "busy-needs-no-ping" if std::mem::take(&mut relay.marked) => skipped,
        "forgives-silence" => forgiven,
        "forgives-waiting-viewers" if !relay.is_host && !is_paired => forgiven,
        "quiet-hosts-end" if relay.is_host && relay.quiet_pings == 3 => {
            Effect { delay: A_LITTLE, ..Effect::ended(observed.frame, 1001) }
        }
        "quiet-viewers-end" if !relay.is_host && relay.quiet_pings == 3 => observed.last(1001),
        _ => return None,
    })
}
