//! A schema document in the form that the comparison works on: without annotations, with number formats written as ranges, and with
//! references to its own definitions alone. What it cannot bring into this form it refuses; nothing here compares.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};

/// Keywords that say nothing about which values are valid. `default` stays: whoever reads a message fills it in.
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

/// The integer formats of schemars, with the values that the types behind them take.
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
    /// The whole, definitions below `$defs`.
    pub(crate) root: Value,
}

/// Why a schema cannot be compared: what stands in it, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) at: String,
    pub(crate) why: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at `#{}`", self.why, self.at)
    }
}

impl std::error::Error for Unreadable {}

impl Document {
    /// Reads a schema.
    ///
    /// # Errors
    /// Where it refers to something outside of it, or is no schema.
    pub(crate) fn read(schema: &Value) -> Result<Self, Unreadable> {
        let mut root = normal(schema, "")?;
        if let Some(older) = root.as_object_mut().and_then(|root| root.remove("definitions")) {
            root["$defs"] = older;
        }
        let document = Self { root };
        document.check_references(&document.root, "")?;
        Ok(document)
    }

    /// What a reference names; null where it names nothing in this document.
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

    fn check_references(&self, schema: &Value, at: &str) -> Result<(), Unreadable> {
        if let Some(reference) = schema.get("$ref") {
            let known = reference.as_str().is_some_and(|name| !self.target(name).is_null());
            if !known {
                return Err(Unreadable { at: at.into(), why: format!("the reference {reference} names nothing here") });
            }
        }
        each(schema, &mut |part, key| self.check_references(part, &format!("{at}{key}")))
    }

    /// The names of definitions that are the same in both documents, together with all that they refer to.
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

/// Whether every reference of a schema names one of these definitions.
pub(crate) fn refers_within(schema: &Value, names: &BTreeSet<String>) -> bool {
    let own = schema.get("$ref").and_then(Value::as_str);
    let fine = own.is_none_or(|own| own.strip_prefix("#/$defs/").is_some_and(|name| names.contains(&unescaped(name))));
    fine && each(schema, &mut |part, _| if refers_within(part, names) { Ok(()) } else { Err(()) }).is_ok()
}

/// Calls a function for each schema that stands directly in another, with the end of its pointer.
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

/// A name as it stands in a JSON pointer (RFC 6901).
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

fn normal(schema: &Value, at: &str) -> Result<Value, Unreadable> {
    let wrong = |why: String| Err(Unreadable { at: at.into(), why });
    let members = match schema {
        Value::Bool(_) => return Ok(schema.clone()),
        Value::Object(members) => members,
        _ => return wrong(format!("a schema is an object or a boolean, not {schema}")),
    };
    let mut result = Map::new();
    for (keyword, value) in members {
        let name = keyword.as_str();
        let below = format!("{at}/{name}");
        let value = match name {
            _ if ANNOTATIONS.contains(&name) || name.starts_with("x-") => continue,
            "$anchor" | "$dynamicAnchor" | "$dynamicRef" | "$recursiveRef" => {
                return wrong(format!("`{name}` is not understood"));
            }
            "$defs" if !at.is_empty() => return wrong("definitions stand at the root of a document".into()),
            "$ref" => {
                let text = value.as_str().unwrap_or_default();
                text.replace("#/definitions/", "#/$defs/").into()
            }
            _ if ONE.contains(&name) => normal(value, &below)?,
            _ if SEVERAL.contains(&name) => {
                let parts = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let parts = parts.iter().enumerate().map(|(index, part)| normal(part, &format!("{below}/{index}")));
                parts.collect::<Result<Vec<_>, _>>()?.into()
            }
            "definitions" => normal_names(value, &below)?,
            _ if NAMED.contains(&name) => normal_names(value, &below)?,
            _ => value.clone(),
        };
        result.insert(keyword.clone(), value);
    }
    ranged(&mut result);
    Ok(result.into())
}

fn normal_names(value: &Value, at: &str) -> Result<Value, Unreadable> {
    let parts = value.as_object().into_iter().flatten();
    let parts = parts.map(|(name, part)| Ok((name.clone(), normal(part, &format!("{at}/{}", escaped(name)))?)));
    parts.collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

/// Writes formats that the validator does not know as what they stand for: numbers as ranges, addresses as those of either kind.
fn ranged(members: &mut Map<String, Value>) {
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
