//! Messages from their wire form and back: decoding checks the members that depend on each other.

use super::members::{AnsweredMembers, AskedMembers, DataMembers, SnapshotMembers, UpdateMembers};
use super::message::{Data, Subscribe, Subscribed, Unsubscribe};
use super::record::AnsweredId;
use super::topic::{Resource, ResourceUpdate, Snapshot, Topic};

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
