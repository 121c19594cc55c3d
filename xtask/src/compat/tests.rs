//! Property tests: no random message refutes the answer `compatible`, and every witness holds. Schemas have the forms that schemars writes,
//! in pairs that differ by a few edits.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::analysis::SchemaAnalysis;
use super::document::Document;
use super::sample::Sampler;
use super::{Answer, accepts, close, decide, may_send};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({ "type": "string" })),
        Just(json!({ "type": "boolean" })),
        Just(json!({ "type": "number", "format": "double" })),
        Just(json!({ "type": ["string", "null"] })),
        Just(json!({ "type": "string", "format": "uuid" })),
        (-3..4_i64, 0..6_i64)
            .prop_map(|(least, more)| json!({ "type": "integer", "minimum": least, "maximum": least + more })),
        (0..4_u64, 0..3_u64)
            .prop_map(|(least, more)| json!({ "type": "string", "minLength": least, "maxLength": least + more })),
        prop::sample::select(vec!["uint8", "uint16", "int32"])
            .prop_map(|format| json!({ "type": "integer", "format": format })),
        prop::sample::select(vec!["^[a-c]{2}$", "^[a-f]{2}$", "^[a-c]*$", "b", "^a|c$"])
            .prop_map(|pattern| json!({ "type": "string", "pattern": pattern })),
        prop::sample::subsequence(vec!["a", "b", "c"], 1..=3).prop_map(|all| json!({ "type": "string", "enum": all })),
    ]
}

fn schema() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            object(inner.clone()),
            inner.clone().prop_map(|items| json!({ "type": "array", "items": items })),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| json!({ "type": "array", "prefixItems": [a, b], "minItems": 2, "maxItems": 2 })),
            inner.clone().prop_map(|rest| json!({ "type": "object", "additionalProperties": rest })),
            inner.clone().prop_map(|some| json!({ "anyOf": [some, { "type": "null" }] })),
            prop::collection::vec(object(inner), 1..4).prop_map(tagged),
            Just(json!({ "$ref": "#/$defs/Node" })),
        ]
    })
}

/// An object whose members may be present and required.
fn object(inner: impl Strategy<Value = Value> + Clone) -> impl Strategy<Value = Value> {
    let member = || prop::option::of((inner.clone(), any::<bool>()));
    (member(), member(), member(), prop::bool::weighted(0.3)).prop_map(|(a, b, c, closed)| {
        let mut schema = json!({ "type": "object", "properties": {}, "required": [] });
        for (name, member) in [("a", a), ("b", b), ("c", c)] {
            let Some((member, needed)) = member else { continue };
            schema["properties"][name] = member;
            if needed && let Some(list) = schema["required"].as_array_mut() {
                list.push(name.into());
            }
        }
        if closed {
            schema["additionalProperties"] = false.into();
        }
        schema
    })
}

fn tagged(mut objects: Vec<Value>) -> Value {
    for (index, object) in objects.iter_mut().enumerate() {
        object["properties"]["type"] = json!({ "type": "string", "const": format!("t{index}") });
        object["required"].as_array_mut().expect("a list").push("type".into());
    }
    json!({ "oneOf": objects })
}

fn document(root: Value, node: Value) -> Document {
    let mut root = root;
    let list = json!({ "type": "array", "items": { "$ref": "#/$defs/Node" } });
    root["$defs"] =
        json!({ "Node": { "type": "object", "properties": { "v": node, "next": list }, "required": ["v"] } });
    Document::read(&root).expect("a schema")
}

/// Two scalars of one type that differ in a bound or a pattern.
fn alike() -> impl Strategy<Value = (Value, Value)> {
    let number = || {
        let bounds = (-3..4_i64, 0..6_i64, any::<bool>());
        bounds.prop_map(|(least, more, whole)| {
            let kind = if whole { "integer" } else { "number" };
            // Far more values than the prover enumerates.
            json!({ "type": kind, "minimum": least * 1000, "maximum": (least + more) * 1000 })
        })
    };
    let text = || {
        let patterns = prop::sample::select(vec!["^[a-c]{2}$", "^[a-f]{2}$", "^[a-c]*$", "b", "^a|c$"]);
        (patterns, 0..3_u64)
            .prop_map(|(pattern, least)| json!({ "type": "string", "pattern": pattern, "minLength": least }))
    };
    prop_oneof![(number(), number()), (text(), text())]
}

/// A pair of schemas that may differ in one part only.
fn pair() -> impl Strategy<Value = (Document, Document)> {
    let within = |one: Value| json!({ "type": "object", "properties": { "n": { "$ref": "#/$defs/Node" }, "v": one } });
    let bounds = alike().prop_map(move |(a, b)| (document(within(a.clone()), a), document(within(b.clone()), b)));
    prop_oneof![bounds, mixed()]
}

/// A pair of arbitrary schemas.
fn mixed() -> impl Strategy<Value = (Document, Document)> {
    (schema(), schema(), scalar(), scalar(), 0..4).prop_map(|(one, other, node, another, kind)| match kind {
        0 => (document(one, node.clone()), document(other, node)),
        1 => (document(one.clone(), node), document(one, another)),
        2 => (document(one.clone(), node.clone()), document(json!({ "anyOf": [one, other] }), node)),
        _ => (document(json!({ "oneOf": [one] }), node.clone()), document(one, node)),
    })
}

/// Only a few cases by default, since each draws hundreds of messages; `PROPTEST_CASES` sets another number.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn answers_hold((writer, reader) in pair()) {
        match decide(&writer, &reader) {
            Answer::Unknown => {}
            Answer::Breaking(found) => {
                prop_assert!(!found.is_empty());
                for value in found {
                    prop_assert!(may_send(&writer, &value) && !accepts(&reader, &value), "{value}");
                }
            }
            Answer::Compatible => {
                // `decide` draws with other seeds.
                let side = SchemaAnalysis::new(close::closed(&writer), Default::default());
                let sent = side.root();
                for seed in 10_000..10_300 {
                    if let Some(value) = Sampler::seeded(&side, seed).value(&sent, 0)
                        && side.accepts(&sent, &value)
                    {
                        prop_assert!(accepts(&reader, &value), "{value}");
                    }
                }
            }
        }
    }
}

/// The answers for an old reader and for a new one.
fn both(old: &Value, new: &Value) -> (&'static str, &'static str) {
    let (old, new) = (Document::read(old).expect("a schema"), Document::read(new).expect("a schema"));
    let word = |writer, reader| match decide(writer, reader) {
        Answer::Compatible => "compatible",
        Answer::Breaking(_) => "breaking",
        Answer::Unknown => "unknown",
    };
    (word(&new, &old), word(&old, &new))
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
