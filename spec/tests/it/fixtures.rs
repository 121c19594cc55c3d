//! The golden vectors in `fixtures/`: serde and the schemas must agree with every verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use relayspec::family::{Channel, FAMILIES, Family};
use serde::Deserialize;
use serde_json::Value;

use crate::schemas::Schemas;
use crate::vectors::{self, Verdict, equal};

pub(crate) struct VectorFile {
    pub(crate) family: &'static Family,
    pub(crate) channel: &'static Channel,
    pub(crate) path: String,
    pub(crate) vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    id: String,
    verdict: Verdict,
    rule: String,
    why: String,
    text: Option<String>,
    hex: Option<String>,
    parts: Option<Vec<TextPart>>,
    message: Option<Value>,
    binary: Option<Value>,
    frame: Option<Value>,
    /// The encoder's output if it differs from the input, as hexadecimal digits.
    canonical: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextPart {
    text: String,
    times: usize,
}

pub(crate) fn files() -> Vec<VectorFile> {
    let root = vectors::root();
    let families = names_in(&root).into_iter().filter_map(|name| Family::named(&name));
    let vectors = |family: &'static Family| {
        let names = names_in(&root.join(family.name)).into_iter().filter(|name| name.ends_with(".json"));
        names.map(|name| read(&root, family, &name)).collect::<Vec<_>>()
    };
    families.flat_map(vectors).collect()
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry of the folder").file_name().to_string_lossy().into_owned()).collect()
}

fn read(root: &Path, family: &'static Family, name: &str) -> VectorFile {
    let path = format!("{}/{name}", family.name);
    let channel = family.channels.iter().find(|channel| format!("{}.json", channel.direction) == name);
    let channel = channel.unwrap_or_else(|| panic!("{path} does not have the name of a direction"));
    let text = fs::read_to_string(root.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let vectors = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    VectorFile { family, channel, path, vectors }
}

impl Vector {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn bytes(&self) -> Vec<u8> {
        match (&self.text, &self.hex, &self.parts, &self.binary) {
            (Some(text), None, None, None) => text.clone().into_bytes(),
            (None, Some(hex), None, None) => unhex(hex).unwrap_or_else(|| panic!("`{}`: `hex` is invalid", self.id)),
            (None, None, Some(parts), None) => joined(parts).into_bytes(),
            (None, None, None, Some(hex)) => unhexed(hex),
            _ => panic!("`{}` needs exactly one of `text`, `hex`, `parts` and `binary`", self.id),
        }
    }

    /// The bytes of a binary message, and the frame that an accepted one decodes to; `None` for text.
    pub(crate) fn binary(&self) -> Option<(Vec<u8>, Option<Value>)> {
        self.binary.as_ref().map(|hex| (unhexed(hex), self.frame.clone().map(expanded)))
    }

    pub(crate) fn canonical(&self) -> Option<Vec<u8>> {
        self.canonical.as_deref().and_then(unhex).or_else(|| self.binary.as_ref().map(unhexed))
    }

    pub(crate) fn message(&self) -> Option<Value> {
        self.message.clone().map(expanded)
    }
}

fn unhex(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair.len() == 2)).collect()
}

/// The bytes of a hexadecimal string, which may be given as an object whose only member is `parts`.
fn unhexed(hex: &Value) -> Vec<u8> {
    let hex = expanded(hex.clone());
    hex.as_str().and_then(unhex).unwrap_or_else(|| panic!("not a hexadecimal string: {hex}"))
}

fn joined(parts: &[TextPart]) -> String {
    parts.iter().map(|part| part.text.repeat(part.times)).collect()
}

/// A long string in a `message` or `frame` is an object whose only member is `parts`.
fn expanded(value: Value) -> Value {
    match value {
        Value::Object(mut members) if members.len() == 1 && members.contains_key("parts") => {
            let parts: Vec<TextPart> = serde_json::from_value(members["parts"].take()).expect("parts of a string");
            joined(&parts).into()
        }
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, expanded(value))).collect(),
        Value::Array(items) => items.into_iter().map(expanded).collect(),
        other => other,
    }
}

fn serde_disagrees(channel: &Channel, vector: &Vector, bytes: &[u8]) -> Option<String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return (vector.verdict == Verdict::Accept).then(|| "it is not UTF-8".to_owned());
    };
    match ((channel.canonical)(text), vector.message()) {
        (Err(_), None) => None,
        (Err(error), Some(_)) => Some(format!("it is not a message: {error}")),
        (Ok(canonical), None) => Some(format!("it is a message: {}", shown(&canonical))),
        (Ok(canonical), Some(message)) => {
            let read: Value = serde_json::from_str(&canonical).expect("canonical form is JSON");
            if !equal(&read, &message) {
                return Some(format!("it decodes to {}", shown(&canonical)));
            }
            let again = (channel.canonical)(&canonical);
            (again.as_ref() != Ok(&canonical)).then(|| format!("its canonical form decodes to {again:?}"))
        }
    }
}

fn codec_disagrees(channel: &Channel, vector: &Vector, bytes: &[u8]) -> Option<String> {
    let binary = channel.binary.unwrap_or_else(|| panic!("`{}`: the direction has no binary messages", vector.id));
    match ((binary.canonical)(bytes), vector.verdict) {
        (Ok(canonical), Verdict::Accept) if binary.packing.is_none() => {
            (canonical != bytes).then(|| format!("its canonical form is {canonical:?}"))
        }
        (Ok(canonical), Verdict::Accept) => {
            let packing = binary.packing?;
            let read = (packing.json)(&canonical);
            if !vector.message().zip(read.as_ref().ok()).is_some_and(|(message, read)| equal(read, &message)) {
                return Some(format!("it decodes to {}", shown(&format!("{read:?}"))));
            }
            let again = (binary.canonical)(&canonical);
            (again.as_ref() != Ok(&canonical)).then(|| format!("its canonical form decodes to {again:?}"))
        }
        (Ok(_), _) => Some("it is a message".to_owned()),
        (Err(error), verdict) => (verdict == Verdict::Accept).then(|| error.to_string()),
    }
}

fn schemas_disagree(schemas: &Schemas, vector: &Vector, bytes: &[u8]) -> Option<String> {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return (vector.verdict == Verdict::Accept).then(|| "it is not JSON in UTF-8".to_owned());
    };
    schemas_refuse(schemas, vector, &value)
}

/// Why the schemas disagree with the JSON form of a binary vector, if they do. Rejected ones are skipped: a `bin` and a `str` have the same form.
fn schemas_disagree_with_form(schemas: &Schemas, channel: &Channel, vector: &Vector, bytes: &[u8]) -> Option<String> {
    let packing = channel.binary?.packing.filter(|_| vector.verdict == Verdict::Accept)?;
    match (packing.json)(bytes) {
        Ok(value) => schemas_refuse(schemas, vector, &value),
        Err(error) => Some(format!("it has no JSON form: {error}")),
    }
}

fn schemas_refuse(schemas: &Schemas, vector: &Vector, value: &Value) -> Option<String> {
    match (vector.verdict, schemas.check(value)) {
        (Verdict::Accept, Err(problem)) => Some(problem),
        (Verdict::Reject, Ok(())) => Some("it is valid".to_owned()),
        _ => None,
    }
}

fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}

#[test]
fn serde_and_schemas_agree_with_every_vector() {
    let mut disagreements = Vec::new();
    for file in files() {
        let schemas = Schemas::of(file.family, file.channel);
        for vector in &file.vectors {
            let bytes = vector.bytes();
            let problems = if vector.binary.is_some() {
                let schema = schemas_disagree_with_form(&schemas, file.channel, vector, &bytes);
                vec![("the codec", codec_disagrees(file.channel, vector, &bytes)), ("the schema", schema)]
            } else {
                let schema = schemas_disagree(&schemas, vector, &bytes);
                vec![("serde", serde_disagrees(file.channel, vector, &bytes)), ("the schema", schema)]
            };
            for (name, problem) in problems {
                let Some(problem) = problem else { continue };
                let Vector { id, rule, verdict, .. } = vector;
                disagreements.push(format!("{} `{id}` ({rule}) says {verdict:?}, {name} says: {problem}", file.path));
            }
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

#[test]
fn vectors_are_well_formed() {
    for file in files() {
        let mut ids = BTreeSet::new();
        let mut frames = BTreeMap::new();
        for vector in &file.vectors {
            let at = format!("{} `{}`", file.path, vector.id);
            vectors::check_head(&file.path, &vector.id, Some(&vector.rule), &vector.why, &mut ids);
            let accepts = vector.verdict == Verdict::Accept;
            let is_binary = vector.binary.is_some();
            let is_frame = is_binary && file.channel.binary.is_some_and(|binary| binary.packing.is_none());
            let decoded = (vector.message.is_some(), vector.frame.is_some());
            let expected = (accepts && !is_frame, accepts && is_frame);
            assert_eq!(decoded, expected, "{at}: `message` or `frame` goes with `accept` only");
            let bytes = vector.bytes();
            let is_text = is_binary || std::str::from_utf8(&bytes).is_ok();
            assert_eq!(vector.hex.is_none(), is_text, "{at}: `hex` is for text that is not UTF-8 only");
            if let Some(twin) = frames.insert((is_binary, bytes), &vector.id) {
                panic!("{at}: the same frame as `{twin}`");
            }
        }
    }
}

#[test]
fn every_family_has_vectors_for_every_direction() {
    let files = files();
    for family in FAMILIES {
        let own: Vec<_> = files.iter().filter(|file| file.family.name == family.name).collect();
        let count: usize = own.iter().map(|file| file.vectors.len()).sum();
        assert!(count >= 80, "the family {} has {count} vectors", family.name);
        for channel in family.channels {
            let direction = channel.direction;
            assert!(own.iter().any(|file| file.channel.direction == direction), "there are no vectors for {direction}");
        }
    }
}

#[test]
fn every_message_is_accepted_and_rejected_somewhere() {
    for file in files() {
        let tags = file.vectors.iter().filter_map(|vector| Some((vector.verdict, tag(file.family, vector)?)));
        let tags: BTreeSet<_> = tags.collect();
        for message in (file.channel.schemas)() {
            for verdict in [Verdict::Accept, Verdict::Reject] {
                let name = message.name;
                // A message without members is decided by its tag alone.
                let has_members = message.schema["required"].as_array().is_some_and(|required| required.len() > 1);
                if verdict == Verdict::Reject && !has_members {
                    continue;
                }
                assert!(tags.contains(&(verdict, name.to_owned())), "{}: no {verdict:?} vector of `{name}`", file.path);
            }
        }
    }
}

#[test]
fn binary_messages_are_accepted_and_rejected_in_their_directions() {
    for file in files() {
        for verdict in [Verdict::Accept, Verdict::Reject] {
            let has = file.vectors.iter().any(|vector| vector.binary.is_some() && vector.verdict == verdict);
            assert_eq!(has, file.channel.binary.is_some(), "{}: {verdict:?} vectors in bytes", file.path);
        }
    }
}

fn tag(family: &Family, vector: &Vector) -> Option<String> {
    let value = vector.message().or_else(|| serde_json::from_slice(&vector.bytes()).ok())?;
    (family.naming.name)(&value).map(str::to_owned)
}
