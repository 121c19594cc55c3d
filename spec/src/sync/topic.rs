//! Topics to subscribe to, their snapshots and their updates. On the wire, each is spread over several members.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use super::record::{Chat, Message, ModelProfile};

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Resource {
    /// A project: its chats.
    Project,
    /// A chat: its messages.
    Chat,
    /// The list of model profiles.
    ModelProfiles,
}

impl Resource {
    const ALL: [(&'static str, Self); 3] =
        [("project", Self::Project), ("chat", Self::Chat), ("modelProfiles", Self::ModelProfiles)];

    /// The resource with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(known, resource)| (known == name).then_some(resource))
    }

    /// The name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

impl<'de> Deserialize<'de> for Resource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let shown: String = name.chars().take(40).collect();
        Self::named(&name).ok_or_else(|| {
            let expected = "`project`, `chat` or `modelProfiles`";
            serde::de::Error::invalid_value(serde::de::Unexpected::Str(&shown), &expected)
        })
    }
}

impl JsonSchema for Resource {
    fn schema_name() -> Cow<'static, str> {
        "Resource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Self::ALL.map(|(name, _)| name) })
    }
}

/// Something that can be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// The chats of a project, by its id.
    Project(String),
    /// The messages of a chat, by its id.
    Chat(String),
    /// The model profiles.
    ModelProfiles,
}

impl Topic {
    /// The topic of a resource; `None` if its id is missing.
    pub fn new(resource: Resource, id: Option<String>) -> Option<Self> {
        match resource {
            Resource::Project => id.map(Self::Project),
            Resource::Chat => id.map(Self::Chat),
            Resource::ModelProfiles => Some(Self::ModelProfiles),
        }
    }

    /// The kind of resource.
    pub fn resource(&self) -> Resource {
        match self {
            Self::Project(_) => Resource::Project,
            Self::Chat(_) => Resource::Chat,
            Self::ModelProfiles => Resource::ModelProfiles,
        }
    }

    /// The id of the resource, if it has one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Project(id) | Self::Chat(id) => Some(id),
            Self::ModelProfiles => None,
        }
    }
}

/// The content of a topic when a client subscribes (SYNC-10).
#[derive(Debug, Clone, PartialEq)]
pub enum Snapshot {
    /// A project.
    Project {
        /// Its id.
        id: String,
        /// Its chats.
        chats: Vec<Chat>,
    },
    /// A chat.
    Chat {
        /// Its id.
        id: String,
        /// All its messages.
        messages: Vec<Message>,
    },
    /// The model profiles.
    ModelProfiles(Vec<ModelProfile>),
}

impl Snapshot {
    /// The topic.
    pub fn topic(&self) -> Topic {
        match self {
            Self::Project { id, .. } => Topic::Project(id.clone()),
            Self::Chat { id, .. } => Topic::Chat(id.clone()),
            Self::ModelProfiles(_) => Topic::ModelProfiles,
        }
    }
}

/// An update, for the subscribers of a topic (SYNC-20, SYNC-21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceUpdate {
    /// A new chat of a project.
    Chat {
        /// The id of the project.
        of: String,
        /// The chat.
        chat: Chat,
    },
    /// A new message of a chat.
    Message {
        /// The id of the chat.
        of: String,
        /// The message.
        message: Message,
    },
}

impl ResourceUpdate {
    /// The topic that it updates.
    pub fn topic(&self) -> Topic {
        match self {
            Self::Chat { of, .. } => Topic::Project(of.clone()),
            Self::Message { of, .. } => Topic::Chat(of.clone()),
        }
    }
}
