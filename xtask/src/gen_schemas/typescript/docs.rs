//! Doc comments: what a member is, the requirement behind it, and restrictions that its type cannot express.

use std::fmt::Write as _;

use serde_json::Value;

use crate::schemas::{about, has_conditions, limits};

/// Writes the doc comment of a schema, if there is anything to say.
pub(super) fn write(out: &mut String, indent: &str, schema: &Value) {
    let mut paragraphs = vec![about(schema), limits(schema)];
    paragraphs.retain(|text| !text.is_empty());
    if has_conditions(schema) {
        paragraphs.push("Its members depend on each other; the guard checks that.".to_owned());
    }
    // Nothing must end the comment early.
    let paragraphs: Vec<_> = paragraphs.iter().map(|text| text.replace("*/", "*\u{200b}/")).collect();
    let _ = match &paragraphs[..] {
        [] => Ok(()),
        [one] => writeln!(out, "{indent}/** {one} */"),
        many => {
            writeln!(out, "{indent}/**\n{indent} * {}\n{indent} */", many.join(&format!("\n{indent} *\n{indent} * ")))
        }
    };
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
    fn writes_what_is_known() {
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
            "/**\n * A.\n *\n * An integer; from 1 to 9.\n */\n"
        );
    }

    #[test]
    fn keeps_comments_closed() {
        assert!(!written(json!({ "description": "a */ b" })).trim_end().trim_end_matches("*/").contains("*/"));
    }
}
