//! The analysis of one of the two schemas under comparison: its validators, its references, and the shapes of its values.
//!
//! A `oneOf` counts as the union of its branches. If they may overlap, the union is too large, and [`Shapes::exact`] is false.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use jsonschema::Validator;
use jsonschema::draft202012;
use serde_json::{Map, Value, json};

use super::document::Document;
use super::intersect;
use super::shape::{Conjunction, Shape, is_never};

/// With more shapes than this, nothing is decided.
const MOST: usize = 512;
/// The longest chain of references.
const DEEPEST: usize = 40;

/// The keywords that are only compared by their text.
const RULES: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "contains",
    "minContains",
    "maxContains",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "unevaluatedItems",
];

/// A schema and what has been found out about it so far.
pub(super) struct SchemaAnalysis {
    pub(super) document: Document,
    validators: RefCell<HashMap<String, Option<Rc<Validator>>>>,
    shapes: RefCell<HashMap<String, Option<Rc<Shapes>>>>,
    /// The names of definitions that are the same in the other schema.
    pub(super) shared: BTreeSet<String>,
}

/// The shapes of the values that a schema accepts.
#[derive(Debug, Clone, Default)]
pub(super) struct Shapes {
    pub(super) all: Vec<Shape>,
    /// Whether the schema accepts all values of these shapes.
    pub(super) exact: bool,
}

impl SchemaAnalysis {
    pub(super) fn new(document: Document, shared: BTreeSet<String>) -> Self {
        Self { document, validators: RefCell::default(), shapes: RefCell::default(), shared }
    }

    /// The schemas that the whole message has to meet.
    pub(super) fn root(&self) -> Conjunction {
        vec![Rc::new(without_definitions(&self.document.root))]
    }

    /// Whether a value meets all of these schemas, according to the validator. A schema that the validator rejects accepts nothing.
    pub(super) fn accepts(&self, all: &Conjunction, value: &Value) -> bool {
        let quick: Vec<_> = all.iter().map(|schema| quickly(schema, value)).collect();
        if quick.contains(&Some(false)) {
            return false;
        }
        if quick.iter().all(|accepted| *accepted == Some(true)) {
            return true;
        }
        let known = self.validators.borrow().get(&key(all)).cloned();
        let validator = known.unwrap_or_else(|| {
            let built = self.validator(all).map(Rc::new);
            self.validators.borrow_mut().insert(key(all), built.clone());
            built
        });
        validator.is_some_and(|validator| validator.is_valid(value))
    }

    fn validator(&self, all: &Conjunction) -> Option<Validator> {
        let mut whole = Map::new();
        if let Some(definitions) = self.document.root.get("$defs") {
            whole.insert("$defs".into(), definitions.clone());
        }
        whole.insert("allOf".into(), all.iter().map(|one| rerooted(one)).collect::<Vec<_>>().into());
        // A reference to the root would find this wrapper.
        let root = without_definitions(&self.document.root);
        if let Some(definitions) = whole.entry("$defs").or_insert_with(|| json!({})).as_object_mut() {
            definitions.values_mut().for_each(|one| *one = rerooted(one));
            definitions.insert(ROOT.into(), rerooted(&root));
        }
        draft202012::options().should_validate_formats(true).build(&whole.into()).ok()
    }

    /// The shapes of the values that meet all of these schemas; `None` if a schema is not understood.
    pub(super) fn shapes(&self, all: &Conjunction) -> Option<Rc<Shapes>> {
        let name = key(all);
        if let Some(known) = self.shapes.borrow().get(&name) {
            return known.clone();
        }
        let found = self.conjunction(all, 0).map(Rc::new);
        self.shapes.borrow_mut().insert(name, found.clone());
        found
    }

    fn conjunction(&self, all: &Conjunction, depth: usize) -> Option<Shapes> {
        let mut result = Shapes { all: Shape::any(), exact: true };
        if is_never(all) {
            return Some(Shapes { all: Vec::new(), exact: true });
        }
        for (index, schema) in all.iter().enumerate() {
            let one = self.one(schema, depth)?;
            result = if index == 0 { one } else { self.both(&result, &one)? };
        }
        // Constants were kept from every part; the validator decides which of them meet all parts.
        result.all.retain(|shape| !matches!(shape, Shape::Const(value) if !self.accepts(all, value)));
        Some(result)
    }

    fn one(&self, schema: &Rc<Value>, depth: usize) -> Option<Shapes> {
        let members = match &**schema {
            Value::Bool(true) => return Some(Shapes { all: Shape::any(), exact: true }),
            Value::Object(members) if depth < DEEPEST => members,
            Value::Bool(false) => return Some(Shapes { all: Vec::new(), exact: true }),
            _ => return None,
        };
        let mut result = Shapes { all: intersect::own(members)?, exact: true };
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let target = Rc::new(without_definitions(self.document.target(reference)));
            result = self.both(&result, &self.one(&target, depth + 1)?)?;
        }
        for part in parts(members, "allOf") {
            result = self.both(&result, &self.one(&part, depth + 1)?)?;
        }
        for keyword in ["anyOf", "oneOf"] {
            if !members.contains_key(keyword) {
                continue;
            }
            let branches = parts(members, keyword);
            let mut union = Shapes { all: Vec::new(), exact: true };
            let mut expanded = Vec::new();
            for branch in &branches {
                let one = self.one(branch, depth + 1)?;
                union.exact &= one.exact;
                expanded.push(one.all);
            }
            if keyword == "oneOf" {
                union.exact &= self.are_disjoint(&expanded);
            }
            union.all = expanded.into_iter().flatten().collect();
            result = self.both(&result, &union)?;
        }
        let rules: Vec<_> = RULES.iter().filter_map(|name| Some((*name, members.get(*name)?))).collect();
        if !rules.is_empty() {
            let text = rules.iter().map(|(name, rule)| format!("{name}:{rule}")).collect::<Vec<_>>().join(",");
            // The validator applies rules to constants; the other shapes compare them by their text.
            result.all.iter_mut().filter_map(Shape::rules_mut).for_each(|rules| {
                rules.insert(text.clone());
            });
        }
        if members.get("unevaluatedProperties") == Some(&Value::Bool(false)) {
            // Members that only a condition names are allowed too: then these shapes are incomplete.
            if rules.iter().any(|(_, rule)| rule.to_string().contains("\"properties\"")) {
                result.exact = false;
                self.open_by_rules(&mut result, &rules)?;
            }
            for shape in &mut result.all {
                if let Shape::Object(object) = shape
                    && object.rest.is_empty()
                {
                    object.rest = vec![Rc::new(Value::Bool(false))];
                }
            }
        } else if members.contains_key("unevaluatedProperties") {
            return None;
        }
        let own = vec![Rc::clone(schema)];
        result.all.retain(|shape| !matches!(shape, Shape::Const(value) if !self.accepts(&own, value)));
        (result.all.len() <= MOST).then_some(result)
    }

    /// Gives up on shapes whose conditions name members that no other keyword names.
    fn open_by_rules(&self, shapes: &mut Shapes, rules: &[(&str, &Value)]) -> Option<()> {
        let mut named = BTreeSet::new();
        rules.iter().for_each(|(_, rule)| names(rule, &mut named));
        let known = |object: &super::shape::ObjectShape| named.iter().all(|name| object.members.contains_key(name));
        let fine = shapes.all.iter().all(|shape| !matches!(shape, Shape::Object(object) if !known(object)));
        shapes.exact = fine;
        fine.then_some(())
    }

    fn both(&self, a: &Shapes, b: &Shapes) -> Option<Shapes> {
        let mut all = Vec::new();
        for shape in a.all.iter().chain(&b.all) {
            if let Shape::Const(value) = shape
                && !all.iter().any(|known| matches!(known, Shape::Const(known) if known == value))
            {
                all.push(shape.clone());
            }
        }
        for one in &a.all {
            for other in &b.all {
                all.extend(intersect::intersection(one, other));
                if all.len() > MOST {
                    return None;
                }
            }
        }
        Some(Shapes { all, exact: a.exact && b.exact })
    }
}

/// Whether a schema accepts a value, if that is obvious.
fn quickly(schema: &Value, value: &Value) -> Option<bool> {
    let members = match schema {
        Value::Bool(accepts) => return Some(*accepts),
        Value::Object(members) => members,
        _ => return None,
    };
    if let (Some(Value::String(kind)), Value::Null | Value::Bool(_) | Value::String(_)) = (members.get("type"), value) {
        let own = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            _ => "string",
        };
        if kind != own {
            return Some(false);
        }
    }
    match (members.len(), members.get("const")) {
        (0, _) => Some(true),
        (1, Some(constant)) if !value.is_number() => Some(constant == value),
        _ => None,
    }
}

/// The key of a conjunction in tables.
pub(super) fn key(all: &Conjunction) -> String {
    all.iter().map(|schema| schema.to_string()).collect::<Vec<_>>().join("&")
}

fn parts(members: &Map<String, Value>, keyword: &str) -> Vec<Rc<Value>> {
    intersect::items(members, keyword).cloned().map(Rc::new).collect()
}

fn without_definitions(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.remove("$defs");
    }
    schema
}

fn names(schema: &Value, found: &mut BTreeSet<String>) {
    for (name, part) in schema.as_object().into_iter().flatten() {
        if name == "properties" {
            found.extend(part.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        } else {
            names(part, found);
        }
    }
    schema.as_array().into_iter().flatten().for_each(|part| names(part, found));
}

/// The name of the root among the definitions of a wrapper.
const ROOT: &str = "the-whole";

/// A schema whose references to the root point into a wrapper.
fn rerooted(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let part = |(name, value): (&String, &Value)| match name.as_str() {
                "$ref" if value == "#" => (name.clone(), json!(format!("#/$defs/{ROOT}"))),
                "const" | "enum" | "default" => (name.clone(), value.clone()),
                _ => (name.clone(), rerooted(value)),
            };
            Value::Object(members.iter().map(part).collect())
        }
        Value::Array(items) => items.iter().map(rerooted).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}
