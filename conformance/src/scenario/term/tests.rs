//! Tests: terms are filled in, matched, parsed and written.

use serde_json::{Value, json};

use super::value::Piece;
use super::*;

fn term(value: Value) -> Term {
    value.try_into().expect("a term")
}

#[test]
fn fill_replaces_variables() {
    let variables = Bindings::from([("code".to_owned(), json!("K7QX4M")), ("n".to_owned(), json!(7))]);
    for (written, filled) in [
        (json!({ "type": "join", "code": "$code" }), json!({ "type": "join", "code": "K7QX4M" })),
        (json!("no ${n}: ${code}"), json!("no 7: K7QX4M")),
        (json!("$n"), json!(7)),
        (json!("$$n costs $$5"), json!("$n costs $5")),
        (json!({ "repeat": "ab", "times": 3 }), json!("ababab")),
        (json!({ "change": "lower", "of": "${code}" }), json!("k7qx4m")),
        (json!({ "change": "other_case", "of": "${code}-é" }), json!("k7qx4m-é")),
        (json!({ "change": "other_case", "of": "aB" }), json!("Ab")),
        (json!({ "change": "shorter", "of": "${code}" }), json!("K7QX4")),
        (json!({ "change": "full_width", "of": "A7 é" }), json!("\u{FF21}\u{FF17} é")),
        (json!([null, true, "$n"]), json!([null, true, 7])),
    ] {
        assert_eq!(term(written.clone()).fill(&variables), Ok(filled));
        assert_eq!(Value::from(term(written.clone())), written, "a term is printed as written");
    }
    assert!(term(json!("$other")).fill(&variables).is_err());
    assert!(term(json!({ "is": "text" })).fill(&variables).is_err());
}

#[test]
fn matching_binds_compares_and_locates() {
    let variables = Bindings::from([("code".to_owned(), json!("K7QX4M"))]);
    let matched = |pattern: Value, actual: Value| term(pattern).matches(&actual, &variables);
    assert_eq!(
        matched(json!({ "a": "$new", "b": "$new" }), json!({ "a": 1, "b": 1.0, "c": 0 })),
        Ok(Bindings::from([("new".to_owned(), json!(1))]))
    );
    for (pattern, actual) in [
        (json!("$code"), json!("K7QX4M")),
        (json!({ "not": "$code" }), json!("other")),
        (json!({ "any_of": [1, 2] }), json!(2)),
        (json!({ "is": "text" }), json!("x")),
        (json!({ "made_of": "ABC", "length": 2 }), json!("CA")),
        (json!({ "is": "anything" }), json!(null)),
        (json!({ "equals": { "a": 1 } }), json!({ "a": 1 })),
        (json!({ "json_text": { "a": [1] } }), json!("{\"a\": [1.0], \"b\": 2}")),
        (json!({ "one": { "a": 1 }, "being": { "b": 2 } }), json!([{ "a": 2 }, { "a": 1, "b": 2 }])),
    ] {
        assert!(matched(pattern.clone(), actual).is_ok(), "{pattern}");
    }
    for (pattern, actual, path) in [
        (json!({ "a": { "b": 1 } }), json!({ "a": { "b": 2 } }), "/a/b"),
        (json!({ "a": 1 }), json!({}), "/a"),
        (json!(["x", "y"]), json!(["x", "z"]), "/1"),
        (json!(["x"]), json!(["x", "y"]), ""),
        (json!("$code"), json!("other"), ""),
        (json!({ "not": "$code" }), json!("K7QX4M"), ""),
        (json!({ "is": "text" }), json!(""), ""),
        (json!({ "json_text": { "a": 1 } }), json!("{\"a\": 2}"), "/a"),
        (json!({ "json_text": { "a": 1 } }), json!("{"), ""),
        (json!({ "json_text": {} }), json!({}), ""),
        (json!({ "one": { "a": 1 }, "being": { "b": 2 } }), json!([{ "a": 2 }, { "a": 1, "b": 3 }]), "/1/b"),
        (json!({ "one": { "a": 1 }, "being": {} }), json!([{ "a": 1 }, { "a": 1 }]), ""),
        (json!({ "one": { "a": 1 }, "being": {} }), json!([]), ""),
        (json!({ "made_of": "ABC", "length": 2 }), json!("CD"), ""),
        (json!({ "made_of": "ABC", "length": 2 }), json!("C"), ""),
        (json!({ "made_of": "ABC", "length": 2 }), json!(7), ""),
        (json!({ "is": "number" }), json!("1"), ""),
        (json!({ "equals": { "a": 1 } }), json!({ "a": 1, "b": 2 }), ""),
        (json!({ "any_of": [1, 2] }), json!(3), ""),
        (json!({ "a": "$new", "b": "$new" }), json!({ "a": 1, "b": 2 }), "/b"),
    ] {
        assert_eq!(
            matched(pattern.clone(), actual).map_err(|mismatch| mismatch.path),
            Err(path.to_owned()),
            "{pattern}"
        );
    }
}

#[test]
fn rejects_invalid_terms() {
    for wrong in [
        json!("5 $ each"),
        json!("${Name}"),
        json!({ "is": "texts" }),
        json!({ "repeat": "x", "times": 1e12 }),
        json!({ "repeat": 1, "times": 1 }),
    ] {
        assert!(Term::try_from(wrong.clone()).is_err(), "{wrong}");
    }
}

proptest::proptest! {
    #[test]
    fn strings_round_trip(text in ".*") {
        let term = Term::Text(if text.is_empty() { vec![] } else { vec![Piece::Literal(text)] });
        proptest::prop_assert_eq!(Term::try_from(Value::from(term.clone())), Ok(term));
    }
}
