//! The text of a schema file, with a fixed order of members: identification first, then restrictions, definitions last; properties in the order of `required`.

use serde_json::{Map, Value};

/// The first keywords, in this order. All others follow by name.
const FIRST: &[&str] = &[
    "$schema",
    "$id",
    "title",
    "description",
    "type",
    "const",
    "enum",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
];

/// The last keyword.
const LAST: &str = "$defs";

/// Keywords whose value maps names to schemas.
const NAMED: &[&str] = &["properties", "patternProperties", "dependentSchemas", "$defs"];

/// Keywords whose value is data, even if it looks like a schema.
const DATA: &[&str] = &["const", "enum", "default", "examples", "required", "dependentRequired"];

/// The text of a schema file.
pub(super) fn pretty(schema: &Value) -> String {
    format!("{:#}\n", ordered(schema, Position::Schema))
}

fn ordered(value: &Value, position: Position<'_>) -> Value {
    match value {
        Value::Object(members) => {
            let mut names: Vec<_> = members.keys().collect();
            names.sort_by_key(|name| (position.rank(name), *name));
            let member = |name: &String| (name.clone(), ordered(&members[name], position.of_member(name, value)));
            names.into_iter().map(member).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(|item| ordered(item, position)).collect(),
        scalar => scalar.clone(),
    }
}

/// The position of a value within a schema.
#[derive(Clone, Copy)]
enum Position<'a> {
    Schema,
    /// Schemas by name, with the required names.
    Named(&'a [Value]),
    Data,
}

impl<'a> Position<'a> {
    fn rank(self, member: &str) -> usize {
        let index = match self {
            Self::Schema if member == LAST => return usize::MAX,
            Self::Schema => FIRST.iter().position(|first| *first == member),
            Self::Named(required) => required.iter().position(|name| name == member),
            Self::Data => None,
        };
        index.unwrap_or(usize::MAX - 1)
    }

    fn of_member(self, name: &str, schema: &'a Value) -> Self {
        match self {
            Self::Data => Self::Data,
            Self::Named(_) => Self::Schema,
            Self::Schema if NAMED.contains(&name) => {
                Self::Named(schema["required"].as_array().map_or(&[], Vec::as_slice))
            }
            Self::Schema if DATA.contains(&name) => Self::Data,
            Self::Schema => Self::Schema,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn orders_keywords_and_members() {
        let schema = json!({
            "$defs": { "b": { "type": "string", "description": "B" }, "a": true },
            "required": ["type", "code"],
            "properties": {
                "code": { "pattern": "^.$", "type": "string" },
                "title": { "default": { "type": 1, "description": 2, "a": 3 } },
                "type": { "const": "join" }
            },
            "description": "Joins.",
            "title": "join",
            "$id": "urn:x",
            "$schema": "dialect"
        });
        let expected = r#"{
  "$schema": "dialect",
  "$id": "urn:x",
  "title": "join",
  "description": "Joins.",
  "properties": {
    "type": {
      "const": "join"
    },
    "code": {
      "type": "string",
      "pattern": "^.$"
    },
    "title": {
      "default": {
        "a": 3,
        "description": 2,
        "type": 1
      }
    }
  },
  "required": [
    "type",
    "code"
  ],
  "$defs": {
    "a": true,
    "b": {
      "description": "B",
      "type": "string"
    }
  }
}
"#;
        assert_eq!(pretty(&schema), expected);
    }
}
