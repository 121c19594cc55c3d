//! What a schema demands beyond a type, in words.

use serde_json::Value;

/// What no type says: lengths, bounds and forms, as a sentence; empty where there are none.
pub(crate) fn of(schema: &Value) -> String {
    let mut said: Vec<String> = Vec::new();
    match (schema["minLength"].as_u64(), schema["maxLength"].as_u64()) {
        (Some(least), Some(most)) if least == most => said.push(format!("{least} characters")),
        (Some(1), None) if schema["description"].as_str().is_some_and(|about| about.contains("not empty")) => {}
        (Some(1), None) => said.push("not empty".to_owned()),
        (Some(least), Some(most)) => said.push(format!("{least} to {most} characters")),
        (Some(least), None) => said.push(format!("at least {least} characters")),
        (None, Some(most)) => said.push(format!("at most {most} characters")),
        (None, None) => {}
    }
    if holds(schema, "integer") {
        said.push("a whole number".to_owned());
    }
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => said.push(format!("from {least} to {most}")),
        (Some(least), None) => said.push(format!("at least {least}")),
        (None, Some(most)) => said.push(format!("at most {most}")),
        (None, None) => {}
    }
    if schema["maximum"].as_f64().is_some_and(|most| most > 9_007_199_254_740_991.0) {
        said.push("beyond 9007199254740991 no double is exact".to_owned());
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        said.push(format!("it matches `{pattern}`"));
    }
    if schema["contentEncoding"] == "base64" {
        said.push("in base64".to_owned());
    }
    let joined = said.join("; ");
    let mut letters = joined.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).chain(['.']).collect()).unwrap_or_default()
}

fn holds(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_are_one_sentence() {
        for (schema, said) in [
            (json!({ "type": "string" }), ""),
            (json!({ "type": "string", "minLength": 6, "maxLength": 6 }), "6 characters."),
            (json!({ "description": "A text; not empty.", "minLength": 1 }), ""),
            (json!({ "type": ["integer", "null"], "minimum": 0, "maximum": 255 }), "A whole number; from 0 to 255."),
            (json!({ "type": "string", "pattern": "^a$" }), "It matches `^a$`."),
        ] {
            assert_eq!(of(&schema), said, "{schema}");
        }
    }
}
