//! Closes the schema of a writer, which sends only the members that it knows (WIRE-02). A reader's schema stays as it is.

use serde_json::{Value, json};

use super::document::Document;

/// The keywords whose schema applies to another value.
const VALUES: &[&str] = &["items", "additionalProperties", "unevaluatedItems", "contains"];

/// The same document, in which objects have only the members that they name, unless they allow others explicitly.
pub(crate) fn closed(document: &Document) -> Document {
    let mut root = document.root.clone();
    value(&mut root, document);
    if let Some(all) = root.get_mut("$defs").and_then(Value::as_object_mut) {
        all.values_mut().for_each(|definition| inside(definition, document));
    }
    Document { root }
}

/// A schema that describes a value of its own.
fn value(schema: &mut Value, document: &Document) {
    let is_explicit = schema.get("additionalProperties").is_some() || schema.get("unevaluatedProperties").is_some();
    if !is_explicit && names_members(schema, document, 0) == Some(true) {
        schema["unevaluatedProperties"] = json!(false);
    }
    inside(schema, document);
}

/// The schemas within a schema: of other values, and further ones of the same value.
fn inside(schema: &mut Value, document: &Document) {
    let Some(members) = schema.as_object_mut() else { return };
    for (keyword, part) in members {
        match keyword.as_str() {
            "properties" | "patternProperties" => {
                part.as_object_mut().into_iter().flat_map(|all| all.values_mut()).for_each(|one| value(one, document));
            }
            "prefixItems" => part.as_array_mut().into_iter().flatten().for_each(|one| value(one, document)),
            "allOf" | "anyOf" | "oneOf" => {
                part.as_array_mut().into_iter().flatten().for_each(|one| inside(one, document));
            }
            keyword if VALUES.contains(&keyword) => value(part, document),
            _ => {}
        }
    }
}

/// Whether the objects of a schema have named members: `None` if it has no objects, `Some(false)` if some of them are open.
fn names_members(schema: &Value, document: &Document, depth: usize) -> Option<bool> {
    let members = match schema {
        Value::Bool(true) => return Some(false),
        Value::Object(members) if depth < 64 => members,
        _ => return None,
    };
    let object =
        |kind: &Value| kind == "object" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("object")));
    if members.contains_key("const")
        || members.contains_key("enum")
        || members.get("type").is_some_and(|kind| !object(kind))
    {
        return None;
    }
    if members.contains_key("properties") {
        return Some(true);
    }
    let within = |part: &Value| names_members(part, document, depth + 1);
    let mut found = members.get("$ref").and_then(Value::as_str).map(|name| within(document.target(name)));
    for part in members.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        // Each narrows the others.
        found = Some(match (found.flatten(), within(part)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (_, other) => other,
        });
    }
    for keyword in ["anyOf", "oneOf"] {
        let Some(parts) = members.get(keyword).and_then(Value::as_array) else { continue };
        let kinds: Vec<_> = parts.iter().filter_map(within).collect();
        let all = (!kinds.is_empty()).then(|| kinds.iter().all(|named| *named));
        found = Some(found.flatten().or(all));
    }
    match found {
        Some(found) => found,
        // An object that says nothing about its members may have any.
        None => Some(false),
    }
}
