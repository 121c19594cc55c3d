//! Mutants of answers: SYNC-11, SYNC-30, SYNC-40, SYNC-60.

use serde_json::{Value, json};

use super::auth::UNSOLICITED;
use super::{Observed, SyncLink, topic};
use crate::mutant::Mutant;
use crate::mutant::link::{self, Effect, Flow, Links};
use crate::mutant::wire::TEXT;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant::new("takes-unknown-kinds", &["SYNC-11"], "accepts subscriptions to resources of an unknown kind"),
    Mutant::new("kinds-of-any-case", &["SYNC-11"], "accepts kinds of resources in any case"),
    Mutant::new("takes-unknown-projects", &["SYNC-11"], "accepts subscriptions to unknown projects")
        .causing(&["SYNC-10"]),
    Mutant::new("takes-unknown-chats", &["SYNC-11"], "accepts subscriptions to unknown chats").causing(&["SYNC-10"]),
    Mutant::new("takes-projects-for-chats", &["SYNC-11"], "accepts subscriptions to a project as a chat")
        .causing(&["SYNC-10"]),
    Mutant::new("takes-no-project", &["SYNC-11"], "accepts subscriptions to a project without an id"),
    Mutant::new("takes-null-for-a-chat", &["SYNC-11"], "accepts subscriptions to a chat whose id is null"),
    Mutant::new("takes-no-kind", &["SYNC-11"], "accepts subscriptions without a kind of resource"),
    Mutant::new("takes-nothing", &["SYNC-11"], "accepts subscriptions without a resource"),
    Mutant::new("takes-long-ids", &["SYNC-11"], "accepts subscriptions to resources with a long id")
        .causing(&["SYNC-10"]),
    Mutant::new("says-nothing-of-it", &["SYNC-30"], "does not confirm that a message was sent").starving(),
    Mutant::new("confirms-unknown-chats", &["SYNC-30"], "confirms a message to an unknown chat").causing(&["SYNC-60"]),
    Mutant::new("sends-to-projects", &["SYNC-30"], "confirms a message to a project"),
    Mutant::new("sends-nowhere", &["SYNC-30"], "confirms a message without a chat"),
    Mutant::new("sends-nothing", &["SYNC-30"], "confirms a `send` without a message"),
    Mutant::new("sends-null", &["SYNC-30"], "confirms a message that is null"),
    Mutant::new("sends-objects", &["SYNC-30"], "confirms a message that is an object"),
    Mutant::new("sends-it-later", &["SYNC-30"], "refuses a message that is null, and sends it later"),
    Mutant::new("answers-unasked", &["SYNC-30"], "sends an unsolicited answer after six pushes to a sender")
        .causing(&["SYNC-60"]),
    Mutant::new("unsubscribe-needs-one", &["SYNC-40"], "refuses to unsubscribe a client that has not subscribed")
        .starving(),
    Mutant::new("unsubscribe-unanswered", &["SYNC-40"], "does not answer `unsubscribe` from one of two chats")
        .causing(&["SYNC-60"]),
    Mutant::new("ninth-unsubscribe-unanswered", &["SYNC-40"], "does not answer the ninth `unsubscribe`"),
    Mutant::new("twice-unsubscribed-unanswered", &["SYNC-40"], "does not answer the third `unsubscribe` from a topic")
        .causing(&["SYNC-60"]),
    Mutant::new("profiles-stay", &["SYNC-40"], "refuses to unsubscribe from model profiles").causing(&["SYNC-60"]),
    Mutant::new("silent-without-id", &["SYNC-60"], "does not answer a message without an id"),
    Mutant::new("silent-about-null-ids", &["SYNC-60"], "does not answer an id that is null"),
    Mutant::new("silent-about-number-ids", &["SYNC-60"], "does not answer an id that is a number"),
    Mutant::new("silent-about-object-ids", &["SYNC-60"], "does not answer an id that is an object"),
    Mutant::new("silent-about-nameless-dances", &["SYNC-60"], "does not answer an unknown type without an id"),
    Mutant::new("silent-about-nothing", &["SYNC-60"], "does not answer an object without members"),
    Mutant::new("silent-about-prose", &["SYNC-60"], "does not answer text that is not JSON"),
    Mutant::new("silent-about-empty-texts", &["SYNC-60"], "does not answer an empty message"),
    Mutant::new("silent-about-what-is-cut-off", &["SYNC-60"], "does not answer JSON that is cut off"),
    Mutant::new("silent-about-lists", &["SYNC-60"], "does not answer JSON that is an array"),
    Mutant::new("silent-about-null", &["SYNC-60"], "does not answer JSON that is null"),
    Mutant::new("null-answered-twice", &["SYNC-60"], "answers JSON that is null twice"),
    Mutant::new("does-it-later", &["SYNC-60"], "refuses a message without an id, and executes it later"),
    Mutant::new("silent-about-the-unknown", &["SYNC-60"], "does not answer an unknown type"),
    Mutant::new("answers-twice", &["SYNC-60"], "answers an unknown type twice"),
    Mutant::new("one-answer-for-one-id", &["SYNC-60"], "does not answer the second of two requests with the same id"),
    Mutant::new("cuts-ids", &["SYNC-60"], "truncates long ids"),
    Mutant::new("ascii-ids", &["SYNC-60"], "replaces non-ASCII characters in ids").causing(&["WIRE-01", "WIRE-03"]),
    Mutant::new("silent-without-type", &["SYNC-60"], "does not answer a request without a type"),
    Mutant::new("answered-twice-without-type", &["SYNC-60"], "answers a request without a type twice"),
];

pub(super) fn alters(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    match observed.flow {
        Flow::In => incoming(server, observed, state),
        Flow::Out if observed.message["id"].is_string() => answered(server, observed, state),
        Flow::Out if observed.kind == "error" => match server.mutant {
            "null-answered-twice" if std::mem::take(&mut server.marked) => Some(Effect::times(observed.frame, 2)),
            _ => None,
        },
        Flow::Out
            if observed.is_push() && server.mutant == "answers-unasked" && server.pushes == 6 && server.has_sent =>
        {
            let answer = json!({ "type": "data", "id": "s9", "data": { "sent": true } });
            Some(Effect::whole(observed.frame).then(link::text(&answer, observed.frame)))
        }
        Flow::Out => None,
    }
}

fn incoming(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    if observed.frame.head != TEXT || !observed.frame.masked || server.framing.is_amid() {
        return None;
    }
    let (text, message) = (observed.raw(), observed.message);
    let id = message.get("id");
    let is_nonsense = !message.is_object();
    let ignored = match server.mutant {
        "silent-without-id" => observed.kind == "send" && id.is_none(),
        "silent-about-null-ids" => id.is_some_and(Value::is_null),
        "silent-about-number-ids" => id.is_some_and(Value::is_number),
        "silent-about-object-ids" => id.is_some_and(Value::is_object),
        "silent-about-nameless-dances" => observed.kind == "dance" && id.is_none(),
        "silent-about-nothing" => message.as_object().is_some_and(serde_json::Map::is_empty),
        "silent-about-prose" => is_nonsense && text.starts_with(char::is_alphabetic) && text != "null",
        "silent-about-empty-texts" => observed.frame.payload.is_empty(),
        "silent-about-what-is-cut-off" => is_nonsense && text.starts_with('{') && text.len() < 1000,
        "silent-about-lists" => is_nonsense && text.starts_with("[{"),
        "silent-about-null" => text == "null",
        "silent-about-the-unknown" => observed.kind == "dance" && id.is_some_and(Value::is_string),
        "silent-without-type" => id.is_some() && message.get("type").is_none(),
        _ => false,
    };
    if ignored {
        return Some(Effect::nothing());
    }
    match (server.mutant, observed.kind) {
        ("null-answered-twice", _) if text == "null" => server.marked = true,
        ("does-it-later", "send") if id.is_none() => server.postpone(observed, state),
        ("sends-it-later", "send") if message["message"].is_null() => server.postpone(observed, state),
        ("kinds-of-any-case", "subscribe") if message["resource"] == "Project" => {
            return Some(observed.with("resource", "project"));
        }
        _ => {}
    }
    None
}

impl SyncLink {
    /// Keeps a request until the next one of its kind.
    fn postpone(&self, observed: &Observed<'_>, state: &mut Links) {
        let mut late = observed.message.clone();
        (late["id"], late["message"]) = (UNSOLICITED.into(), "late".into());
        state.clients.late = Some(link::masked(&link::text(&late, observed.frame)));
    }
}

fn answered(server: &mut SyncLink, observed: &Observed<'_>, state: &mut Links) -> Option<Effect> {
    let asked = server.request(observed.message).clone();
    match asked["type"].as_str().unwrap_or_default() {
        "subscribe" if observed.kind == "error" && obliges(server.mutant, &asked) => Some(observed.instead(&json!({
            "type": "subscribed", "id": asked["id"], "resource": "modelProfiles", "data": { "modelProfiles": [] },
        }))),
        "send" if observed.kind == "error" && sends(server.mutant, &asked) => {
            Some(observed.instead(&json!({ "type": "data", "id": asked["id"], "data": { "sent": true } })))
        }
        "dance" if server.mutant == "answers-twice" => Some(Effect::times(observed.frame, 2)),
        "send" if observed.kind == "data" && server.mutant == "says-nothing-of-it" => Some(Effect::nothing()),
        "unsubscribe" => unsubscribed(server, observed, &asked, state),
        _ => identified(server, observed),
    }
}

fn unsubscribed(server: &mut SyncLink, observed: &Observed<'_>, asked: &Value, state: &mut Links) -> Option<Effect> {
    let is_profiles = asked["resource"] == "modelProfiles";
    let is_chat = asked["resource"] == "chat";
    let before = server.unsubscribed.iter().filter(|one| **one == topic(asked)).count();
    server.unsubscribed.push(topic(asked));
    let is_ninth = server.unsubscribed.len() == 9;
    let others = server.known(state).topics.len();
    let refused = json!({ "type": "error", "id": asked["id"], "error": "No." });
    Some(match server.mutant {
        "unsubscribe-needs-one" if is_chat && server.snapshots == 0 => observed.instead(&refused),
        "unsubscribe-unanswered" if is_chat && others == 1 => Effect::nothing(),
        "ninth-unsubscribe-unanswered" if is_ninth => Effect::nothing(),
        "twice-unsubscribed-unanswered" if before == 2 && others == 1 => Effect::nothing(),
        "profiles-stay" if is_profiles => observed.instead(&refused),
        "one-answer-for-one-id" if asked["id"] == "8" => Effect::nothing(),
        _ => return identified(server, observed),
    })
}

fn identified(server: &mut SyncLink, observed: &Observed<'_>) -> Option<Effect> {
    let id = observed.text("id");
    Some(match server.mutant {
        "cuts-ids" if id.len() > 255 => observed.with("id", id.chars().take(255).collect::<String>()),
        "ascii-ids" if !id.is_ascii() => observed.with("id", id.replace(|it: char| !it.is_ascii(), "?")),
        "answered-twice-without-type"
            if server.request(observed.message).get("type").is_none() && observed.kind == "error" =>
        {
            Effect::times(observed.frame, 2)
        }
        _ => return None,
    })
}

/// Whether a client may subscribe to something that does not exist.
fn obliges(mutant: &str, asked: &Value) -> bool {
    let kind = asked["resource"].as_str().unwrap_or_default();
    let id = asked["resourceId"].as_str().unwrap_or_default();
    match mutant {
        "takes-unknown-kinds" => kind == "planet",
        "takes-unknown-projects" => kind == "project" && id.starts_with("no such"),
        "takes-unknown-chats" => kind == "chat" && id.starts_with("no such"),
        "takes-projects-for-chats" => kind == "chat" && !id.is_empty() && !id.contains(' ') && id.len() < 1000,
        "takes-no-project" => kind == "project" && id.is_empty(),
        "takes-null-for-a-chat" => kind == "chat" && asked.get("resourceId").is_some_and(Value::is_null),
        "takes-no-kind" => kind.is_empty() && !id.is_empty(),
        "takes-nothing" => kind.is_empty() && id.is_empty(),
        "takes-long-ids" => id.len() >= 1000,
        _ => false,
    }
}

fn sends(mutant: &str, asked: &Value) -> bool {
    let chat = asked["resourceId"].as_str();
    let message = asked.get("message");
    match mutant {
        "confirms-unknown-chats" => matches!(chat, Some("no such chat" | "nowhere")),
        "sends-to-projects" => chat.is_some_and(|chat| !chat.contains(' ')) && message.is_some_and(Value::is_string),
        "sends-nowhere" => chat.is_none(),
        "sends-nothing" => message.is_none(),
        "sends-null" => message.is_some_and(Value::is_null),
        "sends-objects" => message.is_some_and(Value::is_object),
        _ => false,
    }
}
