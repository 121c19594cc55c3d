//! Mutants of one and of many viewers: TERM-10 to TERM-12.

use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};
use crate::mutant::wire::{BINARY, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("hides-viewers", &["TERM-10"], "does not notify the host of viewers").causing(&["TERM-11", "TERM-12"]),
    Mutant::new("one-id-for-all", &["TERM-10"], "gives all viewers the same id").causing(&["TERM-11", "TERM-21"]),
    Mutant::new("few-ids", &["TERM-10"], "gives all viewers after the fiftieth the same id"),
    Mutant::new("hides-losses", &["TERM-11"], "does not notify the host of lost viewers")
        .causing(&["TERM-21", "TERM-50", "WIRE-09"]),
    Mutant::new("another-id", &["TERM-11"], "notifies the host of the loss of a different viewer")
        .causing(&["TERM-50", "WIRE-09"]),
    Mutant::new("one-viewer", &["TERM-12"], "serves only the first viewer").causing(&[
        "TERM-02", "TERM-03", "TERM-04", "TERM-20", "TERM-21", "TERM-22", "TERM-23", "TERM-24", "TERM-25", "TERM-30",
        "TERM-31", "TERM-41", "TERM-42", "TERM-50", "WIRE-06",
    ]),
    Mutant::new("fifty-viewers", &["TERM-12"], "accepts no more than fifty viewers"),
    Mutant::new("reports-fifty-lost", &["TERM-12"], "notifies the host of the loss of viewers after the fiftieth")
        .causing(&["TERM-11"]),
    Mutant::new("repeats-in-a-crowd", &["TERM-22"], "repeats the fiftieth message to each of more than fifty viewers"),
];

const FEW: usize = 50;

pub(super) fn alters(relay: &mut TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let frame = observed.frame;
    let is_forwarded = observed.flow == Flow::Out && observed.kind == "browser_connected";
    relay.reported += usize::from(is_forwarded);
    Some(match (relay.mutant, observed.kind) {
        ("fifty-viewers", "auth") if observed.flow == Flow::In => {
            let is_full = relay.session(state)?.viewers.len() >= FEW;
            return is_full.then(|| observed.with("session_code", "-"));
        }
        _ if observed.flow == Flow::In => return None,
        ("hides-viewers", "browser_connected") | ("hides-losses", "browser_disconnected") => Effect::nothing(),
        ("one-id-for-all", "browser_connected" | "browser_disconnected") => observed.with("browser_id", "b"),
        ("few-ids", "browser_connected") if relay.reported > FEW => observed.with("browser_id", "b"),
        ("reports-fifty-lost", "browser_connected") if relay.reported > FEW => {
            observed.with("type", "browser_disconnected")
        }
        ("another-id", "browser_disconnected") => observed.with("browser_id", "another"),
        ("one-viewer", kind) if relay.ordinal > 1 && kind != "auth_success" && matches!(frame.head, TEXT | BINARY) => {
            Effect::nothing()
        }
        ("repeats-in-a-crowd", "session_disconnected") if relay.session(state)?.viewers.len() > FEW => {
            relay.count += 1;
            return (relay.count == FEW).then(|| Effect::times(frame, 2));
        }
        _ => return None,
    })
}
