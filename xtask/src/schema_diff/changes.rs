//! What differs between two schema documents, place by place, each with its rule. Whether a change breaks anyone is not asked here.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::edit::{Edit, What};
use super::rules::{self, Rule};
use crate::compat::document::{Document, escaped};

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) rule: Rule,
    /// One place, or several that belong together.
    pub(super) edits: Vec<Edit>,
}

/// Keywords that change together, and the rule of such a change.
const GROUPS: &[(Rule, &[&str])] = &[
    (rules::RANGE, &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    (rules::PATTERN, &["pattern"]),
    (rules::FORMAT, &["format"]),
    (rules::LENGTH, &["minLength", "maxLength"]),
    (rules::ITEMS, &["minItems", "maxItems", "uniqueItems"]),
    (rules::COUNT, &["minProperties", "maxProperties"]),
    (rules::CONSTANT, &["const"]),
    (rules::DEFAULT, &["default"]),
    (rules::REFERENCE, &["$ref"]),
    (
        rules::CONDITION,
        &[
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
        ],
    ),
];

/// All changes, in the order of the newer document.
pub(super) fn between(old: &Document, new: &Document) -> Vec<Change> {
    let mut walk = Walk { old, new, changes: Vec::new() };
    walk.schemas(&old.root, &new.root, "", "");
    for (name, definition) in new.definitions() {
        if let Some(older) = old.root["$defs"].get(name) {
            let at = format!("/$defs/{}", escaped(name));
            walk.schemas(older, definition, &at, &at);
        }
    }
    walk.changes
}

pub(super) struct Walk<'a> {
    pub(super) old: &'a Document,
    pub(super) new: &'a Document,
    changes: Vec<Change>,
}

/// Two schema objects at one place.
pub(super) struct Place<'a> {
    pub(super) old: &'a Map<String, Value>,
    pub(super) new: &'a Map<String, Value>,
    pub(super) old_at: &'a str,
    pub(super) new_at: &'a str,
}

impl Place<'_> {
    pub(super) fn edit(&self, what: What) -> Edit {
        Edit { old_at: self.old_at.to_owned(), new_at: self.new_at.to_owned(), what }
    }

    pub(super) fn keyword(&self, name: &str) -> Option<Edit> {
        let (old, new) = (self.old.get(name).cloned(), self.new.get(name).cloned());
        (old != new).then(|| self.edit(What::Keyword { name: name.to_owned(), old, new }))
    }

    fn has(&self, name: &str) -> bool {
        self.old.contains_key(name) || self.new.contains_key(name)
    }
}

impl Walk<'_> {
    pub(super) fn add(&mut self, rule: Rule, edits: Vec<Edit>) {
        if !edits.is_empty() {
            self.changes.push(Change { rule, edits });
        }
    }

    pub(super) fn schemas(&mut self, old: &Value, new: &Value, old_at: &str, new_at: &str) {
        let (Value::Object(older), Value::Object(newer)) = (old, new) else {
            if old != new {
                let what = What::Whole { old: old.clone(), new: new.clone() };
                self.add(rules::SCHEMA, vec![Edit { old_at: old_at.into(), new_at: new_at.into(), what }]);
            }
            return;
        };
        let place = Place { old: older, new: newer, old_at, new_at };
        if self.is_replaced(&place) {
            return;
        }
        for (rule, keywords) in GROUPS {
            let edits = keywords.iter().filter_map(|name| place.keyword(name)).collect();
            self.add(*rule, edits);
        }
        self.unions(&place);
        self.enumeration(&place);
        self.members(&place);
        self.inner(&place);
    }

    /// Whether the schema has become another one altogether, which is told as one change.
    fn is_replaced(&mut self, place: &Place<'_>) -> bool {
        let types = |members: &Map<String, Value>| -> BTreeSet<String> {
            let kind = members.get("type").cloned().unwrap_or_default();
            let several = kind.as_array().cloned().unwrap_or_else(|| vec![kind]);
            several.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let made = |members: &Map<String, Value>| {
            ["$ref", "anyOf", "oneOf", "enum", "const"].map(|keyword| members.contains_key(keyword))
        };
        let (old, new) = (types(place.old), types(place.new));
        let inner = |map: &Map<String, Value>| {
            let mut map = map.clone();
            map.remove("$defs");
            Value::Object(map)
        };
        let is_object = old == new && old.contains("object");
        if is_object || (old == new && made(place.old) == made(place.new)) {
            return false;
        }
        let rule = if old != new && !old.is_empty() && !new.is_empty() { rules::TYPE } else { rules::SCHEMA };
        let union =
            ["anyOf", "oneOf"].iter().any(|name| place.old.contains_key(*name) && place.new.contains_key(*name));
        if union && old == new {
            return false;
        }
        self.add(rule, vec![place.edit(What::Whole { old: inner(place.old), new: inner(place.new) })]);
        true
    }

    fn enumeration(&mut self, place: &Place<'_>) {
        let (Some(Value::Array(old)), Some(Value::Array(new))) = (place.old.get("enum"), place.new.get("enum")) else {
            let edits = place.keyword("enum").into_iter().collect();
            self.add(rules::SCHEMA, edits);
            return;
        };
        let known: BTreeSet<_> = self
            .changes
            .iter()
            .flat_map(|change| &change.edits)
            .filter_map(|edit| match &edit.what {
                What::Item { keyword, item, .. } if keyword == "enum" && edit.new_at == place.new_at => {
                    Some(item.to_string())
                }
                _ => None,
            })
            .collect();
        let item = |item: &Value, added| place.edit(What::Item { keyword: "enum".into(), item: item.clone(), added });
        for value in new.iter().filter(|value| !old.contains(value) && !known.contains(&value.to_string())) {
            self.add(rules::VALUE_ADDED, vec![item(value, true)]);
        }
        for value in old.iter().filter(|value| !new.contains(value) && !known.contains(&value.to_string())) {
            self.add(rules::VALUE_REMOVED, vec![item(value, false)]);
        }
    }

    fn members(&mut self, place: &Place<'_>) {
        let named = |members: &'_ Map<String, Value>| members.get("properties").and_then(Value::as_object).cloned();
        let (old, new) = (named(place.old).unwrap_or_default(), named(place.new).unwrap_or_default());
        let required = |members: &Map<String, Value>, name: &str| {
            members.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name))
        };
        let names: Vec<_> = new.keys().chain(old.keys().filter(|name| !new.contains_key(*name))).collect();
        for name in names {
            let needed = (required(place.old, name), required(place.new, name));
            let item = |added| place.edit(What::Item { keyword: "required".into(), item: name.as_str().into(), added });
            let entry = |old: Option<&Value>, new: Option<&Value>| {
                let (old, new) = (old.cloned(), new.cloned());
                place.edit(What::Entry { keyword: "properties".into(), name: name.clone(), old, new })
            };
            match (old.get(name), new.get(name)) {
                (Some(older), Some(newer)) => {
                    match needed {
                        (false, true) => self.add(rules::MEMBER_REQUIRED, vec![item(true)]),
                        (true, false) => self.add(rules::MEMBER_OPTIONAL, vec![item(false)]),
                        _ => {}
                    }
                    let below = |at: &str| format!("{at}/properties/{}", escaped(name));
                    self.schemas(older, newer, &below(place.old_at), &below(place.new_at));
                }
                (None, Some(newer)) => {
                    let rule = if needed.1 { rules::MEMBER_ADDED_REQUIRED } else { rules::MEMBER_ADDED };
                    let mut edits = vec![entry(None, Some(newer))];
                    edits.extend(needed.1.then(|| item(true)));
                    self.add(rule, edits);
                }
                (Some(older), None) => {
                    let rule = if needed.0 { rules::MEMBER_REMOVED_REQUIRED } else { rules::MEMBER_REMOVED };
                    let mut edits = vec![entry(Some(older), None)];
                    edits.extend(needed.0.then(|| item(false)));
                    self.add(rule, edits);
                }
                (None, None) => {}
            }
        }
        // Names that are required and described nowhere.
        let list = |members: &Map<String, Value>| {
            members.get("required").and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let bare = |one: &&Value| one.as_str().is_some_and(|name| !old.contains_key(name) && !new.contains_key(name));
        for one in list(place.new).iter().filter(bare).filter(|one| !list(place.old).contains(one)) {
            let what = What::Item { keyword: "required".into(), item: one.clone(), added: true };
            self.add(rules::MEMBER_REQUIRED, vec![place.edit(what)]);
        }
        for one in list(place.old).iter().filter(bare).filter(|one| !list(place.new).contains(one)) {
            let what = What::Item { keyword: "required".into(), item: one.clone(), added: false };
            self.add(rules::MEMBER_OPTIONAL, vec![place.edit(what)]);
        }
    }

    /// What stands below other keywords.
    fn inner(&mut self, place: &Place<'_>) {
        for keyword in [
            "additionalProperties",
            "unevaluatedProperties",
            "patternProperties",
            "items",
            "prefixItems",
            "allOf",
            "type",
            "unevaluatedItems",
        ] {
            if !place.has(keyword) {
                continue;
            }
            let rule = match keyword {
                "additionalProperties" | "unevaluatedProperties" | "patternProperties" => rules::REST,
                "items" | "prefixItems" | "unevaluatedItems" => rules::ITEMS,
                "type" => rules::TYPE,
                _ => rules::SCHEMA,
            };
            match (place.old.get(keyword), place.new.get(keyword)) {
                (Some(old @ Value::Object(_)), Some(new @ Value::Object(_))) if keyword != "patternProperties" => {
                    let below = |at: &str| format!("{at}/{keyword}");
                    self.schemas(old, new, &below(place.old_at), &below(place.new_at));
                }
                (Some(Value::Array(old)), Some(Value::Array(new))) if keyword != "type" && old.len() == new.len() => {
                    for (index, (old, new)) in old.iter().zip(new).enumerate() {
                        let below = |at: &str| format!("{at}/{keyword}/{index}");
                        self.schemas(old, new, &below(place.old_at), &below(place.new_at));
                    }
                }
                _ => self.add(rule, place.keyword(keyword).into_iter().collect()),
            }
        }
    }
}
