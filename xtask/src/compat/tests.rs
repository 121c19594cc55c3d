//! Pairs of schemas with their expected answers.

use serde_json::{Value, json};

use super::document::Document;
use super::{Answer, decide};

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Compatible => "compatible",
        Answer::Breaking(_) => "breaking",
        Answer::Unknown => "unknown",
    }
}

fn both(old: &Value, new: &Value) -> (&'static str, &'static str) {
    let (old, new) = (Document::read(old).expect("a schema"), Document::read(new).expect("a schema"));
    (word(&decide(&new, &old)), word(&decide(&old, &new)))
}

#[test]
fn compares_patterns() {
    let of = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    assert_eq!(both(&of("^[a-f]{6}$"), &of("^[a-z]{6}$")), ("breaking", "compatible"));
    assert_eq!(both(&of("^(a|b)$"), &of("^[ab]$")), ("compatible", "compatible"));
    assert_eq!(both(&of("^a"), &of("a$")), ("breaking", "breaking"));
    assert_eq!(both(&of(r"^\d+$"), &of("^[0-9]*$")), ("breaking", "compatible"));
    let length = json!({ "type": "string", "minLength": 6, "maxLength": 6 });
    assert_eq!(both(&of("^[a-f]{6}$"), &length), ("breaking", "compatible"));
}
