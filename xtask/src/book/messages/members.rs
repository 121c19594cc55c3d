//! The members of a message in a table: those of objects within it by their path, as `data.headers`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::limits;

/// One member.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    path: String,
    kind: String,
    about: String,
}

/// Writes the table.
pub(super) fn table(out: &mut String, schema: &Value) {
    let mut rows = Vec::new();
    collect(&mut rows, "", schema);
    out.push_str("| member | type | meaning |\n| --- | --- | --- |\n");
    for Row { path, kind, about } in rows {
        let _ = writeln!(out, "| `{path}` | {} | {} |", cell(&kind), cell(&about));
    }
    if ["if", "allOf", "then"].iter().any(|keyword| schema.get(keyword).is_some()) {
        out.push_str("\nMembers depend on each other beyond this table; the JSON Schema says how.\n");
    }
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn collect(rows: &mut Vec<Row>, prefix: &str, schema: &Value) {
    for keyword in ["oneOf", "anyOf"] {
        schema[keyword].as_array().into_iter().flatten().for_each(|choice| collect(rows, prefix, choice));
    }
    if let Some(items) = schema.get("items") {
        collect(rows, &format!("{}[].", prefix.trim_end_matches('.')), items);
    }
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut members: Vec<_> = schema["properties"].as_object().into_iter().flatten().collect();
    members.sort_by_key(|(name, _)| (required.iter().position(|one| one == name).unwrap_or(usize::MAX), *name));
    for (name, member) in members {
        let path = format!("{prefix}{name}");
        let need = if required.contains(&name.as_str()) { "" } else { ", optional" };
        rows.push(Row { path: path.clone(), kind: kind(member) + need, about: about(member) });
        collect(rows, &format!("{path}."), member);
    }
}

/// What it is, what it demands beyond its type, and the requirement behind it.
fn about(member: &Value) -> String {
    let description = member["description"].as_str().unwrap_or_default();
    let requirement = member["x-requirement"].as_str().filter(|id| !description.contains(id));
    let said =
        [description.to_owned(), limits::of(member), requirement.map(|id| format!("({id})")).unwrap_or_default()];
    said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

fn kind(schema: &Value) -> String {
    if let Some(value) = schema.get("const") {
        return format!("`{value}`");
    }
    let several = |kinds: Vec<String>| {
        let mut all: Vec<String> = Vec::new();
        kinds.into_iter().for_each(|kind| {
            if !all.contains(&kind) {
                all.push(kind);
            }
        });
        all.join(" or ")
    };
    if let Some(values) = schema["enum"].as_array() {
        return several(values.iter().map(|value| format!("`{value}`")).collect());
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return several(choices.iter().map(kind).collect());
    }
    let named = |name: &str| match name {
        "array" => format!("list of {}", schema.get("items").map_or("anything".to_owned(), kind)),
        "object" => match schema.get("additionalProperties").filter(|value| value.is_object()) {
            Some(value) => format!("object of {}", kind(value)),
            None => "object".to_owned(),
        },
        name => name.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => named(name),
        Value::Array(names) => several(names.iter().filter_map(Value::as_str).map(named).collect()),
        _ => "anything".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_within_members_have_paths() {
        let schema = json!({
            "properties": {
                "type": { "const": "a" },
                "list": { "type": "array", "items": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] } },
                "kind": { "oneOf": [{ "enum": ["x"] }, { "type": "object", "properties": { "Y": { "type": ["string", "null"] } } }] },
            },
            "required": ["type", "list"],
        });
        let mut rows = Vec::new();
        collect(&mut rows, "", &schema);
        let told: Vec<_> = rows.iter().map(|row| format!("{} {}", row.path, row.kind)).collect();
        assert_eq!(
            told,
            [
                "type `\"a\"`",
                "list list of object",
                "list[].id string",
                "kind `\"x\"` or object, optional",
                "kind.Y string or null, optional",
            ]
        );
    }

    #[test]
    fn a_bar_does_not_end_a_cell() {
        let mut out = String::new();
        table(&mut out, &json!({ "properties": { "a": { "type": "string", "pattern": "^a|b$" } } }));
        assert!(out.contains("| `a` | string, optional | It matches `^a\\|b$`. |"), "{out}");
    }
}
