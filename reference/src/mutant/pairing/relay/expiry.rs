//! Mutants of expiry: PAIR-30 to PAIR-34, and held codes (PAIR-22).

use super::{Observed, PairingLink};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("expires-late", &["PAIR-30"], "lets viewers join after the reported expiry").causing(&["PAIR-17"]),
    Mutant::new("expired-as-unknown", &["PAIR-30", "PAIR-32"], "answers an expired code with INVALID_CODE"),
    Mutant::new("expired-ends", &["PAIR-30"], "disconnects on an expired code").causing(&["PAIR-71"]),
    Mutant::new("expires-early", &["PAIR-31"], "lets no viewer join in the last fifth of a lifetime"),
    Mutant::new("retains-half", &["PAIR-32"], "forgets expired codes after half of the retention"),
    Mutant::new("retains-most", &["PAIR-32"], "forgets expired codes after nine tenths of the retention"),
    Mutant::new("cleans-up", &["PAIR-32"], "forgets expired codes after a hundred further connections"),
    Mutant::new("forgets-replaced", &["PAIR-32"], "forgets expired codes that were replaced"),
    Mutant::new("data-expires", &["PAIR-33"], "forwards no data to viewers after the expiry"),
    Mutant::new("data-expires-to-hosts", &["PAIR-33"], "forwards no data to hosts after the expiry"),
    Mutant::new("data-outlives-little", &["PAIR-33"], "forwards no data to viewers after the retention"),
    Mutant::new("held-codes-expire", &["PAIR-22"], "treats held codes as expired when their lifetime is over"),
    Mutant::new("held-codes-are-forgotten", &["PAIR-22"], "does not know held codes after the retention"),
    Mutant::new("no-fresh-lifetime", &["PAIR-34"], "gives a code no fresh lifetime when its viewer leaves"),
    Mutant::new("short-fresh-lifetime", &["PAIR-34"], "gives a code only half a lifetime when its viewer leaves"),
];

pub(super) fn alters(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        (Flow::Out, "registered") => {
            let session = relay.session(state)?;
            let share = match relay.mutant {
                "expires-late" => -0.3,
                "expires-early" => 0.2,
                _ => return None,
            };
            Some(observed.with("expiresAt", (session.expires_at + share * session.lifetime).round()))
        }
        (Flow::In, "join") if relay.code.is_none() => {
            let session = relay.wanted(state)?;
            let since = session.left?.0.elapsed().as_secs_f64() * 1e3 / session.lifetime;
            let is_over = match relay.mutant {
                "no-fresh-lifetime" => session.age() > 0.0,
                "short-fresh-lifetime" => since > 0.5,
                _ => false,
            };
            (is_over && session.viewer.is_none() && session.lost.is_none()).then(|| observed.refused("EXPIRED_CODE"))
        }
        (Flow::Out, "data") => {
            let session = relay.session(state)?;
            // A code that a later viewer has joined has a new lifetime.
            let age = if session.viewers == 1 { session.age() } else { -1.0 };
            let is_over = match relay.mutant {
                "data-expires" => !relay.is_host && age > 0.0,
                "data-expires-to-hosts" => relay.is_host && age > 0.0,
                "data-outlives-little" => !relay.is_host && age > 1.0,
                _ => false,
            };
            is_over.then(Effect::nothing)
        }
        (Flow::Out, "error") if observed.error() == "EXPIRED_CODE" => expired(relay, observed, state),
        (Flow::Out, "error") if observed.error() == "ALREADY_JOINED" && relay.code.is_none() => {
            let age = relay.wanted(state)?.age();
            match relay.mutant {
                "held-codes-expire" if age > 0.0 => Some(observed.replaced("EXPIRED_CODE")),
                "held-codes-are-forgotten" if age > 1.0 => Some(observed.replaced("INVALID_CODE")),
                _ => None,
            }
        }
        _ => None,
    }
}

fn expired(relay: &mut PairingLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let connections = state.connections;
    let session = relay.wanted(state)?;
    let is_forgotten = match relay.mutant {
        "expired-ends" => return Some(observed.last(1008)),
        "expired-as-unknown" => true,
        "retains-half" => session.age() > 0.5,
        "retains-most" => session.age() > 0.9,
        "cleans-up" => connections > session.host + 100,
        "forgets-replaced" => session.is_replaced,
        _ => false,
    };
    is_forgotten.then(|| observed.replaced("INVALID_CODE"))
}
