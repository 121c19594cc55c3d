//! The messages whose members depend on each other, as they stand on the wire: what is read is made whole, or refused.
//!
//! The schemas say the same with `if` and `then`.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::conditions::{done, of_kind, with_data, with_id};
use super::message::{AnsweredId, Chat, Data, Message, ModelProfile, Subscribe, Subscribed, Unsubscribe};
use super::topic::{News, Resource, Snapshot, Topic};
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
    /// The id of the resource; absent where its kind has no ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
}

const NO_ID: &str = "the resource needs a `resourceId`";

impl AskedMembers {
    fn of(id: String, topic: &Topic) -> Self {
        Self { id, resource: topic.resource(), resource_id: topic.id().map(str::to_owned) }
    }

    fn topic(self) -> Result<(String, Topic), &'static str> {
        let topic = Topic::new(self.resource, self.resource_id).ok_or(NO_ID)?;
        Ok((self.id, topic))
    }
}

impl TryFrom<AskedMembers> for Subscribe {
    type Error = &'static str;

    fn try_from(members: AskedMembers) -> Result<Self, &'static str> {
        members.topic().map(|(id, topic)| Self { id, topic })
    }
}

impl From<Subscribe> for AskedMembers {
    fn from(Subscribe { id, topic }: Subscribe) -> Self {
        Self::of(id, &topic)
    }
}

impl TryFrom<AskedMembers> for Unsubscribe {
    type Error = &'static str;

    fn try_from(members: AskedMembers) -> Result<Self, &'static str> {
        members.topic().map(|(id, topic)| Self { id, topic })
    }
}

impl From<Unsubscribe> for AskedMembers {
    fn from(Unsubscribe { id, topic }: Unsubscribe) -> Self {
        Self::of(id, &topic)
    }
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
    id: String,
    /// The kind of resource.
    resource: Resource,
    /// The id of the resource; absent where its kind has no ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    /// What is there.
    data: SnapshotMembers,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
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

impl<'de> Deserialize<'de> for SnapshotMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Members {
            #[serde(default)]
            chats: Option<Vec<Chat>>,
            #[serde(default)]
            messages: Option<Vec<Message>>,
            #[serde(default)]
            model_profiles: Option<Vec<ModelProfile>>,
        }
        from_object(deserializer).map(|Members { chats, messages, model_profiles }| Self {
            chats,
            messages,
            model_profiles,
        })
    }
}

impl TryFrom<AnsweredMembers> for Subscribed {
    type Error = &'static str;

    fn try_from(members: AnsweredMembers) -> Result<Self, &'static str> {
        let AnsweredMembers { id, resource, resource_id, data } = members;
        let snapshot = match Topic::new(resource, resource_id).ok_or(NO_ID)? {
            Topic::Project(id) => Snapshot::Project { id, chats: data.chats.ok_or("a project has `chats`")? },
            Topic::Chat(id) => Snapshot::Chat { id, messages: data.messages.ok_or("a chat has `messages`")? },
            Topic::ModelProfiles => {
                Snapshot::ModelProfiles(data.model_profiles.ok_or("model profiles are `modelProfiles`")?)
            }
        };
        Ok(Self { id, snapshot })
    }
}

impl From<Subscribed> for AnsweredMembers {
    fn from(Subscribed { id, snapshot }: Subscribed) -> Self {
        let topic = snapshot.topic();
        let data = match snapshot {
            Snapshot::Project { chats, .. } => SnapshotMembers { chats: Some(chats), ..SnapshotMembers::default() },
            Snapshot::Chat { messages, .. } => {
                SnapshotMembers { messages: Some(messages), ..SnapshotMembers::default() }
            }
            Snapshot::ModelProfiles(profiles) => {
                SnapshotMembers { model_profiles: Some(profiles), ..SnapshotMembers::default() }
            }
        };
        Self { id, resource: topic.resource(), resource_id: topic.id().map(str::to_owned), data }
    }
}

/// The answer to a request that has no other, or a push (SYNC-20, SYNC-21, SYNC-30, SYNC-40).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend(
    "if" = {
        "properties": { "id": { "description": "A push answers nothing.", "type": "null" } },
    },
    "then" = {
        "x-requirement": "SYNC-20",
        "properties": {
            "resource": { "description": "What was subscribed to.", "enum": ["project", "chat"] },
            "resourceId": { "description": "Its id.", "type": "string" },
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
    /// Of a push: what was subscribed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<Resource>,
    /// Of a push: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    /// What was done, or what is new.
    data: NewsMembers,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct NewsMembers {
    /// True: the message was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<bool>,
    /// True: nothing more will be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unsubscribed: Option<bool>,
    /// A new message of the chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    /// A new chat of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chat: Option<Chat>,
}

impl<'de> Deserialize<'de> for NewsMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Members {
            #[serde(default)]
            sent: Option<bool>,
            #[serde(default)]
            unsubscribed: Option<bool>,
            #[serde(default)]
            message: Option<Message>,
            #[serde(default)]
            chat: Option<Chat>,
        }
        from_object(deserializer).map(|Members { sent, unsubscribed, message, chat }| Self {
            sent,
            unsubscribed,
            message,
            chat,
        })
    }
}

impl TryFrom<DataMembers> for Data {
    type Error = &'static str;

    fn try_from(members: DataMembers) -> Result<Self, &'static str> {
        let DataMembers { id: AnsweredId(id), resource, resource_id, data } = members;
        let Some(id) = id else {
            let of = resource_id.ok_or("a push has a `resourceId`")?;
            return match resource.ok_or("a push has a `resource`")? {
                Resource::Project => {
                    Ok(Self::Push(News::Chat { of, chat: data.chat.ok_or("news of a project is a `chat`")? }))
                }
                Resource::Chat => {
                    Ok(Self::Push(News::Message { of, message: data.message.ok_or("news of a chat is a `message`")? }))
                }
                Resource::ModelProfiles => Err("there is no news of model profiles"),
            };
        };
        match (data.sent == Some(true), data.unsubscribed == Some(true)) {
            (true, false) => Ok(Self::Sent { id }),
            (false, true) => Ok(Self::Unsubscribed { id }),
            _ => Err("an answer has either `sent` or `unsubscribed`, which is true"),
        }
    }
}

impl From<Data> for DataMembers {
    fn from(data: Data) -> Self {
        let answer = |id, data| Self { id: AnsweredId(Some(id)), resource: None, resource_id: None, data };
        match data {
            Data::Sent { id } => answer(id, NewsMembers { sent: Some(true), ..NewsMembers::default() }),
            Data::Unsubscribed { id } => answer(id, NewsMembers { unsubscribed: Some(true), ..NewsMembers::default() }),
            Data::Push(news) => {
                let topic = news.topic();
                let data = match news {
                    News::Chat { chat, .. } => NewsMembers { chat: Some(chat), ..NewsMembers::default() },
                    News::Message { message, .. } => NewsMembers { message: Some(message), ..NewsMembers::default() },
                };
                let resource_id = topic.id().map(str::to_owned);
                Self { id: AnsweredId(None), resource: Some(topic.resource()), resource_id, data }
            }
        }
    }
}
