//! The schemas of frames in JSON form, one for each message.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::message::{CommandComplete, Event, IoData, Request, Response, SessionEnd, SessionStart};
use crate::schema::{MessageSchema, of};

pub(super) fn to_daemon() -> Vec<MessageSchema> {
    vec![
        with_members::<SessionStart>("SessionStart", "RPC-C1"),
        with_members::<SessionEnd>("SessionEnd", "RPC-C2"),
        with_members::<IoData>("IoData", "RPC-C2"),
        with_members::<Event>("Event", "RPC-C2"),
        with_members::<Request>("Request", "RPC-C2"),
        with_members::<CommandComplete>("CommandComplete", "RPC-C2"),
    ]
}

pub(super) fn to_client() -> Vec<MessageSchema> {
    let ack = json!({ "description": "The message, which has no members.", "const": "Ack" });
    let about = "Acknowledges a message, which is stored if it has to be (RPC-01).";
    vec![with_members::<Response>("Response", "RPC-01"), frame("Ack", about, "RPC-01", ack)]
}

fn with_members<M: JsonSchema>(name: &'static str, requirement: &str) -> MessageSchema {
    let mut members = of::<M>();
    let about = members["description"].take();
    let object = members.as_object_mut();
    object.map(|object| ["title", "description", "$schema"].map(|key| object.remove(key)));
    members["description"] = "The members of the message.".into();
    let message = json!({
        "description": "The message, by its name.",
        "type": "object",
        "properties": { name: members },
        "required": [name],
        "additionalProperties": false,
    });
    frame(name, about.as_str().unwrap_or_default(), requirement, message)
}

fn frame(name: &'static str, about: &str, requirement: &str, message: Value) -> MessageSchema {
    let id = json!({ "description": "The request id.", "type": "integer", "minimum": 0, "maximum": u64::MAX });
    let schema = json!({
        "title": name,
        "description": about,
        "x-requirement": requirement,
        "type": "object",
        "properties": { "id": id, "message": message },
        "required": ["id", "message"],
    });
    MessageSchema { name, schema }
}
