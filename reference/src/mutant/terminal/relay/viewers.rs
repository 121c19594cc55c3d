//! Mutants of viewers, one or many: TERM-10 to TERM-12.

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{House, Said, Way};
use crate::mutant::wire::{BINARY, TEXT};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("hides-viewers", &["TERM-10"], "does not tell the host of viewers").causing(&["TERM-11", "TERM-12"]),
    Mutant::new("one-id-for-all", &["TERM-10"], "gives all viewers the same id").causing(&["TERM-11", "TERM-21"]),
    Mutant::new("few-ids", &["TERM-10"], "gives all viewers the same id that come after fifty"),
    Mutant::new("hides-losses", &["TERM-11"], "does not tell the host of viewers that are lost")
        .causing(&["TERM-21", "TERM-50", "WIRE-09"]),
    Mutant::new("another-id", &["TERM-11"], "tells the host that somebody else is lost")
        .causing(&["TERM-50", "WIRE-09"]),
    Mutant::new("one-viewer", &["TERM-12"], "serves the first viewer alone").causing(&[
        "TERM-02", "TERM-03", "TERM-04", "TERM-20", "TERM-21", "TERM-22", "TERM-23", "TERM-24", "TERM-25", "TERM-30",
        "TERM-31", "TERM-41", "TERM-42", "TERM-50", "WIRE-06",
    ]),
    Mutant::new("fifty-viewers", &["TERM-12"], "lets nobody in where fifty viewers are"),
    Mutant::new("tells-of-fifty", &["TERM-12"], "tells the host of viewers after fifty that they are gone")
        .causing(&["TERM-11"]),
    Mutant::new("repeats-in-a-crowd", &["TERM-22"], "repeats the fiftieth message to each of more than fifty viewers"),
];

/// Hardly anybody has more viewers.
const FEW: usize = 50;

pub(super) fn alters(relay: &mut Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let frame = seen.frame;
    let is_told = seen.way == Way::Out && seen.kind == "browser_connected";
    relay.told += usize::from(is_told);
    Some(match (relay.mutant, seen.kind) {
        ("fifty-viewers", "auth") if seen.way == Way::In => {
            let is_full = relay.session(house)?.viewers.len() >= FEW;
            return is_full.then(|| seen.with("session_code", "-"));
        }
        _ if seen.way == Way::In => return None,
        ("hides-viewers", "browser_connected") | ("hides-losses", "browser_disconnected") => Said::nothing(),
        ("one-id-for-all", "browser_connected" | "browser_disconnected") => seen.with("browser_id", "b"),
        ("few-ids", "browser_connected") if relay.told > FEW => seen.with("browser_id", "b"),
        ("tells-of-fifty", "browser_connected") if relay.told > FEW => seen.with("type", "browser_disconnected"),
        ("another-id", "browser_disconnected") => seen.with("browser_id", "another"),
        ("one-viewer", kind) if relay.ordinal > 1 && kind != "auth_success" && matches!(frame.head, TEXT | BINARY) => {
            Said::nothing()
        }
        ("repeats-in-a-crowd", "session_disconnected") if relay.session(house)?.viewers.len() > FEW => {
            relay.count += 1;
            return (relay.count == FEW).then(|| Said::times(frame, 2));
        }
        _ => return None,
    })
}
