//! The members of a message as a table. Nested members have paths, such as `data.headers`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::schemas::{about, has_conditions, limits, members};
use crate::text::joined_once;

/// One member.
#[derive(Debug, PartialEq, Eq)]
struct MemberRow {
    path: String,
    kind: String,
    about: String,
}

/// Writes the table.
pub(super) fn table(out: &mut String, schema: &Value) {
    let mut rows = Vec::new();
    collect(&mut rows, "", schema);
    out.push_str("| member | type | meaning |\n| --- | --- | --- |\n");
    for MemberRow { path, kind, about } in rows {
        let _ = writeln!(out, "| `{path}` | {} | {} |", cell(&kind), cell(&about));
    }
    if has_conditions(schema) {
        out.push_str("\nMembers depend on each other beyond this table; see the JSON Schema.\n");
    }
}

/// Escapes a bar, which would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn collect(rows: &mut Vec<MemberRow>, prefix: &str, schema: &Value) {
    for keyword in ["oneOf", "anyOf"] {
        schema[keyword].as_array().into_iter().flatten().for_each(|choice| collect(rows, prefix, choice));
    }
    if let Some(items) = schema.get("items") {
        collect(rows, &format!("{}[].", prefix.trim_end_matches('.')), items);
    }
    for (name, member, is_required) in members(schema) {
        let path = format!("{prefix}{name}");
        let kind = kind(member) + if is_required { "" } else { ", optional" };
        let about = format!("{} {}", about(member), limits(member)).trim().to_owned();
        rows.push(MemberRow { path: path.clone(), kind, about });
        collect(rows, &format!("{path}."), member);
    }
}

fn kind(schema: &Value) -> String {
    let several = |kinds: Vec<String>| joined_once(kinds, " or ");
    if let Some(value) = schema.get("const") {
        return format!("`{value}`");
    }
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
    fn writes_paths_of_nested_members() {
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
        let shown: Vec<_> = rows.iter().map(|row| format!("{} {}", row.path, row.kind)).collect();
        assert_eq!(
            shown,
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
    fn escapes_bars() {
        let mut out = String::new();
        table(&mut out, &json!({ "properties": { "a": { "type": "string", "pattern": "^a|b$" } } }));
        assert!(out.contains("| `a` | string, optional | Matches `^a\\|b$`. |"), "{out}");
    }
}
