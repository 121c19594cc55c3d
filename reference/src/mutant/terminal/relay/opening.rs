//! Mutants of registering, and of those that say nothing in time: TERM-01, TERM-05, TERM-06.

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Said, Way};
use crate::mutant::wire::{CLOSE, PING};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-registered", &["TERM-01"], "says nothing to a host that registers").starving(),
    Mutant::new("hosts-need-names", &["TERM-01"], "closes the connection for an empty client id"),
    Mutant::new("small-code", &["TERM-06"], "gives codes in small letters"),
    Mutant::new("same-code", &["TERM-06"], "gives every host the same code")
        .causing(&["TERM-01", "TERM-02", "TERM-30", "WIRE-03"]),
    Mutant::new("waits-forever", &["TERM-05"], "leaves a silent connection open")
        .causing(&["TERM-04", "WIRE-05", "WIRE-06", "WIRE-08"]),
    Mutant::new("patient-first", &["TERM-05"], "waits three times as long for a first message"),
    Mutant::new("impatient-first", &["TERM-01", "TERM-02"], "closes a connection that says nothing much too early"),
    Mutant::new("pings-are-words", &["TERM-05"], "leaves a connection open that has sent a Ping"),
    Mutant::new("hosts-time-out", &["TERM-05"], "closes hosts that have said nothing but `register` in time")
        .causing(&["TERM-50", "WIRE-10"]),
    Mutant::new("late-hosts-time-out", &["TERM-05"], "closes hosts that were late to register"),
    Mutant::new("late-viewers-time-out", &["TERM-05"], "closes viewers that were late, and tells nobody"),
];

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>) -> Option<Said> {
    let frame = seen.frame;
    let is_refused = frame.head == CLOSE || seen.kind == "error";
    match (seen.way, relay.mutant, seen.kind) {
        (Way::In, "hosts-need-names", "register") if seen.message["client_id"] == "" => Some(Said::ended(frame, 1008)),
        (Way::Out, "no-registered", "registered") => Some(Said::nothing()),
        (Way::Out, "small-code", "registered") => Some(seen.with("code", seen.text("code").to_lowercase())),
        (Way::Out, "same-code", "registered") => Some(seen.with("code", "K7QXM2")),
        (Way::Out, "waits-forever", _) if relay.words == 0 && is_refused => {
            relay.is_kept_open = true;
            Some(Said::nothing())
        }
        (Way::In, "pings-are-words", _) if frame.head == PING && relay.words == 0 => {
            relay.is_marked = true;
            None
        }
        (Way::Out, "pings-are-words", _) if relay.is_marked && relay.words == 0 && is_refused => {
            relay.is_kept_open = true;
            Some(Said::nothing())
        }
        (Way::Out, _, _) if frame.head == PING => timed_out(relay, seen),
        (Way::In, "late-viewers-time-out", _) if frame.head == CLOSE && relay.is_marked => Some(Said::nothing()),
        _ => None,
    }
}

/// A Ping goes out, which comes after the time for a first message.
fn timed_out(relay: &mut Relay, seen: &Seen<'_>) -> Option<Said> {
    match relay.mutant {
        "hosts-time-out" if relay.is_host() && relay.words == 1 => Some(Said::ended(seen.frame, 1008)),
        "late-hosts-time-out" if relay.is_host() && relay.was_late => Some(Said::ended(seen.frame, 1008)),
        "late-viewers-time-out" if relay.is_viewer() && relay.was_late => {
            let said = if relay.is_marked { Said::nothing() } else { Said::closed(1008) };
            relay.is_marked = true;
            Some(said.answered(link::pong(seen.frame)))
        }
        _ => None,
    }
}
