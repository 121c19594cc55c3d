//! Writes steps as people do: one line each, in the flow style of YAML.

use serde_json::{Map, Value};

/// Adds steps to a text, one line each; steps nested in `many` are indented.
pub(super) fn steps(steps: &[Value], indent: usize, text: &mut String) {
    let margin = " ".repeat(indent);
    for (name, keys) in steps.iter().filter_map(Value::as_object).flat_map(Map::iter) {
        match keys.get("steps").and_then(Value::as_array) {
            Some(inner) => {
                text.push_str(&format!("{margin}- {name}:\n"));
                for (key, value) in keys.as_object().into_iter().flatten().filter(|(key, _)| *key != "steps") {
                    text.push_str(&format!("{margin}    {key}: {}\n", flow(value)));
                }
                text.push_str(&format!("{margin}    steps:\n"));
                self::steps(inner, indent + 6, text);
            }
            None => text.push_str(&format!("{margin}- {name}: {}\n", flow(keys))),
        }
    }
}

/// How many lines a step takes.
pub(super) fn height(step: &Value) -> usize {
    let mut text = String::new();
    steps(std::slice::from_ref(step), 0, &mut text);
    text.lines().count()
}

/// A value on one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Object(members) if members.is_empty() => "{}".to_owned(),
        Value::Object(members) => {
            let members: Vec<_> =
                members.iter().map(|(name, value)| format!("{}: {}", scalar(name), flow(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) => scalar(text),
        plain => plain.to_string(),
    }
}

/// Words that YAML does not read as strings.
const TAKEN: [&str; 7] = ["true", "false", "null", "yes", "no", "y", "n"];

/// A string: bare if that is safe, or else as in JSON.
fn scalar(text: &str) -> String {
    let first = |c: char| c.is_ascii_alphabetic() || "/_$".contains(c);
    let rest = |c: char| c.is_ascii_alphanumeric() || "/_$.- +".contains(c);
    let is_bare = text.starts_with(first)
        && text.chars().all(rest)
        && !text.ends_with(' ')
        && !TAKEN.contains(&text.to_ascii_lowercase().as_str());
    if is_bare {
        return text.to_owned();
    }
    let mut quoted = String::new();
    for c in Value::from(text).to_string().chars() {
        match c {
            // YAML does not allow these characters, or folds lines at them.
            '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn steps_are_written_as_people_write_them() {
        let inner = json!({ "expect": { "on": "v1", "json": { "type": "data", "payload": "${nth}, 1" } } });
        let list = [
            json!({ "connect": { "as": "h1", "to": "/mac", "check": "PAIR-01 hosts-connect" } }),
            json!({ "many": { "as": "nth", "count": 3, "steps": [inner] } }),
            json!({ "meet": {} }),
        ];
        let mut text = String::new();
        steps(&list, 2, &mut text);
        let expected = r#"  - connect: { as: h1, to: /mac, check: PAIR-01 hosts-connect }
  - many:
      as: nth
      count: 3
      steps:
        - expect: { on: v1, json: { type: data, payload: "${nth}, 1" } }
  - meet: {}
"#;
        assert_eq!(text, expected);
        assert_eq!(list.iter().map(height).collect::<Vec<_>>(), [1, 5, 1]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn strings_round_trip(text in prop_oneof![".*", "[ -~\n\t\u{0}-\u{1F}\u{7F}-\u{A0}\u{2028}\u{FEFF}😀]{0,20}", "[a-z0-9 .~-]{0,6}"]) {
            let value = json!({ "a": text, "b": [text] });
            let read: Value = serde_saphyr::from_str(&flow(&value)).expect("YAML");
            prop_assert_eq!(read, value);
        }
    }
}
