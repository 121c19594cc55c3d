//! Doc comments: what a member is, the requirement behind it, and what its type cannot say.

use std::fmt::Write as _;

use serde_json::Value;

/// Writes the doc comment of a schema; nothing where it says nothing.
pub(super) fn write(out: &mut String, indent: &str, schema: &Value) {
    let mut paragraphs = Vec::new();
    let about = about(schema);
    if !about.is_empty() {
        paragraphs.push(about);
    }
    let limits = limits(schema);
    if !limits.is_empty() {
        paragraphs.push(limits);
    }
    if ["if", "then", "else", "allOf"].iter().any(|keyword| schema.get(keyword).is_some()) {
        paragraphs.push("Its members depend on each other; the guard checks how.".to_owned());
    }
    // What would end the comment is broken up.
    let paragraphs: Vec<_> = paragraphs.iter().map(|text| text.replace("*/", "*\u{200b}/")).collect();
    let _ = match &paragraphs[..] {
        [] => Ok(()),
        [one] => writeln!(out, "{indent}/** {one} */"),
        many => {
            writeln!(out, "{indent}/**\n{indent} * {}\n{indent} */", many.join(&format!("\n{indent} *\n{indent} * ")))
        }
    };
}

/// The description, with the requirement where it names none.
fn about(schema: &Value) -> String {
    let description = schema["description"].as_str().unwrap_or_default();
    match schema["x-requirement"].as_str() {
        Some(requirement) if !description.contains(requirement) => format!("{description} ({requirement})"),
        _ => description.to_owned(),
    }
}

/// What no type says: lengths, bounds and forms.
fn limits(schema: &Value) -> String {
    let mut said: Vec<String> = Vec::new();
    match (schema["minLength"].as_u64(), schema["maxLength"].as_u64()) {
        (Some(least), Some(most)) if least == most => said.push(format!("{least} characters")),
        (Some(1), None) if about(schema).contains("not empty") => {}
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
    // A double is exact to 2^53 - 1.
    if schema["maximum"].as_f64().is_some_and(|most| most > 9_007_199_254_740_991.0) {
        said.push("exact up to 9007199254740991 in JavaScript".to_owned());
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

    fn written(schema: Value) -> String {
        let mut out = String::new();
        write(&mut out, "", &schema);
        out
    }

    #[test]
    fn a_comment_has_what_is_there() {
        assert_eq!(written(json!({})), "");
        assert_eq!(
            written(json!({ "description": "An id.", "x-requirement": "PAIR-H1" })),
            "/** An id. (PAIR-H1) */\n"
        );
        assert_eq!(
            written(json!({ "description": "A (PAIR-H1).", "x-requirement": "PAIR-H1" })),
            "/** A (PAIR-H1). */\n"
        );
        assert_eq!(
            written(json!({ "description": "A.", "type": "integer", "minimum": 1, "maximum": 9 })),
            "/**\n * A.\n *\n * A whole number; from 1 to 9.\n */\n"
        );
    }

    #[test]
    fn nothing_ends_a_comment_early() {
        assert!(!written(json!({ "description": "a */ b" })).trim_end().trim_end_matches("*/").contains("*/"));
    }
}
