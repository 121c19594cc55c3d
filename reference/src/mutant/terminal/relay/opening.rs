//! Mutants of registration and of silent connections: TERM-01, TERM-05, TERM-06.

use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow};
use crate::mutant::wire::{CLOSE, PING};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("no-registered", &["TERM-01"], "sends nothing to a host that registers").starving(),
    Mutant::new("hosts-need-names", &["TERM-01"], "disconnects on an empty client id"),
    Mutant::new("small-code", &["TERM-06"], "uses lower case in codes"),
    Mutant::new("same-code", &["TERM-06"], "gives every host the same code")
        .causing(&["TERM-01", "TERM-02", "TERM-30", "WIRE-03"]),
    Mutant::new("waits-forever", &["TERM-05"], "keeps a silent connection open")
        .causing(&["TERM-04", "WIRE-05", "WIRE-06", "WIRE-08"]),
    Mutant::new("patient-first", &["TERM-05"], "waits three times too long for a first message"),
    Mutant::new("impatient-first", &["TERM-01", "TERM-02"], "closes a silent connection much too early"),
    Mutant::new("pings-are-words", &["TERM-05"], "keeps a connection open that has only sent a Ping"),
    Mutant::new("hosts-time-out", &["TERM-05"], "closes hosts at the time-out that sent only `register`")
        .causing(&["TERM-50", "WIRE-10"]),
    Mutant::new("late-hosts-time-out", &["TERM-05"], "closes hosts that registered late"),
    Mutant::new("late-viewers-time-out", &["TERM-05"], "closes viewers that were late, without notifying the host"),
];

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>) -> Option<Effect> {
    let frame = observed.frame;
    let is_refused = frame.head == CLOSE || observed.kind == "error";
    match (observed.flow, relay.mutant, observed.kind) {
        (Flow::In, "hosts-need-names", "register") if observed.message["client_id"] == "" => {
            Some(Effect::ended(frame, 1008))
        }
        (Flow::Out, "no-registered", "registered") => Some(Effect::nothing()),
        (Flow::Out, "small-code", "registered") => Some(observed.with("code", observed.text("code").to_lowercase())),
        (Flow::Out, "same-code", "registered") => Some(observed.with("code", "K7QXM2")),
        (Flow::Out, "waits-forever", _) if relay.words == 0 && is_refused => {
            relay.is_kept_open = true;
            Some(Effect::nothing())
        }
        (Flow::In, "pings-are-words", _) if frame.head == PING && relay.words == 0 => {
            relay.is_marked = true;
            None
        }
        (Flow::Out, "pings-are-words", _) if relay.is_marked && relay.words == 0 && is_refused => {
            relay.is_kept_open = true;
            Some(Effect::nothing())
        }
        (Flow::Out, _, _) if frame.head == PING => timed_out(relay, observed),
        (Flow::In, "late-viewers-time-out", _) if frame.head == CLOSE && relay.is_marked => Some(Effect::nothing()),
        _ => None,
    }
}

/// The relay sends a Ping after the time for a first message.
fn timed_out(relay: &mut TerminalLink, observed: &Observed<'_>) -> Option<Effect> {
    match relay.mutant {
        "hosts-time-out" if relay.is_host() && relay.words == 1 => Some(Effect::ended(observed.frame, 1008)),
        "late-hosts-time-out" if relay.is_host() && relay.was_late => Some(Effect::ended(observed.frame, 1008)),
        "late-viewers-time-out" if relay.is_viewer() && relay.was_late => {
            let action = if relay.is_marked { Effect::nothing() } else { Effect::closed(1008) };
            relay.is_marked = true;
            Some(action.answered(link::pong(observed.frame)))
        }
        _ => None,
    }
}
