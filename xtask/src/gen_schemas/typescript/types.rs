//! The type of what a schema describes: as narrow as TypeScript can say, and never narrower than the schema.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use super::docs;

/// A name in TypeScript: `session_list` and `session-list` are `SessionList`.
pub(super) fn name_of(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    name.split(['_', '-']).map(capital).collect()
}

/// Writes the interface of an object.
///
/// # Errors
/// Where the schema says what this module does not know.
pub(super) fn interface(out: &mut String, name: &str, schema: &Value) -> Result<()> {
    out.push('\n');
    docs::write(out, "", schema);
    let _ = writeln!(out, "export interface {name} {}", object(schema, "")?);
    Ok(())
}

/// The type, whose further lines are indented so far.
fn of(schema: &Value, indent: &str) -> Result<String> {
    if let Some(value) = schema.get("const") {
        return Ok(value.to_string());
    }
    if let Some(values) = schema["enum"].as_array() {
        return Ok(union(values.iter().map(Value::to_string).collect()));
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[keyword].as_array() {
            if choices.iter().any(|choice| choice.get("description").is_some()) {
                return told_apart(choices, &format!("{indent}  "));
            }
            let choices: Result<Vec<_>> = choices.iter().map(|choice| of(choice, indent)).collect();
            return Ok(union(choices?));
        }
    }
    match &schema["type"] {
        Value::String(kind) => of_kind(kind, schema, indent),
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            let kinds: Result<Vec<_>> = kinds.map(|kind| of_kind(kind, schema, indent)).collect();
            Ok(union(kinds?))
        }
        // Whatever it demands, no type says it.
        _ => Ok("unknown".to_owned()),
    }
}

/// Choices that say what they are, each on lines of its own.
fn told_apart(choices: &[Value], indent: &str) -> Result<String> {
    let mut text = String::new();
    for choice in choices {
        text.push('\n');
        docs::write(&mut text, indent, choice);
        let _ = write!(text, "{indent}| {}", of(choice, indent)?);
    }
    Ok(text)
}

fn of_kind(kind: &str, schema: &Value, indent: &str) -> Result<String> {
    Ok(match kind {
        "string" | "boolean" | "null" => kind.to_owned(),
        "number" | "integer" => "number".to_owned(),
        "array" => match schema.get("items") {
            Some(items) => format!("ReadonlyArray<{}>", of(items, indent)?),
            None => "ReadonlyArray<unknown>".to_owned(),
        },
        "object" => object(schema, indent)?,
        other => bail!("`{other}` is a kind of value that the TypeScript types do not know"),
    })
}

fn object(schema: &Value, indent: &str) -> Result<String> {
    let none = Map::new();
    let members = schema["properties"].as_object().unwrap_or(&none);
    if members.is_empty() {
        return match schema.get("additionalProperties") {
            Some(value @ Value::Object(_)) => Ok(format!("{{ readonly [name: string]: {} }}", of(value, indent)?)),
            _ => Ok("{ readonly [name: string]: unknown }".to_owned()),
        };
    }
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let inner = format!("{indent}  ");
    let mut text = "{\n".to_owned();
    // Members stand as they are required, and then by name, as in the schema's file.
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|(name, _)| (required.iter().position(|one| one == name).unwrap_or(usize::MAX), *name));
    for (name, member) in members {
        docs::write(&mut text, &inner, member);
        let mark = if required.contains(&name.as_str()) { "" } else { "?" };
        let kind = of(member, &inner)?;
        let space = if kind.starts_with('\n') { "" } else { " " };
        let _ = writeln!(text, "{inner}readonly {}{mark}:{space}{kind};", key(name));
    }
    let _ = write!(text, "{indent}}}");
    Ok(text)
}

fn key(name: &str) -> String {
    let plain =
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain { name.to_owned() } else { Value::from(name).to_string() }
}

/// The union of types, each once.
fn union(types: Vec<String>) -> String {
    let mut all: Vec<String> = Vec::new();
    for one in types {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all.join(" | ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_of_schema_has_its_type() {
        for (schema, expected) in [
            (json!({ "const": "join" }), "\"join\""),
            (json!({ "enum": ["a", null] }), "\"a\" | null"),
            (json!({ "type": ["string", "null"] }), "string | null"),
            (json!({ "type": "integer", "minimum": 0 }), "number"),
            (json!({ "type": "array", "items": { "enum": [1, 2] } }), "ReadonlyArray<1 | 2>"),
            (json!({ "type": "object", "additionalProperties": true }), "{ readonly [name: string]: unknown }"),
            (
                json!({ "type": "object", "additionalProperties": { "anyOf": [{ "type": "null" }, { "type": "number" }] } }),
                "{ readonly [name: string]: null | number }",
            ),
            (
                json!({ "type": "object", "properties": { "b": {}, "a-b": { "type": "null" } }, "required": ["b"] }),
                "{\n  readonly b: unknown;\n  readonly \"a-b\"?: null;\n}",
            ),
            (
                json!({ "oneOf": [{ "description": "A.", "const": "a" }, { "type": "null" }] }),
                "\n  /** A. */\n  | \"a\"\n  | null",
            ),
        ] {
            assert_eq!(of(&schema, "").expect("a type"), expected, "{schema}");
        }
    }

    #[test]
    fn what_is_unknown_is_refused() {
        assert!(of(&json!({ "type": "bytes" }), "").is_err());
    }

    #[test]
    fn names_are_in_pascal_case() {
        assert_eq!(["auth_failed", "host-to-relay", "Ack"].map(name_of), ["AuthFailed", "HostToRelay", "Ack"]);
    }
}
