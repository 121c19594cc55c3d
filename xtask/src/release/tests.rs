//! Every release against today: what its peers may send is read by today's types, and what today's may send is valid by its schemas;
//! unless the gate says that this very direction is broken for that reader.

use std::collections::BTreeSet;
use std::fs;

use relayspec::family::{Channel, Family};
use serde_json::Value;

use super::vectors::{self, Vector};
use crate::compat::document::Document;
use crate::compat::takes;
use crate::schema_diff::{self, source};
use crate::workspace;

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect()
}

/// The message in its JSON form, where it has one.
fn json(channel: &Channel, vector: &Vector) -> Option<Value> {
    match (&vector.text, &vector.binary) {
        (Some(text), _) => serde_json::from_str(text).ok(),
        (_, Some(digits)) => (channel.binary?.packing?.json)(&bytes(digits)).ok(),
        _ => None,
    }
}

fn is_read(channel: &Channel, vector: &Vector) -> bool {
    match (&vector.text, &vector.binary) {
        (Some(text), _) => (channel.canonical)(text).is_ok(),
        (_, Some(digits)) => channel.binary.is_some_and(|binary| (binary.canonical)(&bytes(digits)).is_ok()),
        _ => false,
    }
}

fn vectors(text: &str) -> Vec<Vector> {
    serde_json::from_str(text).expect("a list of vectors")
}

/// What is wrong between a release and today, by file and vector; and how many vectors were looked at.
fn between(release: &str, today: &[(String, String)]) -> (Vec<String>, usize) {
    let folder = source::schemas().join("released").join(release);
    let broken = schema_diff::broken(release).expect("the release can be compared");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (family, channel) in vectors::channels() {
        let path = vectors::path(family, channel);
        let Ok(old) = fs::read_to_string(folder.join("fixtures").join(&path)) else { continue };
        for vector in vectors(&old) {
            count += 1;
            if !is_read(channel, &vector) && !broken.new_readers.contains(&path) {
                wrong.push(format!("{release}: {path}: today's types refuse `{}`", vector.id));
            }
        }
        let schema = source::read(&folder.join(&path)).expect("a schema of the release");
        let schema = Document::read(&schema).expect("a schema");
        for vector in vectors(&of(today, family, channel)) {
            let Some(message) = json(channel, &vector) else { continue };
            count += 1;
            if !takes(&schema, &message) && !broken.old_readers.contains(&path) {
                wrong.push(format!("{release}: {path}: its schema refuses today's `{}`", vector.id));
            }
        }
    }
    (wrong, count)
}

fn of(files: &[(String, String)], family: &Family, channel: &Channel) -> String {
    let path = format!("fixtures/{}", vectors::path(family, channel));
    files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.clone()).expect("every channel has vectors")
}

#[test]
fn every_release_and_today_understand_each_other() {
    let releases = source::releases().expect("the folder can be read");
    assert!(!releases.is_empty(), "there is no release");
    let today = vectors::accepted(&workspace::root().join("fixtures")).expect("today's vectors");
    for release in &releases {
        let (wrong, count) = between(release, &today);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(count > 400, "{release}: {count} vectors");
    }
}

#[test]
fn a_release_has_what_the_gate_compares_and_nothing_else() {
    for release in source::releases().expect("the folder can be read") {
        let state = source::named(&format!("released/{release}")).expect("it can be read");
        let directions: BTreeSet<_> =
            vectors::channels().map(|(family, channel)| vectors::path(family, channel)).collect();
        assert!(state.files.contains_key("behaviour.json"), "{release}");
        assert!(release != "0.1.0" || directions.iter().all(|path| state.files.contains_key(path)), "{release}");
        assert!(state.files.keys().all(|path| source::is_compared(path)), "{release}");
    }
}

#[test]
fn what_no_longer_decodes_is_found() {
    let (_, channel) = vectors::channels().next().expect("a channel");
    let vector = |text: &str| Vector { id: "one".into(), text: Some(text.into()), binary: None };
    assert!(
        is_read(channel, &vector(r#"{"type":"ping","ts":1}"#))
            && !is_read(channel, &vector(r#"{"type":"pong","ts":1}"#))
    );
    assert_eq!(json(channel, &vector("{\"ts\":1}")), Some(serde_json::json!({ "ts": 1 })));
}
