//! The schema files of a family: one for each message, one for each direction.

use serde_json::{Map, Value, json};

use super::DIALECT;
use crate::family::{Channel, Family};

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
