//! Doc comments: what a member is, the requirement behind it, and what its type cannot say.

use std::fmt::Write as _;

use serde_json::Value;

use crate::limits;

/// Writes the doc comment of a schema; nothing where it says nothing.
pub(super) fn write(out: &mut String, indent: &str, schema: &Value) {
    let mut paragraphs = Vec::new();
    let about = about(schema);
    if !about.is_empty() {
        paragraphs.push(about);
    }
    let limits = limits::of(schema);
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
