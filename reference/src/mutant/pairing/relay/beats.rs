//! Mutants of the heartbeat: PAIR-80 to PAIR-82. Those that are a matter of its timing are made by the timing alone.

use std::time::Duration;

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};
use crate::mutant::wire::{PING, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-pings", &["PAIR-80"], "sends no Ping").causing(&["PAIR-81", "PAIR-82"]),
    Mutant::new("slow-pings", &["PAIR-80"], "sends Pings a third too seldom").causing(&["PAIR-82"]),
    Mutant::new("hasty-pings", &["PAIR-80"], "sends Pings a third too often"),
    Mutant::new("skips-hosts", &["PAIR-80"], "leaves out the third Ping to hosts"),
    Mutant::new("skips-viewers", &["PAIR-80"], "leaves out the third Ping to viewers that have joined"),
    Mutant::new("skips-waiting-viewers", &["PAIR-80"], "leaves out the third Ping to viewers that have not joined"),
    Mutant::new("busy-needs-no-ping", &["PAIR-80"], "sends no Ping on connections that are busy with data"),
    Mutant::new("forgives-silence", &["PAIR-81"], "lets peers stay that answer no Ping"),
    Mutant::new("forgives-waiting-viewers", &["PAIR-81"], "lets viewers stay that answer no Ping and have not joined"),
    Mutant::new("chatter-counts", &["PAIR-81"], "takes any message for a Pong"),
    Mutant::new("patient-with-silence", &["PAIR-81"], "terminates silent peers four times too late"),
    Mutant::new("impatient-with-silence", &["PAIR-82", "PAIR-81"], "terminates silent peers much too early"),
    Mutant::new("hides-terminations", &["PAIR-81", "PAIR-70"], "does not tell viewers of hosts that it has terminated"),
    Mutant::new("terminated-stay", &["PAIR-81", "PAIR-71"], "takes codes of hosts that it has terminated for expired"),
    Mutant::new("terminated-hold", &["PAIR-81", "PAIR-73"], "takes codes of viewers that it has terminated for held"),
    Mutant::new("terminated-deafen", &["PAIR-81"], "carries no data to a host whose viewer it has terminated"),
    Mutant::new("quiet-hosts-end", &["PAIR-82"], "terminates hosts that have sent nothing for three Pings")
        .causing(&["PAIR-80", "PAIR-15", "PAIR-22", "PAIR-33", "PAIR-34"]),
    Mutant::new("quiet-viewers-end", &["PAIR-82"], "terminates viewers that have sent nothing for three Pings")
        .causing(&["PAIR-80", "PAIR-15", "PAIR-22", "PAIR-33", "PAIR-34"]),
];

/// A part of a heartbeat that is short.
const A_LITTLE: Duration = Duration::from_millis(30);

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let is_paired = relay.partner(house).is_some();
    match (seen.way, seen.kind) {
        (Way::Out, _) if seen.frame.head == PING => pinged(relay, seen, is_paired),
        (_, "data") if relay.mutant == "busy-needs-no-ping" => {
            relay.marked = true;
            None
        }
        (Way::In, kind) if relay.mutant == "chatter-counts" && !kind.is_empty() => {
            let pong = link::pong(&link::unmasked(seen.frame));
            Some(Said::whole(seen.frame).then(crate::mutant::wire::Frame { payload: Vec::new(), ..pong }))
        }
        (Way::In, _) if seen.frame.head == TEXT => {
            relay.quiet_pings = 0;
            let session = relay.wanted(house)?;
            let is_held = session.left?.1 == Way::Out && session.viewer.is_none() && session.lost.is_none();
            (relay.mutant == "terminated-hold" && seen.kind == "join" && is_held)
                .then(|| seen.refused("ALREADY_JOINED"))
        }
        (Way::Out, "error") if seen.error() == "MAC_DISCONNECTED" => {
            let lost = house.sessions.of(&relay.asked)?.lost;
            (relay.mutant == "hides-terminations" && lost == Some(Way::Out)).then(Said::nothing)
        }
        (Way::Out, "error") if seen.error() == "INVALID_CODE" => {
            let lost = relay.wanted(house)?.lost;
            (relay.mutant == "terminated-stay" && lost == Some(Way::Out)).then(|| seen.replaced("EXPIRED_CODE"))
        }
        (Way::Out, "data") if relay.mutant == "terminated-deafen" && relay.is_host => {
            (relay.session(house)?.left?.1 == Way::Out).then(Said::nothing)
        }
        _ => None,
    }
}

/// A Ping goes out.
fn pinged(relay: &mut Relay, seen: &Seen<'_>, is_paired: bool) -> Option<Said> {
    let is_third = relay.pings == 3;
    relay.quiet_pings = if is_paired { relay.quiet_pings + 1 } else { 0 };
    let skipped = Said::nothing().answered(link::pong(seen.frame));
    let forgiven = Said::whole(seen.frame).answered(link::pong(seen.frame));
    Some(match relay.mutant {
        "no-pings" => skipped,
        "skips-hosts" if is_third && relay.is_host => skipped,
        "skips-viewers" if is_third && !relay.is_host && is_paired => skipped,
        "skips-waiting-viewers" if is_third && !relay.is_host && !is_paired => skipped,
        "busy-needs-no-ping" if std::mem::take(&mut relay.marked) => skipped,
        "forgives-silence" => forgiven,
        "forgives-waiting-viewers" if !relay.is_host && !is_paired => forgiven,
        "quiet-hosts-end" if relay.is_host && relay.quiet_pings == 3 => {
            Said { delay: A_LITTLE, ..Said::ended(seen.frame, 1001) }
        }
        "quiet-viewers-end" if !relay.is_host && relay.quiet_pings == 3 => seen.last(1001),
        _ => return None,
    })
}
