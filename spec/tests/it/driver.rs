//! The driver protocol: vectors from `fixtures/driver/`, the chapter's examples, and the schema.

use std::collections::BTreeSet;

use jsonschema::Validator;
use jsonschema::draft202012;
use relayspec::driver::{self, Command, Event, Params};
use relayspec::requirement::CHAPTERS;
use relayspec::schema::DIALECT;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::vectors::{self, Verdict, equal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DriverVector {
    id: String,
    verdict: Verdict,
    rule: String,
    why: String,
    text: String,
    message: Option<Value>,
}

type Reader = fn(&str) -> Result<Option<String>, String>;

const FILES: [(&str, &str, Reader); 3] = [
    ("driver/commands.json", "command", |text| {
        Command::read(text).map(|command| Some(command.encode())).map_err(|error| error.to_string())
    }),
    ("driver/events.json", "event", |text| {
        Event::read(text).map(|event| event.map(|event| event.encode())).map_err(|error| error.to_string())
    }),
    ("driver/params.json", "params", |text| {
        Params::read(text).map(|params| Some(params.encode())).map_err(|error| error.to_string())
    }),
];

fn schema_of(name: &str) -> Validator {
    let mut schema = driver::schema();
    schema["oneOf"] = json!([{ "$ref": format!("#/$defs/{name}") }]);
    draft202012::options().build(&schema).expect("a schema")
}

#[test]
fn decoders_and_schema_agree_with_every_vector() {
    for (path, name, read) in FILES {
        let schema = schema_of(name);
        for DriverVector { id, verdict, text, message, .. } in vectors::file::<Vec<DriverVector>>(path) {
            let found = match read(&text) {
                Ok(Some(canonical)) => {
                    let value: Value = serde_json::from_str(&canonical).expect("canonical form is JSON");
                    let expected = message.as_ref().unwrap_or(&Value::Null);
                    assert!(equal(&value, expected), "{path} `{id}` decodes to {canonical}");
                    assert_eq!(read(&canonical), Ok(Some(canonical)), "{path} `{id}`");
                    Verdict::Accept
                }
                Ok(None) => Verdict::Ignore,
                Err(_) => Verdict::Reject,
            };
            assert_eq!(found, verdict, "{path} `{id}`: {:?}", read(&text));
            let valid = serde_json::from_str(&text).is_ok_and(|value: Value| schema.is_valid(&value));
            assert_eq!(valid, verdict == Verdict::Accept, "{path} `{id}`: the schema");
        }
    }
}

#[test]
fn vectors_are_well_formed() {
    for (path, name, _) in FILES {
        let mut seen = BTreeSet::new();
        for DriverVector { id, verdict, rule, why, message, .. } in vectors::file::<Vec<DriverVector>>(path) {
            vectors::check_head(path, &id, Some(&rule), &why, &mut seen);
            assert_eq!(message.is_some(), verdict == Verdict::Accept, "{path} `{id}`: `message` goes with `accept`");
            assert!(verdict != Verdict::Ignore || name == "event", "{path} `{id}`: only events may be ignored");
        }
    }
}

#[test]
fn every_line_of_the_schema_has_vectors() {
    let schema = driver::schema();
    for (path, name, tag) in [("driver/commands.json", "command", "do"), ("driver/events.json", "event", "event")] {
        let accepted: BTreeSet<String> = vectors::file::<Vec<DriverVector>>(path)
            .into_iter()
            .filter_map(|vector| Some(vector.message?[tag].as_str()?.to_owned()))
            .collect();
        let known = schema["$defs"][name]["properties"][tag]["enum"].as_array().expect("names");
        let known: BTreeSet<String> = known.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect();
        assert_eq!(accepted, known, "{path}");
    }
}

#[test]
fn chapter_shows_and_lists_every_line() {
    let chapter = CHAPTERS.iter().find(|chapter| chapter.name == "driver").expect("the chapter");
    let mut fence = "";
    let mut shown = BTreeSet::new();
    for (line, number) in chapter.text.lines().zip(1..) {
        if let Some(opened) = line.strip_prefix("```") {
            fence = opened;
            continue;
        }
        let read = match fence {
            "command" => {
                Command::read(line).map(|command| command.name().to_owned()).map_err(|error| error.to_string())
            }
            "event" => match Event::read(line) {
                Ok(Some(event)) => Ok(event.name().to_owned()),
                other => Err(format!("{other:?}")),
            },
            "params" => Params::read(line).map(|_| String::new()).map_err(|error| error.to_string()),
            _ => continue,
        };
        shown.insert(read.unwrap_or_else(|error| panic!("driver.md, line {number}: {error}")));
    }
    let schema = driver::schema();
    for (name, tag) in [("command", "do"), ("event", "event")] {
        for known in schema["$defs"][name]["properties"][tag]["enum"].as_array().into_iter().flatten() {
            let known = known.as_str().expect("a name");
            assert!(chapter.text.contains(&format!("| `{known}`")) || chapter.text.contains(&format!("`{known}` |")));
            assert!(shown.contains(known), "driver.md shows no `{known}`");
        }
    }
    for variable in [driver::URL_VARIABLE, driver::SCENARIO_VARIABLE, driver::PARAMS_VARIABLE, driver::URL_PLACEHOLDER]
    {
        assert!(chapter.text.contains(&format!("`{variable}`")), "driver.md does not name {variable}");
    }
}

#[test]
fn schema_is_valid_and_matches_the_snapshot() {
    let mut schema = driver::schema();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, sort_maps => true }, {
        insta::assert_json_snapshot!("driver", schema);
    });
    assert!(!schema.to_string().contains("[`"), "a rustdoc link");
    schema["$schema"] = DIALECT.into();
    if let Err(error) = draft202012::meta::validate(&schema) {
        panic!("{error} (at `{}`)", error.instance_path());
    }
}
