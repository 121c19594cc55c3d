//! Mutants of subscriptions: SYNC-10, SYNC-12, SYNC-23.

use serde_json::{Value, json};

use super::{Observed, SyncLink, topic};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::Frame;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("another-project", &["SYNC-10"], "names a different project in its answer").starving(),
    Mutant::new("another-chat", &["SYNC-10"], "names a different chat in its answer").starving(),
    Mutant::new("no-profiles", &["SYNC-10"], "rejects subscriptions to model profiles")
        .causing(&["SYNC-04", "SYNC-60", "WIRE-03"]),
    Mutant::new("no-profiles-of-null", &["SYNC-10"], "rejects subscriptions to model profiles with the id null"),
    Mutant::new("second-subscription-unanswered", &["SYNC-12"], "does not answer the second of two `subscribe`"),
    Mutant::new("pushes-to-each-subscription", &["SYNC-12"], "pushes an update once for each subscription of a client")
        .causing(&["SYNC-20"]),
    Mutant::new("unsubscribe-each", &["SYNC-12", "SYNC-40"], "unsubscribes a client only as often as it subscribed"),
    Mutant::new("lacks-the-last", &["SYNC-23"], "omits the last message of a chat").causing(&["SYNC-10"]),
    Mutant::new("gap-behind-snapshot", &["SYNC-23"], "loses the first push after a snapshot").starving(),
    Mutant::new("old-snapshots", &["SYNC-23"], "sends its previous snapshot to a client that subscribes again"),
    Mutant::new("twice-behind-snapshot", &["SYNC-23"], "pushes a message of the snapshot after a resubscription"),
    Mutant::new("fifth-snapshot-lost", &["SYNC-23"], "does not answer the fifth subscription of a client")
        .causing(&["SYNC-40"]),
    Mutant::new("thirteenth-hears-nothing", &["SYNC-23"], "pushes nothing after a client's 13th subscription"),
];

pub(super) fn alters(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        (Flow::In, "unsubscribe") if server.mutant == "unsubscribe-each" => {
            let times = server.known(state).topics.get_mut(&topic(observed.message))?;
            (*times > 1).then(|| {
                *times -= 1;
                observed.answered(
                    &json!({ "type": "data", "id": observed.message["id"], "data": { "unsubscribed": true } }),
                )
            })
        }
        (Flow::Out, "subscribed") => subscribed(server, observed, state),
        (Flow::Out, "data") if observed.is_push() => {
            let times = server.known(state).topics.get(&topic(observed.message)).copied().unwrap_or_default();
            match server.mutant {
                "pushes-to-each-subscription" if times > 1 => Some(Effect::times(observed.frame, times)),
                "gap-behind-snapshot" if std::mem::take(&mut server.marked) => Some(Effect::nothing()),
                "thirteenth-hears-nothing" if server.snapshots >= 13 => Some(Effect::nothing()),
                _ => None,
            }
        }
        _ => None,
    }
}

fn subscribed(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let kind = observed.text("resource");
    let error = json!({ "type": "error", "id": observed.message["id"], "error": "No." });
    let times = server.known(state).topics.get(&topic(observed.message)).copied().unwrap_or_default();
    let is_null = server.request(observed.message).get("resourceId").is_some_and(Value::is_null);
    Some(match server.mutant {
        "another-project" if kind == "project" => observed.with("resourceId", "another"),
        "another-chat" if kind == "chat" => observed.with("resourceId", "another"),
        "no-profiles" if kind == "modelProfiles" => observed.instead(&error),
        "no-profiles-of-null" if kind == "modelProfiles" && is_null => observed.instead(&error),
        "second-subscription-unanswered" if kind == "chat" && times == 2 => Effect::nothing(),
        "fifth-snapshot-lost" if server.snapshots == 5 => Effect::nothing(),
        "lacks-the-last" if kind == "chat" => {
            let mut message = observed.message.clone();
            message["data"]["messages"].as_array_mut().map(Vec::pop);
            observed.instead(&message)
        }
        "gap-behind-snapshot" if kind == "chat" => {
            server.marked = true;
            return None;
        }
        "old-snapshots" if kind == "chat" => match &server.held {
            Some(old) if topic(&link::message(old)) != topic(observed.message) => return None,
            Some(old) => observed.with("data", link::message(old)["data"].clone()),
            None => {
                server.held = Some(observed.frame.clone());
                return None;
            }
        },
        "twice-behind-snapshot" if server.unsubscribed.contains(&topic(observed.message)) && kind == "chat" => {
            let last = observed.message["data"]["messages"].as_array()?.last()?;
            Effect::whole(observed.frame).then(pushed(observed, last))
        }
        _ => return None,
    })
}

fn pushed(observed: &Observed<'_>, message: &Value) -> Frame {
    let push = json!({
        "type": "data", "id": null, "resource": "chat", "resourceId": observed.message["resourceId"], "data": { "message": message },
    });
    link::text(&push, observed.frame)
}
