//! The wire form of messages whose members depend on each other: decoding checks the dependencies, and the schemas have the same rules as
//! `if` and `then`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conditions::{done, of_kind, with_data, with_id};
use super::message::{AnsweredId, Chat, Data, Message, ModelProfile, Subscribe, Subscribed, Unsubscribe};
use super::topic::{Resource, ResourceUpdate, Snapshot, Topic};
use crate::wire::from_object;

/// The client names a resource (SYNC-10, SYNC-40).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("if" = of_kind(&["project", "chat"]), "then" = with_id(None)))]
pub(super) struct AskedMembers {
    /// The id of the request, which its answer repeats.
    #[schemars(extend("x-requirement" = "SYNC-C2"))]
    id: String,
    /// The kind of resource.
    resource: Resource,
    /// The id of the resource; absent if its kind has no ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
}

const NO_ID: &str = "the resource needs a `resourceId`";

macro_rules! asked {
    ($($name:ident)+) => {
        $(
            impl TryFrom<AskedMembers> for $name {
                type Error = &'static str;

                fn try_from(members: AskedMembers) -> Result<Self, &'static str> {
                    let topic = Topic::new(members.resource, members.resource_id).ok_or(NO_ID)?;
                    Ok(Self { id: members.id, topic })
                }
            }

            impl From<$name> for AskedMembers {
                fn from($name { id, topic }: $name) -> Self {
                    Self { id, resource: topic.resource(), resource_id: topic.id().map(str::to_owned) }
                }
            }
        )+
    };
}

asked! { Subscribe Unsubscribe }

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
    id: String,
    /// The kind of resource.
    resource: Resource,
    /// The id of the resource; absent if its kind has no ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    /// The current content.
    #[serde(deserialize_with = "from_object")]
    data: SnapshotMembers,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SnapshotMembers {
    /// The chats of a project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chats: Option<Vec<Chat>>,
    /// The messages of a chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<Message>>,
    /// The model profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model_profiles: Option<Vec<ModelProfile>>,
}

impl TryFrom<AnsweredMembers> for Subscribed {
    type Error = &'static str;

    fn try_from(members: AnsweredMembers) -> Result<Self, &'static str> {
        let AnsweredMembers { id, resource, resource_id, data } = members;
        let snapshot = match Topic::new(resource, resource_id).ok_or(NO_ID)? {
            Topic::Project(id) => Snapshot::Project { id, chats: data.chats.ok_or("a project needs `chats`")? },
            Topic::Chat(id) => Snapshot::Chat { id, messages: data.messages.ok_or("a chat needs `messages`")? },
            Topic::ModelProfiles => {
                Snapshot::ModelProfiles(data.model_profiles.ok_or("model profiles need `modelProfiles`")?)
            }
        };
        Ok(Self { id, snapshot })
    }
}

impl From<Subscribed> for AnsweredMembers {
    fn from(Subscribed { id, snapshot }: Subscribed) -> Self {
        let topic = snapshot.topic();
        let data = match snapshot {
            Snapshot::Project { chats, .. } => SnapshotMembers { chats: Some(chats), ..Default::default() },
            Snapshot::Chat { messages, .. } => SnapshotMembers { messages: Some(messages), ..Default::default() },
            Snapshot::ModelProfiles(profiles) => {
                SnapshotMembers { model_profiles: Some(profiles), ..Default::default() }
            }
        };
        Self { id, resource: topic.resource(), resource_id: topic.id().map(str::to_owned), data }
    }
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
    id: AnsweredId,
    /// For a push: the kind of resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<Resource>,
    /// For a push: the id of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    /// The outcome, or the update.
    #[serde(deserialize_with = "from_object")]
    data: UpdateMembers,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
struct UpdateMembers {
    /// True: the message was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<bool>,
    /// True: no further updates will be pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unsubscribed: Option<bool>,
    /// A new message of the chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    /// A new chat of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chat: Option<Chat>,
}

impl TryFrom<DataMembers> for Data {
    type Error = &'static str;

    fn try_from(members: DataMembers) -> Result<Self, &'static str> {
        let DataMembers { id: AnsweredId(id), resource, resource_id, data } = members;
        let Some(id) = id else {
            let of = resource_id.ok_or("a push needs a `resourceId`")?;
            return match resource.ok_or("a push needs a `resource`")? {
                Resource::Project => Ok(Self::Push(ResourceUpdate::Chat {
                    of,
                    chat: data.chat.ok_or("an update of a project needs a `chat`")?,
                })),
                Resource::Chat => Ok(Self::Push(ResourceUpdate::Message {
                    of,
                    message: data.message.ok_or("an update of a chat needs a `message`")?,
                })),
                Resource::ModelProfiles => Err("model profiles have no updates"),
            };
        };
        match (data.sent == Some(true), data.unsubscribed == Some(true)) {
            (true, false) => Ok(Self::Sent { id }),
            (false, true) => Ok(Self::Unsubscribed { id }),
            _ => Err("an answer needs either `sent` or `unsubscribed`, with the value true"),
        }
    }
}

impl From<Data> for DataMembers {
    fn from(data: Data) -> Self {
        let answer = |id, data| Self { id: AnsweredId(Some(id)), resource: None, resource_id: None, data };
        match data {
            Data::Sent { id } => answer(id, UpdateMembers { sent: Some(true), ..Default::default() }),
            Data::Unsubscribed { id } => answer(id, UpdateMembers { unsubscribed: Some(true), ..Default::default() }),
            Data::Push(update) => {
                let topic = update.topic();
                let data = match update {
                    ResourceUpdate::Chat { chat, .. } => UpdateMembers { chat: Some(chat), ..Default::default() },
                    ResourceUpdate::Message { message, .. } => {
                        UpdateMembers { message: Some(message), ..Default::default() }
                    }
                };
                let resource_id = topic.id().map(str::to_owned);
                Self { id: AnsweredId(None), resource: Some(topic.resource()), resource_id, data }
            }
        }
    }
}
