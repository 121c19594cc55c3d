//! The schemas of the guards, without annotations. A keyword that `check.js` does not support is an error here, so that no guard ignores it.

use anyhow::{Result, bail};
use serde_json::{Map, Value};

/// Keywords whose value is a schema.
const ONE: &[&str] = &["items", "not", "if", "then", "else", "additionalProperties"];
/// Keywords whose value is a list of schemas.
const SEVERAL: &[&str] = &["oneOf", "anyOf", "allOf"];
/// Keywords whose value maps names to schemas.
const NAMED: &[&str] = &["properties", "$defs"];
/// Keywords whose value is data.
const DATA: &[&str] =
    &["type", "const", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "required", "$ref"];
/// Annotations. A `format` always stands beside an equivalent pattern or bounds.
const ANNOTATIONS: &[&str] = &["title", "description", "default", "format", "contentEncoding", "x-requirement"];

/// The schema without its annotations.
pub(super) fn bare(schema: &Value) -> Result<Value> {
    let Value::Object(members) = schema else { return Ok(schema.clone()) };
    let mut kept = Map::new();
    // `double` adds nothing to `number`.
    if let Some(format) = members.get("format").filter(|format| **format != "double")
        && !["pattern", "maximum"].iter().any(|keyword| members.contains_key(*keyword))
    {
        bail!("the format {format} has no pattern or bounds: the JavaScript guards would not check it");
    }
    for (keyword, value) in members {
        let own = match keyword.as_str() {
            word if ANNOTATIONS.contains(&word) => continue,
            word if DATA.contains(&word) => value.clone(),
            word if ONE.contains(&word) => bare(value)?,
            word if SEVERAL.contains(&word) => {
                value.as_array().into_iter().flatten().map(bare).collect::<Result<_>>()?
            }
            word if NAMED.contains(&word) => {
                let named = value.as_object().into_iter().flatten();
                named.map(|(name, schema)| Ok((name.clone(), bare(schema)?))).collect::<Result<Map<_, _>>>()?.into()
            }
            word => bail!("the JavaScript guards do not support the keyword `{word}`: add it to check.js"),
        };
        kept.insert(keyword.clone(), own);
    }
    Ok(kept.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn drops_annotations_and_keeps_members_of_their_names() {
        let schema = json!({
            "title": "a",
            "type": "object",
            "properties": { "title": { "description": "A.", "type": "string" } },
            "oneOf": [{ "$ref": "#/$defs/b" }],
            "$defs": { "b": { "not": { "x-requirement": "PAIR-01", "const": { "title": 1 } } } },
        });
        let expected = json!({
            "type": "object",
            "properties": { "title": { "type": "string" } },
            "oneOf": [{ "$ref": "#/$defs/b" }],
            "$defs": { "b": { "not": { "const": { "title": 1 } } } },
        });
        assert_eq!(bare(&schema).expect("it is known"), expected);
    }

    #[test]
    fn the_validator_has_a_rule_for_each_keyword() {
        // A condition looks at both of its outcomes itself, and a reference at the definitions.
        let own = |word: &&&str| !["then", "else", "$defs"].contains(*word);
        for word in [ONE, SEVERAL, NAMED, DATA].concat().iter().filter(own) {
            assert!(include_str!("check.js").contains(&format!("\n  {word}: (")), "check.js has no rule for `{word}`");
        }
    }

    #[test]
    fn rejects_an_unknown_keyword() {
        let error = bare(&json!({ "items": { "uniqueItems": true } })).expect_err("it is unknown");
        assert!(error.to_string().contains("`uniqueItems`"), "{error}");
        assert!(bare(&json!({ "type": "string", "format": "date" })).is_err());
        assert!(bare(&json!({ "type": "string", "format": "uuid", "pattern": "." })).is_ok());
    }
}
