//! Mutants of pushes: SYNC-20 to SYNC-22, and SYNC-40 for pushes after an `unsubscribe`.

use serde_json::json;

use super::{Observed, SyncLink, topic};
use crate::mutant::Mutant;
use crate::mutant::link::{Effect, Flow, Links};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("loses-the-third", &["SYNC-20"], "loses the third push to a client")
        .causing(&["SYNC-12", "SYNC-23", "SYNC-40", "SYNC-50", "SYNC-51", "WIRE-12"]),
    Mutant::new("loses-each-24th", &["SYNC-20"], "loses every 24th push to a client").causing(&["SYNC-23", "SYNC-51"]),
    Mutant::new("loses-in-a-crowd", &["SYNC-20"], "loses the fourth push to a client, above 100 clients")
        .causing(&["SYNC-23"]),
    Mutant::new("repeats-in-a-crowd", &["SYNC-20"], "repeats the fifth push to a client, above 100 clients"),
    Mutant::new("repeats-the-fifth", &["SYNC-20"], "repeats the fifth push to a client")
        .causing(&["SYNC-40", "SYNC-23"]),
    Mutant::new("swaps", &["SYNC-20"], "swaps the fourth push to every third client with the next")
        .causing(&["SYNC-23", "SYNC-40"]),
    Mutant::new("forgets-the-sender", &["SYNC-20"], "pushes nothing to the sender").starving(),
    Mutant::new("one-subscriber", &["SYNC-20"], "pushes messages only to the first subscriber").starving(),
    Mutant::new("loses-empty", &["SYNC-20"], "loses pushes of empty messages"),
    Mutant::new("repeats-empty", &["SYNC-20"], "repeats pushes of empty messages"),
    Mutant::new("loses-large", &["SYNC-20"], "loses pushes of half a mebibyte"),
    Mutant::new("keeps-new-chats", &["SYNC-21"], "pushes no new chats"),
    Mutant::new("new-chats-stay-silent", &["SYNC-21"], "pushes no messages of new chats"),
    Mutant::new("new-chats-twice", &["SYNC-21"], "pushes messages of new chats twice").causing(&["SYNC-20"]),
    Mutant::new("snapshots-lack-new-chats", &["SYNC-21"], "omits new chats from snapshots"),
    Mutant::new("pushes-new-chats-to-all", &["SYNC-22"], "pushes new chats to clients without a subscription")
        .causing(&["SYNC-40"]),
    Mutant::new("leaks-between-chats", &["SYNC-22"], "pushes messages to subscribers of other chats")
        .causing(&["SYNC-21"]),
    Mutant::new("leaks-to-projects", &["SYNC-22"], "pushes messages to subscribers of a project"),
    Mutant::new("leaks-to-profiles", &["SYNC-22"], "pushes messages to subscribers of model profiles"),
    Mutant::new("leaks-to-the-idle", &["SYNC-22"], "pushes messages to clients without subscriptions")
        .causing(&["SYNC-23", "SYNC-40"]),
    Mutant::new("leaks-to-strangers", &["SYNC-22"], "pushes messages to unauthenticated clients").causing(&["SYNC-01"]),
    Mutant::new("leaks-to-the-sender", &["SYNC-22"], "pushes messages to a sender that has not subscribed").starving(),
    Mutant::new("leaks-later", &["SYNC-22"], "pushes a message to all when its sender authenticates again").starving(),
    Mutant::new("leaks-to-the-sender-later", &["SYNC-22"], "pushes a message to its sender on its next `auth`")
        .causing(&["SYNC-01", "SYNC-20", "SYNC-21", "SYNC-30", "SYNC-60"]),
    Mutant::new("never-unsubscribes", &["SYNC-40"], "pushes to clients that have unsubscribed").starving(),
    Mutant::new("unsubscribes-from-all", &["SYNC-40"], "pushes nothing to a client after any `unsubscribe`")
        .causing(&["SYNC-23"]),
    Mutant::new("unsubscribes-everybody", &["SYNC-20"], "pushes nothing to any client after one has unsubscribed")
        .starving(),
    Mutant::new("pushes-what-it-kept", &["SYNC-40"], "pushes updates from after an `unsubscribe` with the next answer"),
];

/// Whether a push may be the first of several for a message.
pub(super) fn alters(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match (observed.flow, observed.kind) {
        (Flow::In, "unsubscribe")
            if server.mutant == "never-unsubscribes" && observed.message["resource"] == "chat" =>
        {
            Some(
                observed.answered(
                    &json!({ "type": "data", "id": observed.message["id"], "data": { "unsubscribed": true } }),
                ),
            )
        }
        (Flow::In, "unsubscribe")
            if server.mutant == "pushes-what-it-kept"
                && server.successes > 0
                && observed.message["resource"] == "chat" =>
        {
            server.unsubscribed.push(topic(observed.message));
            Some(
                observed.answered(
                    &json!({ "type": "data", "id": observed.message["id"], "data": { "unsubscribed": true } }),
                ),
            )
        }
        (Flow::Out, "subscribed") if server.mutant == "snapshots-lack-new-chats" => {
            let mut message = observed.message.clone();
            let made = &state.clients.made;
            let chats = message["data"]["chats"].as_array_mut()?;
            chats.retain(|chat| !made.iter().any(|id| chat["id"] == **id));
            Some(observed.instead(&message))
        }
        (Flow::Out, "subscribed") if server.mutant == "pushes-what-it-kept" => {
            server.unsubscribed.clear();
            None
        }
        (Flow::Out, "data") if server.mutant == "pushes-what-it-kept" && !observed.is_push() => {
            Some(Effect::whole(observed.frame).then(server.held.take()?))
        }
        (Flow::Out, "auth_success") if server.mutant == "leaks-later" && server.has_sent => {
            Some(Effect { others: vec![state.kept.take()?], ..Effect::whole(observed.frame) })
        }
        (Flow::Out, "auth_success") if server.mutant == "leaks-to-the-sender-later" && server.has_sent => {
            Some(Effect { onward: vec![state.kept.take()?, observed.frame.clone()], ..Effect::default() })
        }
        (Flow::Out, _) if observed.is_push() => pushed(server, observed, state),
        _ => None,
    }
}

fn pushed(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let content = observed.message["data"]["message"]["content"].as_str();
    let chat = &observed.message["data"]["chat"];
    let is_new = state.clients.made.iter().any(|id| observed.message["resourceId"] == **id);
    let is_crowd = state.clients.here.len() > 100;
    let is_first = first(server, observed, state);
    let lost = Effect::nothing();
    leak(server, observed, state, is_first);
    Some(match server.mutant {
        "loses-the-third" if server.pushes == 3 => lost,
        "loses-each-24th" if server.pushes.is_multiple_of(24) => lost,
        "loses-in-a-crowd" if is_crowd && server.pushes == 4 => lost,
        "repeats-in-a-crowd" if is_crowd && server.pushes == 5 => Effect::times(observed.frame, 2),
        "repeats-the-fifth" if server.pushes == 5 => Effect::times(observed.frame, 2),
        "swaps" if server.number.is_multiple_of(3) && server.pushes == 4 => {
            server.held = Some(observed.frame.clone());
            lost
        }
        "swaps" => Effect::whole(observed.frame).then(server.held.take()?),
        "forgets-the-sender" if server.has_sent => lost,
        "one-subscriber" if !is_first && content.is_some() => lost,
        "loses-empty" if content == Some("") => lost,
        "repeats-empty" if content == Some("") => Effect::times(observed.frame, 2),
        "loses-large" if observed.frame.payload.len() > 500_000 => lost,
        "keeps-new-chats" if !chat.is_null() => lost,
        "new-chats-twice" if is_new => Effect::times(observed.frame, 2),
        "new-chats-stay-silent" if is_new => lost,
        "leaks-later" | "leaks-to-the-sender-later" => {
            state.kept = Some(observed.frame.clone());
            return None;
        }
        "unsubscribes-from-all" if server.unsubscribed.iter().any(|topic| topic.starts_with("chat/")) => lost,
        "unsubscribes-everybody" if state.clients.has_unsubscribed && server.unsubscribed.is_empty() => lost,
        "pushes-what-it-kept" if server.unsubscribed.contains(&topic(observed.message)) => {
            server.held = Some(observed.frame.clone());
            lost
        }
        _ => return None,
    })
}

fn first(server: &SyncLink, observed: &Observed<'_>, state: &Links) -> bool {
    let topic = topic(observed.message);
    let first = state.clients.here.iter().find(|(_, known)| known.topics.contains_key(&topic));
    first.is_some_and(|(number, _)| *number == server.number)
}

/// Sends a push to clients that must not receive it.
fn leak(server: &SyncLink, observed: &Observed<'_>, state: &mut Links, is_first: bool) {
    let is_chat = !observed.message["data"]["chat"].is_null();
    if !is_first || is_chat != (server.mutant == "pushes-new-chats-to-all") {
        return;
    }
    let own = topic(observed.message);
    let others = state.clients.here.iter().filter(|(_, known)| {
        let has = |kind: &str| known.topics.keys().any(|topic| topic.starts_with(kind));
        let has_own = known.topics.contains_key(&own);
        match server.mutant {
            "pushes-new-chats-to-all" => known.is_in && !has_own,
            "leaks-between-chats" => has("chat/") && !has_own,
            "leaks-to-projects" => has("project/") && !has_own,
            "leaks-to-profiles" => has("modelProfiles") && !has_own,
            "leaks-to-the-idle" => known.is_in && known.topics.is_empty() && !known.has_sent,
            "leaks-to-strangers" => !known.is_in,
            "leaks-to-the-sender" => known.has_sent && !has_own,
            _ => false,
        }
    });
    let others = others.map(|(number, _)| *number).collect::<Vec<_>>();
    others.into_iter().for_each(|number| state.post(number, observed.frame.clone()));
}
