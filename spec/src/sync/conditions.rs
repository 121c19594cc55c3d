//! Schema fragments for members that depend on each other, for `if` and `then`.

use serde_json::{Value, json};

/// Matches objects that name a resource of one of these kinds.
pub(super) fn of_kind(kinds: &[&str]) -> Value {
    json!({ "properties": { "resource": { "description": "The kind of resource.", "enum": kinds } }, "required": ["resource"] })
}

/// Matches objects with a `resourceId`, and with this member in `data`.
pub(super) fn with_id(member: Option<&str>) -> Value {
    let mut schema = member.map_or_else(|| json!({ "properties": {}, "required": [] }), with_data);
    schema["properties"]["resourceId"] = json!({ "description": "The id of the resource.", "type": "string" });
    if let Some(required) = schema["required"].as_array_mut() {
        required.push("resourceId".into());
    }
    schema
}

/// Matches objects whose `data` has this member, not null.
pub(super) fn with_data(member: &str) -> Value {
    json!({
        "properties": {
            "data": {
                "description": "What goes with the resource.",
                "properties": { member: { "description": "Not null.", "not": { "type": "null" } } },
                "required": [member],
            },
        },
        "required": ["data"],
    })
}

/// Matches objects in which this member is true.
pub(super) fn done(member: &str) -> Value {
    json!({ "properties": { member: { "description": "It was done.", "const": true } }, "required": [member] })
}
