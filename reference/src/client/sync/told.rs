//! How the user is told what came of what they asked for, and what is new.

use relayspec::driver::Event;
use relayspec::sync::{ResourceUpdate, Snapshot};
use serde_json::{Value, json};

use super::requests::Wish;
use crate::client::desk::Desk;

/// What a driver's `send` asks for.
pub(super) fn message(payload: &Value) -> Option<Wish> {
    let text = |name: &str| payload[name].as_str().map(str::to_owned);
    Some(Wish::Send { chat: text("resourceId")?, content: text("message")? })
}

pub(super) fn succeed(user: Option<String>, ok: Value, desk: &mut Desk) {
    if let Some(id) = user {
        desk.report(Event::Result { id, ok: Some(ok), error: None });
    }
}

pub(super) fn fail(user: Option<String>, why: &str, desk: &mut Desk) {
    match user {
        Some(id) => desk.report(Event::Result { id, ok: None, error: Some(why.into()) }),
        None => desk.refuse("FAILED", why),
    }
}

pub(super) fn hand_over(news: ResourceUpdate, desk: &mut Desk) {
    let topic = news.topic();
    let payload = match news {
        ResourceUpdate::Chat { chat, .. } => json!({ "chat": chat }),
        ResourceUpdate::Message { message, .. } => json!({ "message": message }),
    };
    desk.report(Event::Data {
        payload,
        session_id: None,
        base64: None,
        resource: Some(topic.resource().name().to_owned()),
        resource_id: topic.id().map(str::to_owned),
    });
}

pub(super) fn snapshot_json(snapshot: &Snapshot) -> Value {
    match snapshot {
        Snapshot::Project { chats, .. } => json!({ "chats": chats }),
        Snapshot::Chat { messages, .. } => json!({ "messages": messages }),
        Snapshot::ModelProfiles(profiles) => json!({ "modelProfiles": profiles }),
    }
}
