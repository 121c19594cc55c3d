//! The wire form of messages whose members depend on each other; the schemas state the dependencies as `if` and `then`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conditions::{done, of_kind, with_data, with_id};
use super::record::{AnsweredId, Chat, Message, ModelProfile};
use super::topic::Resource;
use crate::wire::from_object;

/// The client names a resource (SYNC-10, SYNC-40).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("if" = of_kind(&["project", "chat"]), "then" = with_id(None)))]
pub(super) struct AskedMembers {
    /// The id of the request, which its answer repeats.
    #[schemars(extend("x-requirement" = "SYNC-C2"))]
    pub(super) id: String,
    /// The kind of resource.
    pub(super) resource: Resource,
    /// The id of the resource; absent if its kind has no ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resource_id: Option<String>,
}

/// The client has subscribed (SYNC-10).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend(
    "x-requirement" = "SYNC-10",
    "allOf" = [
        { "if": of_kind(&["project"]), "then": with_id(Some("chats")) },
        { "if": of_kind(&["chat"]), "then": with_id(Some("messages")) },
        { "if": of_kind(&["modelProfiles"]), "then": with_data("modelProfiles") },
    ],
))]
pub(super) struct AnsweredMembers {
    /// The id of the request.
    #[schemars(extend("x-requirement" = "SYNC-60"))]
    pub(super) id: String,
    /// The kind of resource.
    pub(super) resource: Resource,
    /// The id of the resource; absent if its kind has no ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resource_id: Option<String>,
    /// The current content.
    #[serde(deserialize_with = "from_object")]
    pub(super) data: SnapshotMembers,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SnapshotMembers {
    /// The chats of a project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chats: Option<Vec<Chat>>,
    /// The messages of a chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) messages: Option<Vec<Message>>,
    /// The model profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) model_profiles: Option<Vec<ModelProfile>>,
}

/// The answer to a request without one of its own, or a push (SYNC-20, SYNC-21, SYNC-30, SYNC-40).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend(
    "if" = {
        "properties": { "id": { "description": "A push answers nothing.", "type": "null" } },
    },
    "then" = {
        "x-requirement": "SYNC-20",
        "properties": {
            "resource": { "description": "The kind of resource.", "enum": ["project", "chat"] },
            "resourceId": { "description": "The id of the resource.", "type": "string" },
        },
        "required": ["resource", "resourceId"],
        "allOf": [
            { "if": of_kind(&["project"]), "then": with_data("chat") },
            { "if": of_kind(&["chat"]), "then": with_data("message") },
        ],
    },
    "else" = {
        "x-requirement": "SYNC-60",
        "properties": { "data": { "description": "What was done.", "oneOf": [done("sent"), done("unsubscribed")] } },
    },
))]
pub(super) struct DataMembers {
    /// The id of the request; null in a push.
    pub(super) id: AnsweredId,
    /// For a push: the kind of resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<Resource>,
    /// For a push: the id of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) resource_id: Option<String>,
    /// The outcome, or the update.
    #[serde(deserialize_with = "from_object")]
    pub(super) data: UpdateMembers,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub(super) struct UpdateMembers {
    /// True: the message was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<bool>,
    /// True: no further updates will be pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unsubscribed: Option<bool>,
    /// A new message of the chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<Message>,
    /// A new chat of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chat: Option<Chat>,
}
