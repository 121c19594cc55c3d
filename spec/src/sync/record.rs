//! What messages carry: projects, chats, messages of chats, model profiles, and ids of requests.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::declare::objects;
use crate::number::counted_u32;

/// The id of the answered request, or null on the wire if it had none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AnsweredId(pub Option<String>);

// Not derived: a missing `id` would be read as null.
impl<'de> Deserialize<'de> for AnsweredId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(id) => Ok(Self(Some(id))),
            Value::Null => Ok(Self(None)),
            _ => Err(D::Error::custom("expected a string or null")),
        }
    }
}

impl JsonSchema for AnsweredId {
    fn schema_name() -> Cow<'static, str> {
        "AnsweredId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "null"] })
    }
}

objects! {
    /// The data that a client gets on success.
    Lists {
        /// The projects; may be empty.
        projects: Vec<Project>,
        /// The model profiles; may be empty.
        model_profiles: Vec<ModelProfile>,
    }

    /// A project.
    Project {
        /// The project's id.
        id: String,
        /// The name to display.
        name: String,
    }

    /// A chat of a project.
    Chat {
        /// The chat's id.
        id: String,
        /// The id of its project.
        project_id: String,
        /// The name to display.
        name: String,
    }

    /// A message of a chat.
    Message {
        /// The message's id.
        id: String,
        /// The id of its chat.
        chat_id: String,
        /// The role of the author, such as `user`.
        role: String,
        /// The text.
        content: String,
        /// Its sequence number in the chat, from 1 without gaps.
        #[serde(deserialize_with = "counted_u32")]
        #[schemars(range(min = 1, max = 4_294_967_295_u32))]
        seq: u32,
    }
}

/// A model profile: an object that the server defines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ModelProfile(pub Map<String, Value>);
