//! From files to a definition: reads it, applies it to the protocol that it extends, and says what is wrong, with its place.

use std::path::{Path, PathBuf};

use relayspec::protocol::Definition;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{Problem, ProtocolError};
use super::located::Places;
use super::source::{Source, whole};
use super::{BUILT_IN, built_in};
use crate::scenario::{Place, yaml};

/// A definition, and the documents that it was made of.
pub(super) struct Read {
    pub(super) definition: Definition,
    pub(super) source: Source,
    /// The definition that this one extends, whose files it may name too.
    pub(super) base: Option<Box<Read>>,
    document: Document,
}

/// A definition as it is written.
struct Document {
    file: String,
    text: String,
    value: Value,
}

/// How far definitions may extend each other.
const DEEPEST: usize = 8;

/// Reads a definition, and what it extends.
///
/// # Errors
/// If a file cannot be read, has not the form of a definition, or extends itself.
pub(super) fn read(source: Source) -> Result<Read, ProtocolError> {
    extended(source, &mut Vec::new())
}

fn extended(source: Source, chain: &mut Vec<String>) -> Result<Read, ProtocolError> {
    let mut document = Document::read(&source)?;
    chain.push(source.identity());
    let base = match document.value.get("extends").cloned() {
        None => None,
        Some(Value::String(name)) => {
            let from = named(&name, source.folder()).map_err(|problem| document.failed("/extends", problem))?;
            let file = from.identity();
            if chain.contains(&file) || chain.len() == DEEPEST {
                chain.push(file);
                return Err(document.failed("/extends", Problem::Circle(chain.join(" → "))));
            }
            Some(Box::new(extended(from, chain)?))
        }
        Some(_) => {
            let problem = "expected the name of a protocol, or a folder: `extends: pairing`".to_owned();
            return Err(document.failed("/extends", Problem::Form(problem)));
        }
    };
    if let Some(base) = &base {
        let mut merged = base.document.value.clone();
        merge(&mut merged, &document.value);
        document.value = merged;
    }
    let definition = document.definition(base.is_some())?;
    Ok(Read { definition, source, base, document })
}

impl Read {
    /// An error about a part of the definition. What stands in the base alone is an error about the base.
    pub(super) fn failed(&self, path: &str, problem: Problem) -> ProtocolError {
        match &self.base {
            Some(base) if !self.document.has(path) && base.document.value.pointer(path).is_some() => {
                base.failed(path, problem)
            }
            _ => self.document.failed(path, problem),
        }
    }
}

impl Document {
    fn read(source: &Source) -> Result<Self, ProtocolError> {
        let text = source.read(source.main())?;
        let file = source.shown(source.main());
        if text.trim().is_empty() {
            let problem = "the file is empty: a protocol has at least `name`, `roles` and `messages`".to_owned();
            return Err(whole(file, Problem::Form(problem)));
        }
        let value = parse(&text).map_err(|(place, problem)| ProtocolError { file: file.clone(), place, problem })?;
        Ok(Self { file, text, value })
    }

    /// The definition. Read from the text itself if it stands alone, so that errors have exact places.
    fn definition(&self, is_merged: bool) -> Result<Definition, ProtocolError> {
        if is_merged {
            return serde_json::from_value(self.value.clone())
                .map_err(|error| whole(self.file.clone(), Problem::Form(error.to_string())));
        }
        parse(&self.text).map_err(|(place, problem)| ProtocolError { file: self.file.clone(), place, problem })
    }

    fn has(&self, path: &str) -> bool {
        parse::<Value>(&self.text).is_ok_and(|value| value.pointer(path).is_some())
    }

    fn failed(&self, path: &str, problem: Problem) -> ProtocolError {
        ProtocolError { file: self.file.clone(), place: Places::of(&self.text).of_path(path), problem }
    }
}

/// The source of a protocol by the name of a built-in one, or the path of its folder or file.
pub(super) fn named(name: &str, beside: Option<&Path>) -> Result<Source, Problem> {
    if let Some(source) = built_in(name) {
        return Ok(source);
    }
    let path = beside.map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
    if !path.exists() {
        return Err(Problem::UnknownProtocol { name: name.to_owned(), known: BUILT_IN.join(", ") });
    }
    Source::at(&path).map_err(|error| error.problem)
}

/// Changes a document as a JSON Merge Patch says (RFC 7396): members replace those of the same name, `null` takes one away.
fn merge(document: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = document else { return };
    for (name, change) in changes {
        if change.is_null() {
            members.shift_remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// Reads YAML, and JSON, which is YAML too.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, (Place, Problem)> {
    yaml::parse(text).map_err(|(place, problem)| (place, Problem::Form(problem)))
}
