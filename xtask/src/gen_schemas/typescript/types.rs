//! The type that a schema describes: as narrow as TypeScript can express, and never narrower than the schema.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use serde_json::Value;

use super::docs;
use crate::schemas::members;
use crate::text::{capitalized, joined_once};

/// A name in TypeScript: `session_list` and `session-list` become `SessionList`.
pub(super) fn name_of(name: &str) -> String {
    name.split(['_', '-']).map(capitalized).collect()
}

/// Writes the interface of an object.
pub(super) fn interface(out: &mut String, name: &str, schema: &Value) -> Result<()> {
    out.push('\n');
    docs::write(out, "", schema);
    let _ = writeln!(out, "export interface {name} {}", object(schema, "")?);
    Ok(())
}

/// The type; its further lines are indented by `indent`.
fn of(schema: &Value, indent: &str) -> Result<String> {
    if let Some(value) = schema.get("const") {
        return Ok(value.to_string());
    }
    if let Some(values) = schema["enum"].as_array() {
        return Ok(joined_once(values.iter().map(Value::to_string), " | "));
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[keyword].as_array() {
            if choices.iter().any(|choice| choice.get("description").is_some()) {
                return documented_union(choices, &format!("{indent}  "));
            }
            let choices: Result<Vec<_>> = choices.iter().map(|choice| of(choice, indent)).collect();
            return Ok(joined_once(choices?, " | "));
        }
    }
    match &schema["type"] {
        Value::String(kind) => of_kind(kind, schema, indent),
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            let kinds: Result<Vec<_>> = kinds.map(|kind| of_kind(kind, schema, indent)).collect();
            Ok(joined_once(kinds?, " | "))
        }
        // No type can express its restrictions.
        _ => Ok("unknown".to_owned()),
    }
}

/// A union whose choices have descriptions, each on lines of its own.
fn documented_union(choices: &[Value], indent: &str) -> Result<String> {
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
        // Without `items` this is an array of `unknown`.
        "array" => format!("ReadonlyArray<{}>", of(&schema["items"], indent)?),
        "object" => object(schema, indent)?,
        other => bail!("the TypeScript types do not support the type `{other}`"),
    })
}

fn object(schema: &Value, indent: &str) -> Result<String> {
    let members = members(schema);
    if members.is_empty() {
        return match schema.get("additionalProperties") {
            Some(value @ Value::Object(_)) => Ok(format!("{{ readonly [name: string]: {} }}", of(value, indent)?)),
            _ => Ok("{ readonly [name: string]: unknown }".to_owned()),
        };
    }
    let inner = format!("{indent}  ");
    let mut text = "{\n".to_owned();
    for (name, member, is_required) in members {
        docs::write(&mut text, &inner, member);
        let mark = if is_required { "" } else { "?" };
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_types() {
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
    fn writes_interfaces_with_requirements() {
        let code = json!({ "description": "The code (PAIR-11).", "type": "string", "pattern": "^[3-9]$", "maxLength": 6, "x-requirement": "PAIR-11" });
        let moment =
            json!({ "description": "When it expires.", "type": "number", "minimum": 0, "x-requirement": "PAIR-12" });
        let schema = json!({
            "description": "The code is ready (PAIR-10).",
            "type": "object",
            "properties": { "type": { "const": "registered" }, "expiresAt": moment, "code": code },
            "required": ["type", "code", "expiresAt"],
            "x-requirement": "PAIR-10"
        });
        let mut text = String::new();
        interface(&mut text, "Registered", &schema).expect("an interface");
        let expected = "
/** The code is ready (PAIR-10). */
export interface Registered {
  readonly type: \"registered\";
  /**
   * The code (PAIR-11).
   *
   * At most 6 characters; matches `^[3-9]$`.
   */
  readonly code: string;
  /**
   * When it expires. (PAIR-12)
   *
   * At least 0.
   */
  readonly expiresAt: number;
}
";
        assert_eq!(text, expected);
    }

    #[test]
    fn rejects_an_unknown_type() {
        assert!(of(&json!({ "type": "bytes" }), "").is_err());
    }

    #[test]
    fn names_are_in_pascal_case() {
        assert_eq!(["auth_failed", "host-to-relay", "Ack"].map(name_of), ["AuthFailed", "HostToRelay", "Ack"]);
    }
}
