//! How results and news are reported to the user.

use relayspec::driver::Event;
use relayspec::sync::{ResourceUpdate, Snapshot};
use serde_json::{Value, json};

use super::requests::Operation;
use crate::client::context::ClientContext;

pub(super) fn message(payload: &Value) -> Option<Operation> {
    let text = |name: &str| payload[name].as_str().map(str::to_owned);
    Some(Operation::Send { chat: text("resourceId")?, content: text("message")? })
}

pub(super) fn succeed(user: Option<String>, ok: Value, ctx: &mut ClientContext) {
    if let Some(id) = user {
        ctx.report(Event::Result { id, ok: Some(ok), error: None });
    }
}

pub(super) fn fail(user: Option<String>, why: &str, ctx: &mut ClientContext) {
    match user {
        Some(id) => ctx.report(Event::Result { id, ok: None, error: Some(why.into()) }),
        None => ctx.refuse("FAILED", why),
    }
}

pub(super) fn hand_over(news: ResourceUpdate, ctx: &mut ClientContext) {
    let topic = news.topic();
    let payload = match news {
        ResourceUpdate::Chat { chat, .. } => json!({ "chat": chat }),
        ResourceUpdate::Message { message, .. } => json!({ "message": message }),
    };
    ctx.report(Event::Data {
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
