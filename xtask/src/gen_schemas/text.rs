//! The text of a schema file: two spaces of indent, a newline at the end, and members in an order that does not depend on how
//! `serde_json` was built: what it is, then what it demands, definitions last, named members as `required` lists them.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// The keywords that come first, in this order. All others follow by name.
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

/// The keyword that comes last.
const LAST: &str = "$defs";

/// Keywords whose value maps names to schemas.
const NAMED: &[&str] = &["properties", "patternProperties", "dependentSchemas", "$defs"];

/// Keywords whose value is data, whatever it looks like.
const DATA: &[&str] = &["const", "enum", "default", "examples", "required", "dependentRequired"];

/// The schema as it stands in its file.
pub(super) fn pretty(schema: &Value) -> String {
    // A map of strings and a `Value` always serialise; the alternate form is the same JSON in another order.
    let text = serde_json::to_string_pretty(&Ordered { value: schema, part: Part::Schema });
    text.unwrap_or_else(|_| format!("{schema:#}")) + "\n"
}

struct Ordered<'a> {
    value: &'a Value,
    part: Part<'a>,
}

/// What a value is within a schema.
#[derive(Clone, Copy)]
enum Part<'a> {
    Schema,
    /// Schemas by name, and the names that are listed as required.
    Named(&'a [Value]),
    Data,
}

impl Part<'_> {
    fn rank(self, member: &str) -> usize {
        let place = match self {
            Self::Schema if member == LAST => return usize::MAX,
            Self::Schema => FIRST.iter().position(|first| *first == member),
            Self::Named(required) => required.iter().position(|name| name == member),
            Self::Data => None,
        };
        place.unwrap_or(usize::MAX - 1)
    }
}

impl<'a> Ordered<'a> {
    fn member(&self, name: &str, value: &'a Value) -> Self {
        let part = match self.part {
            Part::Data => Part::Data,
            Part::Named(_) => Part::Schema,
            Part::Schema if NAMED.contains(&name) => {
                Part::Named(self.value["required"].as_array().map_or(&[], Vec::as_slice))
            }
            Part::Schema if DATA.contains(&name) => Part::Data,
            Part::Schema => Part::Schema,
        };
        Self { value, part }
    }
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(name, _)| (self.part.rank(name), *name));
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, &self.member(name, value))?;
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(|value| Ordered { value, part: self.part })),
            scalar => scalar.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keywords_and_members_stand_in_reading_order() {
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
