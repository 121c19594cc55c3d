//! A schema document in normal form for the comparison: no annotations, number formats as ranges, and references only to its own
//! definitions. Schemas that have no such form are rejected.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};

/// Keywords that do not affect which values are valid. `default` is kept: readers fill it in.
const ANNOTATIONS: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "contentEncoding",
    "contentMediaType",
];

/// Keywords whose value is one schema, several, or several by name.
const ONE: &[&str] = &[
    "items",
    "additionalProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contains",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
];
const SEVERAL: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: &[&str] = &["properties", "patternProperties", "dependentSchemas", "$defs"];

/// The integer formats of schemars, with the ranges of their types.
const WHOLE: &[(&str, i128, i128)] = &[
    ("int8", i8::MIN as i128, i8::MAX as i128),
    ("int16", i16::MIN as i128, i16::MAX as i128),
    ("int32", i32::MIN as i128, i32::MAX as i128),
    ("int64", i64::MIN as i128, i64::MAX as i128),
    ("int", i64::MIN as i128, i64::MAX as i128),
    ("uint8", 0, u8::MAX as i128),
    ("uint16", 0, u16::MAX as i128),
    ("uint32", 0, u32::MAX as i128),
    ("uint64", 0, u64::MAX as i128),
    ("uint", 0, u64::MAX as i128),
];

/// A schema with its definitions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    /// The root, with the definitions below `$defs`.
    pub(crate) root: Value,
}

/// Why a schema cannot be compared, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnsupportedSchema {
    pub(crate) at: String,
    pub(crate) why: String,
}

impl fmt::Display for UnsupportedSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at `#{}`", self.why, self.at)
    }
}

impl std::error::Error for UnsupportedSchema {}

impl Document {
    /// Reads a schema.
    pub(crate) fn read(schema: &Value) -> Result<Self, UnsupportedSchema> {
        let mut root = normalized(schema, "")?;
        if let Some(older) = root.as_object_mut().and_then(|root| root.remove("definitions")) {
            root["$defs"] = older;
        }
        let document = Self { root };
        document.check_references(&document.root, "")?;
        Ok(document)
    }

    /// The target of a reference; null if it has none in this document.
    pub(crate) fn target(&self, reference: &str) -> &Value {
        match reference.strip_prefix("#/$defs/") {
            Some(name) => self.root.get("$defs").and_then(|all| all.get(unescaped(name))).unwrap_or(&Value::Null),
            None if reference == "#" => &self.root,
            None => &Value::Null,
        }
    }

    /// The definitions by name.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.root.get("$defs").and_then(Value::as_object).into_iter().flatten()
    }

    fn check_references(&self, schema: &Value, at: &str) -> Result<(), UnsupportedSchema> {
        if let Some(reference) = schema.get("$ref") {
            let known = reference.as_str().is_some_and(|name| !self.target(name).is_null());
            if !known {
                return Err(UnsupportedSchema {
                    at: at.into(),
                    why: format!("the reference {reference} has no target in this document"),
                });
            }
        }
        each(schema, &mut |part, key| self.check_references(part, &format!("{at}{key}")))
    }

    /// The names of definitions that are the same in both documents, including everything that they refer to.
    pub(crate) fn same_definitions(&self, other: &Self) -> BTreeSet<String> {
        let equal = |name: &String, one: &Value| other.root["$defs"].get(name) == Some(one);
        let mut same: BTreeSet<String> =
            self.definitions().filter(|(name, one)| equal(name, one)).map(|(name, _)| name.clone()).collect();
        loop {
            let all = same.len();
            let still: BTreeSet<_> =
                same.iter().filter(|name| refers_within(&self.root["$defs"][*name], &same)).cloned().collect();
            same = still;
            if same.len() == all {
                return same;
            }
        }
    }
}

/// Whether every reference of a schema leads to one of these definitions.
pub(crate) fn refers_within(schema: &Value, names: &BTreeSet<String>) -> bool {
    let own = schema.get("$ref").and_then(Value::as_str);
    let own_fits =
        own.is_none_or(|own| own.strip_prefix("#/$defs/").is_some_and(|name| names.contains(&unescaped(name))));
    own_fits && each(schema, &mut |part, _| if refers_within(part, names) { Ok(()) } else { Err(()) }).is_ok()
}

/// Calls a function for each direct subschema, with the end of its pointer.
pub(crate) fn each<'a, E>(schema: &'a Value, visit: &mut dyn FnMut(&'a Value, &str) -> Result<(), E>) -> Result<(), E> {
    for (keyword, value) in schema.as_object().into_iter().flatten() {
        let name = keyword.as_str();
        if ONE.contains(&name) {
            visit(value, &format!("/{name}"))?;
        } else if SEVERAL.contains(&name) {
            for (index, part) in value.as_array().into_iter().flatten().enumerate() {
                visit(part, &format!("/{name}/{index}"))?;
            }
        } else if NAMED.contains(&name) {
            for (key, part) in value.as_object().into_iter().flatten() {
                visit(part, &format!("/{name}/{}", escaped(key)))?;
            }
        }
    }
    Ok(())
}

/// Escapes a name for a JSON pointer (RFC 6901).
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reverses [`escaped`].
pub(crate) fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

fn normalized(schema: &Value, at: &str) -> Result<Value, UnsupportedSchema> {
    let wrong = |why: String| Err(UnsupportedSchema { at: at.into(), why });
    let members = match schema {
        Value::Bool(_) => return Ok(schema.clone()),
        Value::Object(members) => members,
        _ => return wrong(format!("expected an object or a boolean, got {schema}")),
    };
    let mut result = Map::new();
    for (keyword, value) in members {
        let name = keyword.as_str();
        let below = format!("{at}/{name}");
        let value = match name {
            _ if ANNOTATIONS.contains(&name) || name.starts_with("x-") => continue,
            "$anchor" | "$dynamicAnchor" | "$dynamicRef" | "$recursiveRef" => {
                return wrong(format!("unsupported keyword `{name}`"));
            }
            "$defs" if !at.is_empty() => return wrong("`$defs` is only supported at the root".into()),
            "$ref" => {
                let text = value.as_str().unwrap_or_default();
                text.replace("#/definitions/", "#/$defs/").into()
            }
            _ if ONE.contains(&name) => normalized(value, &below)?,
            _ if SEVERAL.contains(&name) => {
                let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let parts = parts.iter().enumerate().map(|(index, part)| normalized(part, &format!("{below}/{index}")));
                parts.collect::<Result<Vec<_>, _>>()?.into()
            }
            _ if name == "definitions" || NAMED.contains(&name) => normalized_names(value, &below)?,
            _ => value.clone(),
        };
        result.insert(keyword.clone(), value);
    }
    replace_formats(&mut result);
    Ok(result.into())
}

fn normalized_names(value: &Value, at: &str) -> Result<Value, UnsupportedSchema> {
    let parts = value.as_object().into_iter().flatten();
    let parts = parts.map(|(name, part)| Ok((name.clone(), normalized(part, &format!("{at}/{}", escaped(name)))?)));
    parts.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

/// Replaces formats that the validator does not know: number formats by ranges, IP addresses by both versions.
fn replace_formats(members: &mut Map<String, Value>) {
    let Some(format) = members.get("format").and_then(Value::as_str) else { return };
    if matches!(format, "double" | "float") {
        members.remove("format");
        return;
    }
    if format == "ip" {
        members.remove("format");
        members.insert("anyOf".into(), json!([{ "format": "ipv4" }, { "format": "ipv6" }]));
        return;
    }
    let Some((_, least, most)) = WHOLE.iter().find(|(name, ..)| *name == format) else { return };
    let bound = |members: &Map<String, Value>, name: &str| members.get(name).and_then(Value::as_f64);
    if bound(members, "minimum").is_none_or(|own| own < *least as f64) {
        members.insert("minimum".into(), whole(*least));
    }
    if bound(members, "maximum").is_none_or(|own| own > *most as f64) {
        members.insert("maximum".into(), whole(*most));
    }
    members.remove("format");
}

fn whole(number: i128) -> Value {
    u64::try_from(number).map_or_else(|_| json!(i64::try_from(number).unwrap_or(i64::MIN)), |number| json!(number))
}
