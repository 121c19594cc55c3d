//! Mutants of lost connections: SYNC-50, WIRE-09.

use serde_json::json;

use super::{Observed, SyncLink};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("loss-stops-writers", &["SYNC-50"], "answers no senders after a subscriber has left"),
    Mutant::new("loss-ends-others", &["SYNC-50"], "pushes nothing to any client after a subscriber has left"),
    Mutant::new("comes-back-deaf", &["SYNC-50"], "pushes nothing to clients that connect after a subscriber has left"),
    Mutant::new("haunted", &["WIRE-09", "SYNC-50"], "gives a new connection the subscriptions of a lost one")
        .causing(&["SYNC-22"]),
    Mutant::new("haunted-by-resets", &["WIRE-09"], "gives a new connection the subscriptions of one that was reset")
        .causing(&["SYNC-22"]),
];

pub(super) fn alters(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let clients = &state.clients;
    // The client that connected next is still there.
    let lost = clients.lost.filter(|lost| clients.here.contains_key(&(lost + 1)));
    let has_lost = lost.is_some_and(|lost| server.number.abs_diff(lost) <= 2);
    let is_later = lost.is_some_and(|lost| server.number > lost + 1);
    let is_earlier = lost.is_some_and(|lost| server.number < lost);
    match (observed.flow, observed.kind) {
        (Flow::Out, "data") if observed.is_push() => match server.mutant {
            "loss-ends-others" if has_lost && !is_later => Some(Effect::nothing()),
            "comes-back-deaf" if has_lost && is_later => Some(Effect::nothing()),
            _ => None,
        },
        (Flow::Out, "data") if server.mutant == "loss-stops-writers" && is_earlier && server.has_sent => {
            Some(Effect::nothing())
        }
        (Flow::Out, "auth_success") if server.successes == 1 && has_lost && is_later => {
            let haunts = server.mutant == "haunted" || server.mutant == "haunted-by-resets" && clients.has_reset;
            haunts.then(|| {
                let note = json!({ "id": "m", "chatId": "lost", "role": "user", "content": "boo", "seq": 1 });
                let push = json!({
                    "type": "data", "id": null, "resource": "chat", "resourceId": "lost", "data": { "message": note },
                });
                Effect::whole(observed.frame).then(link::text(&push, observed.frame))
            })
        }
        _ => None,
    }
}
