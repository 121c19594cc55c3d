//! The messages of a document: what they hold, how they are encoded, and examples from the golden vectors.

use anyhow::{Result, ensure};
use relayspec::family::{Channel, Family};
use relayspec::schema::MessageSchema;
use relayspec::wire;
use serde_json::{Map, Value, json};

use super::super::layout;
use crate::vectors::{self, Vector, Verdict};

/// The content type of JSON.
pub(super) const JSON: &str = "application/json";
/// That of MessagePack, as IANA has it.
const PACKED: &str = "application/vnd.msgpack";
/// That of bytes.
const BYTES: &str = "application/octet-stream";

/// The member of a message that says, by the name of an example, what stands behind it: the bytes of a payload in its JSON form, or what the
/// bytes of a payload mean. An example itself may not say it.
const BEHIND: &str = "x-examples";

/// So many examples are taken from the vectors of each direction.
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

/// Who sends to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Direction(&'static str, &'static str);

impl From<wire::Direction> for Direction {
    fn from(direction: wire::Direction) -> Self {
        Self(direction.from, direction.to)
    }
}

impl Direction {
    /// Whether a role sends or receives here.
    pub(super) fn has(self, role: &str) -> bool {
        self.0 == role || self.1 == role
    }
}

/// The messages of a family: those of every direction, in each encoding.
///
/// # Errors
/// Where vectors cannot be read, or one name stands for two messages.
pub(super) fn all(family: &Family) -> Result<Vec<Message>> {
    let mut all: Vec<Message> = Vec::new();
    for channel in family.channels {
        let vectors = vectors::of(family, channel)?;
        for message in of_direction(family, channel, &vectors) {
            match all.iter_mut().find(|known| known.key == message.key) {
                None => all.push(message),
                Some(known) => {
                    ensure!(
                        known.schema == message.schema,
                        "{}: `{}` is two messages in two directions: an AsyncAPI document needs a name for each",
                        family.name,
                        message.key
                    );
                    known.directions.extend(message.directions);
                    join_examples(&mut known.object, message.object);
                }
            }
        }
    }
    Ok(all)
}

/// Adds the examples of another direction, those of a name that is known left out.
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
        if family.is_framed() {
            found.push(framed(family, channel, &message, vectors));
            continue;
        }
        found.push(in_json(family, channel, &message, vectors));
        if packing {
            found.push(packed(family, channel, &message, vectors));
        }
    }
    if channel.binary.is_some() && !packing {
        found.push(in_bytes(family, channel, vectors));
    }
    found
}

fn in_json(family: &Family, channel: &Channel, message: &MessageSchema, vectors: &[Vector]) -> Message {
    let shown = examples(vectors, |vector| vector.text().is_some() && is(family, vector, message.name));
    with_schema(channel, message, message.name.to_owned(), JSON, shown)
}

/// A message as MessagePack in a binary message.
fn packed(family: &Family, channel: &Channel, message: &MessageSchema, vectors: &[Vector]) -> Message {
    let shown = examples(vectors, |vector| vector.hex().is_some() && is(family, vector, message.name));
    let mut packed = with_schema(channel, message, format!("{}.packed", message.name), PACKED, shown);
    let about = "The same in MessagePack, as a binary WebSocket message, its payload here in the JSON form; either encoding may be sent at any time.";
    packed.object["description"] = about.into();
    packed
}

/// A message in a frame on a stream.
fn framed(family: &Family, channel: &Channel, message: &MessageSchema, vectors: &[Vector]) -> Message {
    let shown = examples(vectors, |vector| vector.hex().is_some() && is(family, vector, message.name));
    let mut framed = with_schema(channel, message, message.name.to_owned(), BYTES, shown);
    let about = "The payload here is the JSON form; what travels is the frame of `x-framing`.";
    framed.object["description"] = about.into();
    framed.object["correlationId"] = json!({ "location": "$message.payload#/id" });
    framed
}

/// The binary messages that have no JSON form.
fn in_bytes(family: &Family, channel: &Channel, vectors: &[Vector]) -> Message {
    let shown = examples(vectors, |vector| vector.frame.is_some());
    let example = |vector: &&Vector| json!({ "name": vector.id, "summary": why(vector), "payload": vector.hex() });
    let examples: Vec<_> = shown.iter().map(example).collect();
    let behind: Map<_, _> = shown.into_iter().map(|vector| (vector.id.clone(), json!(vector.frame))).collect();
    let object = json!({
        "name": "bytes",
        "title": "bytes",
        "summary": "A binary WebSocket message.",
        "description": layout::of(family.name),
        "contentType": BYTES,
        "payload": { "$ref": "#/components/schemas/bytes" },
        "examples": examples,
        BEHIND: behind,
    });
    let schema = json!({
        "description": "The bytes, here as hexadecimal digits.",
        "type": "string",
        "pattern": "^([0-9a-f]{2})*$",
    });
    let directions = vec![channel.direction.into()];
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
    let example = |vector: &&Vector| json!({ "name": vector.id, "summary": why(vector), "payload": vector.value() });
    object["examples"] = shown.iter().map(example).collect();
    let bytes = |vector: &Vector| Some((vector.id.clone(), vector.hex()?.into()));
    let behind: Map<String, Value> = shown.into_iter().filter_map(bytes).collect();
    if !behind.is_empty() {
        object[BEHIND] = behind.into();
    }
    let directions = vec![channel.direction.into()];
    Message { key, object, schema_key: message.name.to_owned(), schema, directions }
}

fn examples(vectors: &[Vector], shows: impl Fn(&Vector) -> bool) -> Vec<&Vector> {
    vectors::showing(vectors, Verdict::Accept, EXAMPLES, shows)
}

/// Why it is a message, and the requirement that decides it.
fn why(vector: &Vector) -> String {
    format!("{} ({})", vector.why, vector.rule)
}

fn is(family: &Family, vector: &Vector, name: &str) -> bool {
    vector.value().is_some_and(|value| (family.naming.name)(&value) == Some(name))
}
