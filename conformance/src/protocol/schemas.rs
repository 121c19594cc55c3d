//! The JSON Schemas of a protocol's messages: read from the folder, made whole, and compiled when a message first needs them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::error::{Problem, ProtocolError};
use super::located::{Places, escaped};
use super::source::{Source, whole};

/// The schema of one message.
#[derive(Debug)]
pub struct MessageSchema {
    /// The schema, with all that it refers to below `$defs`.
    pub schema: Value,
    /// Where it comes from, for reports: `chat/messages/hi.schema.json`.
    pub origin: String,
    validator: OnceLock<Validator>,
}

impl MessageSchema {
    pub(super) fn new(schema: Value, origin: String) -> Self {
        Self { schema, origin, validator: OnceLock::new() }
    }

    /// The compiled schema. It was checked when the protocol was loaded.
    pub fn validator(&self) -> Result<&Validator, String> {
        if let Some(validator) = self.validator.get() {
            return Ok(validator);
        }
        let compiled = compile(&self.schema)?;
        Ok(self.validator.get_or_init(|| compiled))
    }
}

fn compile(schema: &Value) -> Result<Validator, String> {
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
    options.build(schema).map_err(|error| error.to_string())
}

/// Reads schemas of one protocol; each file once.
pub(super) struct SchemaReader<'s> {
    source: &'s Source,
    files: BTreeMap<String, (Value, String)>,
}

impl<'s> SchemaReader<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self { source, files: BTreeMap::new() }
    }

    /// The schema that a reference names, `FILE` or `FILE#/pointer`, with everything that it refers to.
    ///
    /// # Errors
    /// If a file cannot be read, a schema is invalid, or a reference leads nowhere or to another host.
    pub(super) fn read(&mut self, reference: &str) -> Result<MessageSchema, ProtocolError> {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let shown = self.source.shown(file);
        let document = self.file(file)?.clone();
        let Some(part) = document.pointer(pointer) else {
            return Err(whole(shown, Problem::DanglingReference(reference.to_owned())));
        };
        let mut bundle = Bundle { reader: self, definitions: Map::new(), names: BTreeMap::new() };
        let schema = bundle.inlined(part, file, pointer)?;
        let definitions = bundle.definitions;
        let schema = with_definitions(schema, definitions);
        if let Err(error) = jsonschema::meta::validate(&schema) {
            let path = format!("{pointer}{}", error.instance_path().as_str());
            return Err(self.failed(file, &path, Problem::Schema(error.to_string())));
        }
        compile(&schema).map_err(|error| whole(shown.clone(), Problem::Schema(error)))?;
        Ok(MessageSchema::new(schema, self.source.shown(reference)))
    }

    /// A schema that stands in the definition itself. It refers to files relative to the folder, and to its own parts.
    ///
    /// # Errors
    /// If it is invalid.
    pub(super) fn inline(&mut self, schema: Value, origin: String) -> Result<MessageSchema, Problem> {
        if let Err(error) = jsonschema::meta::validate(&schema) {
            return Err(Problem::Schema(error.to_string()));
        }
        const NAME: &str = "(inline)";
        self.files.insert(NAME.to_owned(), (schema, String::new()));
        let read = self.read(NAME).map_err(|error| error.problem)?;
        Ok(MessageSchema { origin, ..read })
    }

    fn file(&mut self, name: &str) -> Result<&Value, ProtocolError> {
        if !self.files.contains_key(name) {
            let text = self.source.read(name)?;
            let value: Value = serde_saphyr::from_str(&text).map_err(|error| {
                let place = error.location().map_or_else(Default::default, |at| crate::scenario::Place {
                    line: at.line(),
                    column: at.column(),
                });
                let problem = Problem::Form(error.without_snippet().to_string());
                ProtocolError { file: self.source.shown(name), place, problem }
            })?;
            self.files.insert(name.to_owned(), (value, text));
        }
        Ok(&self.files[name].0)
    }

    fn failed(&self, file: &str, path: &str, problem: Problem) -> ProtocolError {
        let text = self.files.get(file).map_or("", |(_, text)| text);
        ProtocolError { file: self.source.shown(file), place: Places::of(text).of_path(path), problem }
    }
}

/// A schema on its way to stand alone: what it refers to is copied below `$defs`.
struct Bundle<'r, 's> {
    reader: &'r mut SchemaReader<'s>,
    definitions: Map<String, Value>,
    /// The names of what was copied, by file and pointer.
    names: BTreeMap<(String, String), String>,
}

impl Bundle<'_, '_> {
    fn inlined(&mut self, schema: &Value, file: &str, path: &str) -> Result<Value, ProtocolError> {
        match schema {
            Value::Object(members) => {
                let mut whole = Map::new();
                for (key, member) in members {
                    let inner = format!("{path}/{}", escaped(key));
                    let member = match (key.as_str(), member) {
                        ("$ref", Value::String(reference)) => self.reference(reference, file, &inner)?.into(),
                        ("$defs" | "definitions", _) if path.is_empty() || !path.contains("/$defs") => continue,
                        ("$id" | "$schema", _) => continue,
                        ("const" | "enum" | "default" | "examples", _) => member.clone(),
                        _ => self.inlined(member, file, &inner)?,
                    };
                    whole.insert(key.clone(), member);
                }
                Ok(whole.into())
            }
            Value::Array(elements) => {
                let elements = elements.iter().zip(0..);
                let elements = elements.map(|(element, at)| self.inlined(element, file, &format!("{path}/{at}")));
                Ok(Value::Array(elements.collect::<Result<_, _>>()?))
            }
            other => Ok(other.clone()),
        }
    }

    fn reference(&mut self, reference: &str, file: &str, path: &str) -> Result<String, ProtocolError> {
        if reference.contains("://") || reference.starts_with("//") {
            return Err(self.reader.failed(file, path, Problem::RemoteReference(reference.to_owned())));
        }
        let (target, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let target = if target.is_empty() { file.to_owned() } else { beside(file, target) };
        let key = (target.clone(), pointer.to_owned());
        if let Some(name) = self.names.get(&key) {
            return Ok(format!("#/$defs/{name}"));
        }
        let dangling = || Problem::DanglingReference(reference.to_owned());
        if target != file && !self.reader.source.has(&target) {
            return Err(self.reader.failed(file, path, dangling()));
        }
        let part = self.reader.file(&target)?.pointer(pointer).cloned();
        let Some(part) = part else { return Err(self.reader.failed(file, path, dangling())) };
        let name = self.name(pointer, &target);
        self.names.insert(key, name.clone());
        let part = self.inlined(&part, &target, pointer)?;
        self.definitions.insert(name.clone(), part);
        Ok(format!("#/$defs/{name}"))
    }

    /// A name that no other definition has.
    fn name(&self, pointer: &str, file: &str) -> String {
        let stem = || file.rsplit('/').next().unwrap_or(file).split('.').next().unwrap_or(file).to_owned();
        let wanted = pointer.rsplit('/').next().filter(|name| !name.is_empty()).map_or_else(stem, str::to_owned);
        let is_free = |name: &String| !self.names.values().any(|known| known == name);
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        std::iter::once(wanted.clone()).chain(numbered).find(is_free).unwrap_or(wanted)
    }
}

fn with_definitions(schema: Value, definitions: Map<String, Value>) -> Value {
    match schema {
        Value::Object(mut members) if !definitions.is_empty() => {
            members.insert("$defs".to_owned(), definitions.into());
            members.into()
        }
        Value::Bool(_) | Value::Object(_) => schema,
        other => json!({ "const": other }),
    }
}

/// A name relative to that of a file.
fn beside(file: &str, target: &str) -> String {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." if !parts.is_empty() && parts.last() != Some(&"..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
