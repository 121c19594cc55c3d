//! Mutants of lost connections: TERM-40, WIRE-09.

use super::{Observed, TerminalLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links, Loss};
use crate::mutant::wire::BINARY;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("ignores-losses", &["WIRE-09"], "does not notice connections that end without a Close frame")
        .causing(&["TERM-11"]),
    Mutant::new("ignores-resets", &["WIRE-09"], "does not notice connections that are reset").causing(&["TERM-11"]),
    Mutant::new("hides-the-loss", &["TERM-40"], "does not notify viewers that their host is lost")
        .causing(&["TERM-04", "TERM-20", "TERM-42", "TERM-50", "WIRE-09"]),
    Mutant::new("host-lost-otherwise", &["TERM-40"], "closes with 1001 when the host is lost").causing(&["TERM-50"]),
    Mutant::new("leaves-all-by-close", &["TERM-40"], "gives the next host the output of one lost by a Close frame"),
    Mutant::new("leaves-all-by-fin", &["TERM-40"], "gives the next host the output of one lost by FIN"),
    Mutant::new("leaves-all-by-reset", &["TERM-40"], "gives the next host the output of one lost by a reset"),
    Mutant::new("leaves-all-by-violation", &["TERM-40"], "gives the next host the output of one lost by a violation"),
    Mutant::new("takes-others-by-close", &["TERM-40"], "loses bytes of others after a host is lost by a Close frame"),
    Mutant::new("takes-others-by-fin", &["TERM-40"], "loses bytes of others after a host is lost by FIN"),
    Mutant::new("takes-others-by-reset", &["TERM-40"], "loses bytes of others after a host is lost by a reset"),
    Mutant::new("takes-others-by-violation", &["TERM-40"], "loses bytes of others after a host is lost by a violation"),
];

/// Hosts that registered this shortly after a lost one may lose bytes.
const NEAR: usize = 6;

pub(super) fn ends(relay: &TerminalLink, flow: Flow, loss: Loss) -> bool {
    match (relay.mutant, flow) {
        ("ignores-losses", Flow::In) => false,
        ("ignores-resets", Flow::In) => loss != Loss::Reset,
        (_, Flow::Out) => !relay.is_kept_open,
        _ => true,
    }
}

pub(super) fn alters(relay: &TerminalLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let frame = observed.frame;
    match (observed.flow, relay.mutant, observed.kind) {
        (Flow::Out, "hides-the-loss", "error") if relay.is_viewer() => Some(Effect::nothing()),
        (Flow::Out, "host-lost-otherwise", _) if frame.close_code() == 1000 && relay.is_viewer() => {
            Some(Effect::closed(1001))
        }
        (Flow::Out, mutant, "auth_success") if mutant.starts_with("leaves-all-") => {
            let inherited = relay.session(state)?.inherited.iter().map(link::unmasked);
            Some(inherited.fold(Effect::whole(frame), Effect::then))
        }
        (Flow::Out, mutant, "") if mutant.starts_with("takes-others-") && frame.head == BINARY && relay.is_viewer() => {
            let session = relay.session(state)?;
            let (host, client) = (session.host, session.client.clone());
            let is_taken = state.terminals.all().any(|lost| {
                let is_lost = lost.was_missed && lost.lost.is_some_and(|parting| parting.is_of(mutant));
                is_lost && lost.client != client && (lost.host..=lost.host + NEAR).contains(&host)
            });
            is_taken.then(Effect::nothing)
        }
        _ => None,
    }
}
