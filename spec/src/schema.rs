//! JSON Schemas (2020-12) of the messages, generated from the types that serde deserializes.
//!
//! The schema of a direction selects the message by its tag first, so that a validator's error is about the message that was meant. The
//! keyword `x-requirement` names the requirement behind a member.
//!
//! ```
//! use relayspec::{pairing, schema};
//!
//! let join = &pairing::FromViewer::schemas()[0];
//! assert_eq!((join.name, &join.schema["properties"]["code"]["minLength"]), ("join", &6.into()));
//! let file = schema::files(&pairing::FAMILY).into_iter().find(|file| file.path == "pairing/join.json").expect("a schema");
//! assert_eq!(file.schema["$id"], "urn:relayspec:pairing:join");
//! ```

mod files;

pub use files::{SchemaFile, direction, files};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::wire::Tagged;

/// The JSON Schema dialect of all schemas.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of one message, without `$schema` and `$id`.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageSchema {
    /// The message's type.
    pub name: &'static str,
    /// The schema of the whole object.
    pub schema: Value,
}

impl MessageSchema {
    /// The schema of a message type whose members are beside the tag.
    pub fn of<M: Tagged>() -> Self {
        let members = of::<M>();
        Self::with::<M>(&members, &members["properties"], &members["required"])
    }

    /// The schema of a message type whose members are in an object beside the tag.
    pub fn wrapped<M: Tagged>(member: &str) -> Self {
        let members = of::<M>();
        let mut inner = json!({ "description": "The members of the message.", "type": "object" });
        for keyword in ["properties", "required"] {
            if let Some(own) = members.get(keyword) {
                inner[keyword] = own.clone();
            }
        }
        Self::with::<M>(&members, &json!({ member: inner }), &json!([member]))
    }

    fn with<M: Tagged>(members: &Value, own: &Value, own_required: &Value) -> Self {
        let mut schema = json!({ "title": M::TYPE, "description": members["description"] });
        if let Some(requirement) = members.get("x-requirement") {
            schema["x-requirement"] = requirement.clone();
        }
        let (properties, required) = tagged("type", M::TYPE, own, own_required);
        schema["type"] = "object".into();
        schema["properties"] = properties.into();
        schema["required"] = required.into();
        // Dependencies between members.
        for keyword in ["if", "then", "else", "allOf"] {
            if let Some(condition) = members.get(keyword) {
                schema[keyword] = condition.clone();
            }
        }
        Self { name: M::TYPE, schema }
    }
}

/// The properties and required members of a message, with its tag first.
pub(crate) fn tagged(tag: &str, name: &str, own: &Value, own_required: &Value) -> (Map<String, Value>, Vec<Value>) {
    let mut properties = Map::from_iter([(tag.to_owned(), json!({ "const": name }))]);
    properties.extend(own.as_object().into_iter().flatten().map(|(name, schema)| (name.clone(), schema.clone())));
    let mut required = vec![json!(tag)];
    required.extend(own_required.as_array().into_iter().flatten().cloned());
    (properties, required)
}

/// The schema of any type, with all references inlined and without `$schema`.
pub fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// The schema of a file format of the tools, with shared parts in `$defs`, without `$schema` and `$id`.
pub fn document<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
