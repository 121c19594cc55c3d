//! Every release against the current state: the messages of its peers are read by the current types, and current messages are valid under
//! its schemas, unless the compatibility checker reports this direction as broken for that reader.

use std::collections::BTreeSet;
use std::fs;

use relayspec::family::Channel;
use serde_json::Value;

use super::{ReleasedVector, accepted};
use crate::compat::accepts;
use crate::compat::document::Document;
use crate::schema_diff::{self, source};
use crate::vectors::{channels, path};

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect()
}

/// The message in its JSON form, if it has one.
fn json(channel: &Channel, vector: &ReleasedVector) -> Option<Value> {
    match (&vector.text, &vector.binary) {
        (Some(text), _) => serde_json::from_str(text).ok(),
        (_, Some(digits)) => (channel.binary?.packing?.json)(&bytes(digits)).ok(),
        _ => None,
    }
}

fn is_read(channel: &Channel, vector: &ReleasedVector) -> bool {
    match (&vector.text, &vector.binary) {
        (Some(text), _) => (channel.canonical)(text).is_ok(),
        (_, Some(digits)) => channel.binary.is_some_and(|binary| (binary.canonical)(&bytes(digits)).is_ok()),
        _ => false,
    }
}

fn parse(text: &str) -> Vec<ReleasedVector> {
    serde_json::from_str(text).expect("a list of vectors")
}

/// The errors between a release and the current state, by file and vector, and the number of vectors that were checked.
fn between(release: &str, current: &[(String, String)]) -> (Vec<String>, usize) {
    let folder = source::schemas().join("released").join(release);
    let [old_readers, new_readers] = schema_diff::broken(release).expect("a comparison");
    let (mut errors, mut count) = (Vec::new(), 0);
    for (family, channel) in channels() {
        let path = path(family, channel);
        let Ok(old) = fs::read_to_string(folder.join("fixtures").join(&path)) else { continue };
        for vector in parse(&old) {
            count += 1;
            if !is_read(channel, &vector) && !new_readers.contains(&path) {
                errors.push(format!("{release}: {path}: the current types refuse `{}`", vector.id));
            }
        }
        let schema = source::read(&folder.join(&path)).expect("a schema of the release");
        let schema = Document::read(&schema).expect("a schema");
        let (_, text) = current.iter().find(|(name, _)| *name == format!("fixtures/{path}")).expect("current vectors");
        for vector in parse(text) {
            let Some(message) = json(channel, &vector) else { continue };
            count += 1;
            if !accepts(&schema, &message) && !old_readers.contains(&path) {
                errors.push(format!("{release}: {path}: its schema refuses the current `{}`", vector.id));
            }
        }
    }
    (errors, count)
}

#[test]
fn every_release_interoperates_with_the_current_state() {
    let releases = source::releases().expect("the releases");
    assert!(!releases.is_empty(), "there is no release");
    let current = accepted().expect("the current vectors");
    for release in &releases {
        let (errors, count) = between(release, &current);
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        assert!(count > 400, "{release}: {count} vectors");
    }
}

#[test]
fn release_contains_exactly_what_is_compared() {
    for release in source::releases().expect("the releases") {
        let state = source::named(&format!("released/{release}")).expect("a snapshot");
        let directions: BTreeSet<_> = channels().map(|(family, channel)| path(family, channel)).collect();
        assert!(state.files.contains_key("behaviour.json"), "{release}");
        assert!(release != "0.1.0" || directions.iter().all(|path| state.files.contains_key(path)), "{release}");
        assert!(state.files.keys().all(|path| source::is_compared(path)), "{release}");
    }
}

#[test]
fn notices_messages_that_no_longer_decode() {
    let (_, channel) = channels().next().expect("a channel");
    let vector = |text: &str| ReleasedVector { id: "one".into(), text: Some(text.into()), binary: None };
    assert!(is_read(channel, &vector(r#"{"type":"ping","ts":1}"#)));
    assert!(!is_read(channel, &vector(r#"{"type":"pong","ts":1}"#)));
    assert_eq!(json(channel, &vector("{\"ts\":1}")), Some(serde_json::json!({ "ts": 1 })));
}
