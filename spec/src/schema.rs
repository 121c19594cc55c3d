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

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::family::{Channel, Family};
use crate::wire::Message;

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
    pub fn of<M: Message>() -> Self {
        let members = of::<M>();
        Self::with::<M>(&members, &members["properties"], &members["required"])
    }

    /// The schema of a message type whose members are in an object beside the tag.
    pub fn wrapped<M: Message>(member: &str) -> Self {
        let members = of::<M>();
        let mut inner = json!({ "description": "The members of the message.", "type": "object" });
        for keyword in ["properties", "required"] {
            if let Some(own) = members.get(keyword) {
                inner[keyword] = own.clone();
            }
        }
        Self::with::<M>(&members, &json!({ member: inner }), &json!([member]))
    }

    fn with<M: Message>(members: &Value, own: &Value, own_required: &Value) -> Self {
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

/// A schema file.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaFile {
    /// The path below `schemas/`, such as `pairing/register.json`.
    pub path: String,
    /// The content.
    pub schema: Value,
}

/// The schema files of a family: one for each message, one for each direction.
pub fn files(family: &Family) -> Vec<SchemaFile> {
    let mut files: Vec<SchemaFile> = Vec::new();
    for channel in family.channels {
        for message in (channel.schemas)() {
            let path = format!("{}/{}.json", family.name, message.name);
            if files.iter().all(|file| file.path != path) {
                let schema = identified(family, message.name, message.schema);
                files.push(SchemaFile { path, schema });
            }
        }
    }
    for channel in family.channels {
        let name = channel.direction.to_string();
        let path = format!("{}/{name}.json", family.name);
        files.push(SchemaFile { path, schema: identified(family, &name, direction(family, channel)) });
    }
    files
}

/// The schema of the messages of one direction, without `$schema` and `$id`.
pub fn direction(family: &Family, channel: &Channel) -> Value {
    let messages = (channel.schemas)();
    let names: Vec<_> = messages.iter().map(|message| message.name).collect();
    let choices: Vec<_> = names.iter().map(|name| json!({ "$ref": format!("#/$defs/{name}") })).collect();
    let definitions: Map<_, _> =
        messages.iter().map(|message| (message.name.to_owned(), message.schema.clone())).collect();
    let has_type = messages.iter().all(|message| message.schema["properties"].get("type").is_some());
    let mut schema = json!({
        "title": channel.direction.to_string(),
        "description": format!(
            "A message of the {} family that the {} sends to the {}.",
            family.name, channel.direction.from, channel.direction.to
        ),
        "type": "object",
    });
    if has_type {
        schema["properties"] = json!({ "type": { "description": "The kind of message.", "enum": names } });
        schema["required"] = json!(["type"]);
    }
    schema["oneOf"] = choices.into();
    schema["$defs"] = definitions.into();
    schema
}

fn identified(family: &Family, name: &str, schema: Value) -> Value {
    let mut file = Map::new();
    file.insert("$schema".into(), DIALECT.into());
    file.insert("$id".into(), format!("urn:relayspec:{}:{name}", family.name).into());
    if let Value::Object(members) = schema {
        file.extend(members);
    }
    file.into()
}

/// The schema of a file format of the tools, with shared parts in `$defs`, without `$schema` and `$id`.
pub fn document<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
