//! The messages of a document: their schemas, encodings, and examples from the golden vectors.

use anyhow::{Result, ensure};
use relayspec::family::{Channel, Family};
use relayspec::schema::MessageSchema;
use relayspec::wire::Direction;
use serde_json::{Map, Value, json};

use super::super::layout;
use crate::vectors::{self, Validity, Vector};

/// The content type of JSON.
pub(super) const JSON: &str = "application/json";
/// The content type of MessagePack, as registered with IANA.
const PACKED: &str = "application/vnd.msgpack";
/// The content type of bytes.
const BYTES: &str = "application/octet-stream";

/// The member of a message that maps the names of examples to what an example object has no member for: the bytes of a payload in its JSON
/// form, or the meaning of a payload of bytes.
const BEHIND: &str = "x-examples";

/// At most this many examples are taken from the vectors of each direction.
const EXAMPLES: usize = 2;

/// A message of a document.
pub(super) struct Message {
    /// Its name in the document.
    pub(super) key: String,
    /// The message object.
    pub(super) object: Value,
    /// The name of its schema.
    pub(super) schema_key: String,
    /// The schema of its payload.
    pub(super) schema: Value,
    /// The directions that have it.
    pub(super) directions: Vec<Direction>,
}

/// The messages of a family, in all directions and encodings.
pub(super) fn all(family: &Family) -> Result<Vec<Message>> {
    let mut all: Vec<Message> = Vec::new();
    for channel in family.channels {
        let vectors = vectors::of(family, channel)?;
        for message in of_direction(family, channel, &vectors) {
            let Some(known) = all.iter_mut().find(|known| known.key == message.key) else {
                all.push(message);
                continue;
            };
            ensure!(
                known.schema == message.schema,
                "{}: `{}` differs between two directions: an AsyncAPI document needs a name for each",
                family.name,
                message.key
            );
            known.directions.extend(message.directions);
            join_examples(&mut known.object, message.object);
        }
    }
    Ok(all)
}

/// Adds the examples of another direction, except those of known names.
fn join_examples(known: &mut Value, mut other: Value) {
    for more in other["examples"].as_array_mut().map(std::mem::take).unwrap_or_default() {
        let name = more["name"].as_str().unwrap_or_default().to_owned();
        let examples = known["examples"].as_array_mut();
        if let Some(examples) = examples.filter(|examples| examples.iter().all(|one| one["name"] != more["name"])) {
            examples.push(more);
            if let Some(behind) = other.get(BEHIND).and_then(|behind| behind.get(&name)) {
                known[BEHIND][&name] = behind.clone();
            }
        }
    }
}

fn of_direction(family: &Family, channel: &Channel, vectors: &[Vector]) -> Vec<Message> {
    let mut found = Vec::new();
    let packing = channel.binary.is_some_and(|binary| binary.packing.is_some());
    for message in (channel.schemas)() {
        let of = |key: String, content, note: Option<&str>, has_form: fn(&Vector) -> bool| {
            let matches = |vector: &Vector| has_form(vector) && vector.is_named(family, message.name);
            let mut message = with_schema(channel, &message, key, content, examples(vectors, matches));
            if let Some(note) = note {
                message.object["description"] = note.into();
            }
            message
        };
        let name = message.name.to_owned();
        if family.is_framed() {
            let note = "The payload is shown in its JSON form; frames as described in `x-framing` are sent.";
            let mut framed = of(name, BYTES, Some(note), |vector| vector.hex().is_some());
            framed.object["correlationId"] = json!({ "location": "$message.payload#/id" });
            found.push(framed);
            continue;
        }
        found.push(of(name, JSON, None, |vector| vector.text().is_some()));
        if packing {
            let key = format!("{}.packed", message.name);
            let note = "The same message in MessagePack, as a binary WebSocket message. The payload is shown in its JSON form. Either encoding may be sent at any time.";
            found.push(of(key, PACKED, Some(note), |vector| vector.hex().is_some()));
        }
    }
    if channel.binary.is_some() && !packing {
        found.push(in_bytes(family, channel, vectors));
    }
    found
}

/// The binary messages that have no JSON form.
fn in_bytes(family: &Family, channel: &Channel, vectors: &[Vector]) -> Message {
    let shown = examples(vectors, |vector| vector.frame.is_some());
    let behind: Map<_, _> = shown.iter().map(|vector| (vector.id.clone(), json!(vector.frame))).collect();
    let object = json!({
        "name": "bytes",
        "title": "bytes",
        "summary": "A binary WebSocket message.",
        "description": layout::of(family.name),
        "contentType": BYTES,
        "payload": { "$ref": "#/components/schemas/bytes" },
        "examples": shown.into_iter().map(|vector| example(vector, json!(vector.hex()))).collect::<Vec<_>>(),
        BEHIND: behind,
    });
    let schema = json!({
        "description": "The bytes as hexadecimal digits.",
        "type": "string",
        "pattern": "^([0-9a-f]{2})*$",
    });
    let directions = vec![channel.direction];
    Message { key: "bytes".to_owned(), object, schema_key: "bytes".to_owned(), schema, directions }
}

fn with_schema(channel: &Channel, message: &MessageSchema, key: String, content: &str, shown: Vec<&Vector>) -> Message {
    let schema = message.schema.clone();
    let mut object = json!({
        "name": message.name,
        "title": message.name,
        "summary": schema["description"],
        "contentType": content,
        "payload": { "$ref": format!("#/components/schemas/{}", message.name) },
    });
    if let Some(requirement) = schema.get("x-requirement") {
        object["x-requirement"] = requirement.clone();
    }
    object["examples"] = shown.iter().map(|vector| example(vector, json!(vector.value()))).collect();
    let bytes = |vector: &Vector| Some((vector.id.clone(), vector.hex()?.into()));
    let behind: Map<String, Value> = shown.into_iter().filter_map(bytes).collect();
    if !behind.is_empty() {
        object[BEHIND] = behind.into();
    }
    Message { key, object, schema_key: message.name.to_owned(), schema, directions: vec![channel.direction] }
}

fn examples(vectors: &[Vector], matches: impl Fn(&Vector) -> bool) -> Vec<&Vector> {
    vectors::examples(vectors, Validity::Accept, EXAMPLES, matches)
}

/// An example, with the reason why it is valid and the requirement that decides it.
fn example(vector: &Vector, payload: Value) -> Value {
    json!({ "name": vector.id, "summary": format!("{} ({})", vector.why, vector.rule), "payload": payload })
}
