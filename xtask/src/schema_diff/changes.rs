//! The differences between two schema documents, each with its rule. Whether they break a peer is decided elsewhere.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::edit::{Edit, EditKind};
use super::rules::{self, ChangeRule};
use crate::compat::document::{Document, escaped};

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SchemaChange {
    pub(super) rule: ChangeRule,
    /// One edit, or several that belong together.
    pub(super) edits: Vec<Edit>,
}

/// Keywords that change together, with the rule of such a change.
const GROUPS: &[(ChangeRule, &[&str])] = &[
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
pub(super) fn between(old: &Document, new: &Document) -> Vec<SchemaChange> {
    let mut comparison = Comparison { old, new, changes: Vec::new() };
    comparison.schemas(&old.root, &new.root, "", "");
    for (name, definition) in new.definitions() {
        if let Some(older) = old.root["$defs"].get(name) {
            let at = format!("/$defs/{}", escaped(name));
            comparison.schemas(older, definition, &at, &at);
        }
    }
    comparison.changes
}

pub(super) struct Comparison<'a> {
    pub(super) old: &'a Document,
    pub(super) new: &'a Document,
    changes: Vec<SchemaChange>,
}

/// Two schema objects at the same location.
pub(super) struct SchemaPair<'a> {
    pub(super) old: &'a Map<String, Value>,
    pub(super) new: &'a Map<String, Value>,
    pub(super) old_at: &'a str,
    pub(super) new_at: &'a str,
}

impl SchemaPair<'_> {
    pub(super) fn edit(&self, kind: EditKind) -> Edit {
        Edit { old_at: self.old_at.to_owned(), new_at: self.new_at.to_owned(), kind }
    }

    pub(super) fn keyword(&self, name: &str) -> Option<Edit> {
        let (old, new) = (self.old.get(name).cloned(), self.new.get(name).cloned());
        (old != new).then(|| self.edit(EditKind::Keyword { name: name.to_owned(), old, new }))
    }

    pub(super) fn item(&self, keyword: &str, item: &Value, added: bool) -> Edit {
        self.edit(EditKind::Item { keyword: keyword.to_owned(), item: item.clone(), added })
    }

    fn has(&self, name: &str) -> bool {
        self.old.contains_key(name) || self.new.contains_key(name)
    }
}

impl Comparison<'_> {
    pub(super) fn add(&mut self, rule: ChangeRule, edits: Vec<Edit>) {
        if !edits.is_empty() {
            self.changes.push(SchemaChange { rule, edits });
        }
    }

    pub(super) fn schemas(&mut self, old: &Value, new: &Value, old_at: &str, new_at: &str) {
        let (Value::Object(older), Value::Object(newer)) = (old, new) else {
            if old != new {
                let kind = EditKind::Whole { old: old.clone(), new: new.clone() };
                self.add(rules::SCHEMA, vec![Edit { old_at: old_at.into(), new_at: new_at.into(), kind }]);
            }
            return;
        };
        let pair = SchemaPair { old: older, new: newer, old_at, new_at };
        if self.is_replaced(&pair) {
            return;
        }
        for (rule, keywords) in GROUPS {
            self.add(*rule, keywords.iter().filter_map(|name| pair.keyword(name)).collect());
        }
        self.unions(&pair);
        self.enumeration(&pair);
        self.members(&pair);
        self.inner(&pair);
    }

    /// Whether the schema has become a different one, which counts as one change.
    fn is_replaced(&mut self, pair: &SchemaPair<'_>) -> bool {
        let types = |members: &Map<String, Value>| -> BTreeSet<String> {
            let kind = members.get("type").cloned().unwrap_or_default();
            let several = kind.as_array().cloned().unwrap_or_else(|| vec![kind]);
            several.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let made = |members: &Map<String, Value>| {
            ["$ref", "anyOf", "oneOf", "enum", "const"].map(|keyword| members.contains_key(keyword))
        };
        let (old, new) = (types(pair.old), types(pair.new));
        let inner = |map: &Map<String, Value>| {
            let mut map = map.clone();
            map.remove("$defs");
            Value::Object(map)
        };
        let is_union =
            ["anyOf", "oneOf"].iter().any(|name| pair.old.contains_key(*name) && pair.new.contains_key(*name));
        if old == new && (old.contains("object") || is_union || made(pair.old) == made(pair.new)) {
            return false;
        }
        let rule = if old != new && !old.is_empty() && !new.is_empty() { rules::TYPE } else { rules::SCHEMA };
        self.add(rule, vec![pair.edit(EditKind::Whole { old: inner(pair.old), new: inner(pair.new) })]);
        true
    }

    fn enumeration(&mut self, pair: &SchemaPair<'_>) {
        if !(pair.old.contains_key("enum") && pair.new.contains_key("enum")) {
            return self.add(rules::SCHEMA, pair.keyword("enum").into_iter().collect());
        }
        let edits = self.changes.iter().flat_map(|change| &change.edits).filter(|edit| edit.new_at == pair.new_at);
        let known: Vec<_> = edits
            .filter_map(|edit| match &edit.kind {
                EditKind::Item { keyword, item, .. } if keyword == "enum" => Some(item.clone()),
                _ => None,
            })
            .collect();
        let (old, new) = (list(pair.old, "enum"), list(pair.new, "enum"));
        for value in new.iter().filter(|value| !old.contains(value) && !known.contains(value)) {
            self.add(rules::VALUE_ADDED, vec![pair.item("enum", value, true)]);
        }
        for value in old.iter().filter(|value| !new.contains(value) && !known.contains(value)) {
            self.add(rules::VALUE_REMOVED, vec![pair.item("enum", value, false)]);
        }
    }

    fn members(&mut self, pair: &SchemaPair<'_>) {
        let named = |members: &Map<String, Value>| members.get("properties").and_then(Value::as_object).cloned();
        let (old, new) = (named(pair.old).unwrap_or_default(), named(pair.new).unwrap_or_default());
        let required = (list(pair.old, "required"), list(pair.new, "required"));
        let names: Vec<_> = new.keys().chain(old.keys().filter(|name| !new.contains_key(*name))).collect();
        for name in names {
            let needed = (required.0.iter().any(|one| one == name), required.1.iter().any(|one| one == name));
            let item = |added| pair.item("required", &name.as_str().into(), added);
            let entry = |old: Option<&Value>, new: Option<&Value>| {
                let (old, new) = (old.cloned(), new.cloned());
                pair.edit(EditKind::Entry { keyword: "properties".into(), name: name.clone(), old, new })
            };
            match (old.get(name), new.get(name)) {
                (Some(older), Some(newer)) => {
                    match needed {
                        (false, true) => self.add(rules::MEMBER_REQUIRED, vec![item(true)]),
                        (true, false) => self.add(rules::MEMBER_OPTIONAL, vec![item(false)]),
                        _ => {}
                    }
                    let below = |at: &str| format!("{at}/properties/{}", escaped(name));
                    self.schemas(older, newer, &below(pair.old_at), &below(pair.new_at));
                }
                (None, newer) => {
                    let rule = if needed.1 { rules::MEMBER_ADDED_REQUIRED } else { rules::MEMBER_ADDED };
                    self.add(rule, [entry(None, newer)].into_iter().chain(needed.1.then(|| item(true))).collect());
                }
                (older, None) => {
                    let rule = if needed.0 { rules::MEMBER_REMOVED_REQUIRED } else { rules::MEMBER_REMOVED };
                    self.add(rule, [entry(older, None)].into_iter().chain(needed.0.then(|| item(false))).collect());
                }
            }
        }
        // Required names that no schema describes.
        let bare = |one: &&Value| one.as_str().is_some_and(|name| !old.contains_key(name) && !new.contains_key(name));
        for one in required.1.iter().filter(bare).filter(|one| !required.0.contains(one)) {
            self.add(rules::MEMBER_REQUIRED, vec![pair.item("required", one, true)]);
        }
        for one in required.0.iter().filter(bare).filter(|one| !required.1.contains(one)) {
            self.add(rules::MEMBER_OPTIONAL, vec![pair.item("required", one, false)]);
        }
    }

    /// The schemas below other keywords.
    fn inner(&mut self, pair: &SchemaPair<'_>) {
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
            if !pair.has(keyword) {
                continue;
            }
            let rule = match keyword {
                "additionalProperties" | "unevaluatedProperties" | "patternProperties" => rules::REST,
                "items" | "prefixItems" | "unevaluatedItems" => rules::ITEMS,
                "type" => rules::TYPE,
                _ => rules::SCHEMA,
            };
            match (pair.old.get(keyword), pair.new.get(keyword)) {
                (Some(old @ Value::Object(_)), Some(new @ Value::Object(_))) if keyword != "patternProperties" => {
                    let below = |at: &str| format!("{at}/{keyword}");
                    self.schemas(old, new, &below(pair.old_at), &below(pair.new_at));
                }
                (Some(Value::Array(old)), Some(Value::Array(new))) if keyword != "type" && old.len() == new.len() => {
                    for (index, (old, new)) in old.iter().zip(new).enumerate() {
                        let below = |at: &str| format!("{at}/{keyword}/{index}");
                        self.schemas(old, new, &below(pair.old_at), &below(pair.new_at));
                    }
                }
                _ => self.add(rule, pair.keyword(keyword).into_iter().collect()),
            }
        }
    }
}

/// The items of a keyword; none if it is absent or not a list.
pub(super) fn list<'a>(members: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    members.get(keyword).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
