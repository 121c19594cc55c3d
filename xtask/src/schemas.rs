//! What generated pages and types show of a schema.

use serde_json::Value;

use crate::text::capitalized;

/// The description, with the requirement unless it names it already.
pub(crate) fn about(schema: &Value) -> String {
    let description = schema["description"].as_str().unwrap_or_default();
    match schema["x-requirement"].as_str() {
        Some(requirement) if !description.contains(requirement) => format!("{description} ({requirement})"),
        _ => description.to_owned(),
    }
}

/// The members of an object and whether each is required: the required ones in their order, then the others by name.
pub(crate) fn members(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let index = |name: &str| required.iter().position(|one| *one == name);
    let members = schema["properties"].as_object().into_iter().flatten();
    let mut members: Vec<_> =
        members.map(|(name, member)| (name.as_str(), member, required.contains(&name.as_str()))).collect();
    members.sort_by_key(|(name, ..)| (index(name).unwrap_or(usize::MAX), *name));
    members
}

/// Whether members depend on each other.
pub(crate) fn has_conditions(schema: &Value) -> bool {
    ["if", "then", "else", "allOf"].iter().any(|keyword| schema.get(keyword).is_some())
}

/// Lengths, bounds and patterns as a sentence; empty if there are none.
pub(crate) fn limits(schema: &Value) -> String {
    let mut limits: Vec<String> = Vec::new();
    match (schema["minLength"].as_u64(), schema["maxLength"].as_u64()) {
        (Some(least), Some(most)) if least == most => limits.push(format!("{least} characters")),
        (Some(1), None) if schema["description"].as_str().is_some_and(|about| about.contains("not empty")) => {}
        (Some(1), None) => limits.push("not empty".to_owned()),
        (Some(least), Some(most)) => limits.push(format!("{least} to {most} characters")),
        (Some(least), None) => limits.push(format!("at least {least} characters")),
        (None, Some(most)) => limits.push(format!("at most {most} characters")),
        (None, None) => {}
    }
    let kind = &schema["type"];
    if kind == "integer" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "integer")) {
        limits.push("an integer".to_owned());
    }
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => limits.push(format!("from {least} to {most}")),
        (Some(least), None) => limits.push(format!("at least {least}")),
        (None, Some(most)) => limits.push(format!("at most {most}")),
        (None, None) => {}
    }
    if schema["maximum"].as_f64().is_some_and(|most| most > 9_007_199_254_740_991.0) {
        limits.push("doubles are not exact beyond 9007199254740991".to_owned());
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        limits.push(format!("matches `{pattern}`"));
    }
    if schema["contentEncoding"] == "base64" {
        limits.push("in base64".to_owned());
    }
    if limits.is_empty() { String::new() } else { capitalized(&limits.join("; ")) + "." }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn writes_limits_as_a_sentence() {
        for (schema, sentence) in [
            (json!({ "type": "string" }), ""),
            (json!({ "type": "string", "minLength": 6, "maxLength": 6 }), "6 characters."),
            (json!({ "description": "A text; not empty.", "minLength": 1 }), ""),
            (json!({ "type": ["integer", "null"], "minimum": 0, "maximum": 255 }), "An integer; from 0 to 255."),
            (json!({ "type": "string", "pattern": "^a$" }), "Matches `^a$`."),
        ] {
            assert_eq!(limits(&schema), sentence, "{schema}");
        }
    }
}
