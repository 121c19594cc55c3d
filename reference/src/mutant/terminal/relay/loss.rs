//! Mutants of loss: TERM-40, WIRE-09.

use super::{Relay, Seen};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Loss, Said, Way};
use crate::mutant::wire::BINARY;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("ignores-losses", &["WIRE-09"], "does not notice connections that end without a Close frame")
        .causing(&["TERM-11"]),
    Mutant::new("ignores-resets", &["WIRE-09"], "does not notice connections that are reset").causing(&["TERM-11"]),
    Mutant::new("hides-the-loss", &["TERM-40"], "does not tell viewers that their host is lost")
        .causing(&["TERM-04", "TERM-20", "TERM-42", "TERM-50", "WIRE-09"]),
    Mutant::new("host-lost-otherwise", &["TERM-40"], "closes with 1001 when the host is lost").causing(&["TERM-50"]),
    Mutant::new("leaves-all-by-close", &["TERM-40"], "hands what a host lost by a Close frame has said to the next"),
    Mutant::new("leaves-all-by-fin", &["TERM-40"], "hands what a host lost by a FIN has said to the next"),
    Mutant::new("leaves-all-by-reset", &["TERM-40"], "hands what a host lost by a reset has said to the next"),
    Mutant::new("leaves-all-by-violation", &["TERM-40"], "hands what a host lost by a violation has said to the next"),
    Mutant::new("takes-others-by-close", &["TERM-40"], "loses bytes of others once a host is lost by a Close frame"),
    Mutant::new("takes-others-by-fin", &["TERM-40"], "loses bytes of others once a host is lost by a FIN"),
    Mutant::new("takes-others-by-reset", &["TERM-40"], "loses bytes of others once a host is lost by a reset"),
    Mutant::new("takes-others-by-violation", &["TERM-40"], "loses bytes of others once a host is lost by a violation"),
];

/// Whoever has registered so shortly after a host that is lost may lose its bytes.
const NEAR: usize = 6;

pub(super) fn ends(relay: &Relay, way: Way, loss: Loss) -> bool {
    match (relay.mutant, way) {
        ("ignores-losses", Way::In) => false,
        ("ignores-resets", Way::In) => loss != Loss::Reset,
        (_, Way::Out) => !relay.is_kept_open,
        _ => true,
    }
}

pub(super) fn alters(relay: &Relay, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let frame = seen.frame;
    match (seen.way, relay.mutant, seen.kind) {
        (Way::Out, "hides-the-loss", "error") if relay.is_viewer() => Some(Said::nothing()),
        (Way::Out, "host-lost-otherwise", _) if frame.close_code() == 1000 && relay.is_viewer() => {
            Some(Said::closed(1001))
        }
        (Way::Out, mutant, "auth_success") if mutant.starts_with("leaves-all-") => {
            let inherited = relay.session(house)?.inherited.iter().map(link::unmasked);
            Some(inherited.fold(Said::whole(frame), Said::then))
        }
        (Way::Out, mutant, "") if mutant.starts_with("takes-others-") && frame.head == BINARY && relay.is_viewer() => {
            let session = relay.session(house)?;
            let (host, client) = (session.host, session.client.clone());
            let is_taken = house.terminals.all().any(|lost| {
                let is_lost = lost.was_missed && lost.lost.is_some_and(|parting| parting.is_of(mutant));
                is_lost && lost.client != client && (lost.host..=lost.host + NEAR).contains(&host)
            });
            is_taken.then(Said::nothing)
        }
        _ => None,
    }
}
