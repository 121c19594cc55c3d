//! Mutants of subscribing: SYNC-10, SYNC-12, SYNC-23.

use serde_json::{Value, json};

use super::{Seen, Server, topic};
use crate::mutant::Mutant;
use crate::mutant::link::{self, House, Said, Way};
use crate::mutant::wire::Frame;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("another-project", &["SYNC-10"], "names another project in its answer").starving(),
    Mutant::new("another-chat", &["SYNC-10"], "names another chat in its answer").starving(),
    Mutant::new("no-profiles", &["SYNC-10"], "knows no model profiles").causing(&["SYNC-04", "SYNC-60", "WIRE-03"]),
    Mutant::new("no-profiles-of-null", &["SYNC-10"], "knows no model profiles whose id is null"),
    Mutant::new("second-subscription-unanswered", &["SYNC-12"], "does not answer who subscribes twice at once"),
    Mutant::new("pushes-to-each-subscription", &["SYNC-12"], "pushes a change for each subscription of a client")
        .causing(&["SYNC-20"]),
    Mutant::new(
        "unsubscribe-each",
        &["SYNC-12", "SYNC-40"],
        "unsubscribes only who has unsubscribed as often as subscribed",
    ),
    Mutant::new("lacks-the-last", &["SYNC-23"], "leaves out the last message of a chat").causing(&["SYNC-10"]),
    Mutant::new("gap-behind-snapshot", &["SYNC-23"], "loses the first push behind a snapshot").starving(),
    Mutant::new("old-snapshots", &["SYNC-23"], "sends the snapshot of before to who subscribes again"),
    Mutant::new("twice-behind-snapshot", &["SYNC-23"], "pushes the last message of a snapshot to who subscribes again"),
    Mutant::new("fifth-snapshot-lost", &["SYNC-23"], "does not answer who subscribes the fifth time")
        .causing(&["SYNC-40"]),
    Mutant::new("thirteenth-hears-nothing", &["SYNC-23"], "pushes nothing to who subscribes the thirteenth time"),
];

pub(super) fn alters(server: &mut Server, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    match (seen.way, seen.kind) {
        (Way::In, "unsubscribe") if server.mutant == "unsubscribe-each" => {
            let times = server.known(house).topics.get_mut(&topic(seen.message))?;
            (*times > 1).then(|| {
                *times -= 1;
                seen.answered(&json!({ "type": "data", "id": seen.message["id"], "data": { "unsubscribed": true } }))
            })
        }
        (Way::Out, "subscribed") => subscribed(server, seen, house),
        (Way::Out, "data") if seen.is_push() => {
            let times = server.known(house).topics.get(&topic(seen.message)).copied().unwrap_or_default();
            match server.mutant {
                "pushes-to-each-subscription" if times > 1 => Some(Said::times(seen.frame, times)),
                "gap-behind-snapshot" if std::mem::take(&mut server.marked) => Some(Said::nothing()),
                "thirteenth-hears-nothing" if server.snapshots >= 13 => Some(Said::nothing()),
                _ => None,
            }
        }
        _ => None,
    }
}

fn subscribed(server: &mut Server, seen: &Seen<'_>, house: &mut House) -> Option<Said> {
    let kind = seen.text("resource");
    let error = json!({ "type": "error", "id": seen.message["id"], "error": "No." });
    let times = server.known(house).topics.get(&topic(seen.message)).copied().unwrap_or_default();
    let is_null = server.request(seen.message).get("resourceId").is_some_and(Value::is_null);
    Some(match server.mutant {
        "another-project" if kind == "project" => seen.with("resourceId", "another"),
        "another-chat" if kind == "chat" => seen.with("resourceId", "another"),
        "no-profiles" if kind == "modelProfiles" => seen.instead(&error),
        "no-profiles-of-null" if kind == "modelProfiles" && is_null => seen.instead(&error),
        "second-subscription-unanswered" if kind == "chat" && times == 2 => Said::nothing(),
        "fifth-snapshot-lost" if server.snapshots == 5 => Said::nothing(),
        "lacks-the-last" if kind == "chat" => {
            let mut message = seen.message.clone();
            message["data"]["messages"].as_array_mut().map(Vec::pop);
            seen.instead(&message)
        }
        "gap-behind-snapshot" if kind == "chat" => {
            server.marked = true;
            return None;
        }
        "old-snapshots" if kind == "chat" => match &server.held {
            Some(old) if topic(&link::message(old)) != topic(seen.message) => return None,
            Some(old) => seen.with("data", link::message(old)["data"].clone()),
            None => {
                server.held = Some(seen.frame.clone());
                return None;
            }
        },
        "twice-behind-snapshot" if server.unsubscribed.contains(&topic(seen.message)) && kind == "chat" => {
            let last = seen.message["data"]["messages"].as_array()?.last()?;
            Said::whole(seen.frame).then(pushed(seen, last))
        }
        _ => return None,
    })
}

/// A message as a push.
fn pushed(seen: &Seen<'_>, message: &Value) -> Frame {
    let push = json!({
        "type": "data", "id": null, "resource": "chat", "resourceId": seen.message["resourceId"], "data": { "message": message },
    });
    link::text(&push, seen.frame)
}
