//! Alternatives of a union: which of them were added, removed or kept. They are identified by their tags, not by their position.

use serde_json::{Map, Value};

use super::changes::{Comparison, SchemaPair, list};
use super::edit::{Edit, EditKind};
use super::rules::{self, ChangeRule};
use crate::compat::document::{Document, escaped};

impl Comparison<'_> {
    /// Alternatives that were added, removed or changed.
    pub(super) fn unions(&mut self, pair: &SchemaPair<'_>) {
        for keyword in ["oneOf", "anyOf"] {
            if !(pair.old.contains_key(keyword) && pair.new.contains_key(keyword)) {
                continue;
            }
            let (old, new) = (list(pair.old, keyword), list(pair.new, keyword));
            let old_names: Vec<_> = old.iter().map(|one| name(self.old, one)).collect();
            let new_names: Vec<_> = new.iter().map(|one| name(self.new, one)).collect();
            for (index, one) in old.iter().enumerate() {
                let other = new_names.iter().position(|name| *name == old_names[index]);
                if let Some(other) = other {
                    let below = |at: &str, index: usize| format!("{at}/{keyword}/{index}");
                    self.schemas(one, &new[other], &below(pair.old_at, index), &below(pair.new_at, other));
                } else {
                    let edit = pair.item(keyword, one, false);
                    self.variant(pair, rules::VARIANT_REMOVED, edit, tag(self.old, one));
                }
            }
            for (index, one) in new.iter().enumerate() {
                if !old_names.contains(&new_names[index]) {
                    let edit = pair.item(keyword, one, true);
                    self.variant(pair, rules::VARIANT_ADDED, edit, tag(self.new, one));
                }
            }
        }
        let made = |members: &Map<String, Value>| ["oneOf", "anyOf"].map(|keyword| members.contains_key(keyword));
        if made(pair.old) != made(pair.new) {
            let edits = ["oneOf", "anyOf"].iter().filter_map(|name| pair.keyword(name)).collect();
            self.add(rules::UNION, edits);
        }
    }

    fn variant(&mut self, pair: &SchemaPair<'_>, rule: ChangeRule, edit: Edit, tag: Option<(String, Value)>) {
        let mut edits = vec![edit];
        if let Some((member, value)) = tag {
            // The enumeration beside the union lists the tags too.
            let at = |at: &str| format!("{at}/properties/{}", escaped(&member));
            let listed = |members: &Map<String, Value>| {
                let values = members.get("properties")?.get(&member)?.get("enum")?.as_array()?;
                Some(values.contains(&value))
            };
            let added = rule == rules::VARIANT_ADDED;
            if let (Some(old), Some(new)) = (listed(pair.old), listed(pair.new))
                && old != new
                && new == added
            {
                let kind = EditKind::Item { keyword: "enum".into(), item: value.clone(), added };
                edits.push(Edit { old_at: at(pair.old_at), new_at: at(pair.new_at), kind });
            }
        }
        self.add(rule, edits);
    }
}

/// The member that identifies an alternative, and its value there.
fn tag(document: &Document, schema: &Value) -> Option<(String, Value)> {
    let schema = schema.get("$ref").and_then(Value::as_str).map_or(schema, |name| document.target(name));
    let members = schema.get("properties")?.as_object()?;
    let required = schema.get("required")?.as_array()?;
    let constant = |(name, one): (&String, &Value)| {
        let value = one.get("const").or_else(|| one.get("enum")?.as_array().filter(|all| all.len() == 1)?.first())?;
        required.iter().any(|known| known == name).then(|| (name.clone(), value.clone()))
    };
    members.iter().find_map(constant)
}

/// A name that identifies an alternative in both documents.
fn name(document: &Document, schema: &Value) -> String {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str)
        && schema.as_object().is_some_and(|members| members.len() == 1)
    {
        return reference.to_owned();
    }
    if let Some((member, value)) = tag(document, schema) {
        return format!("{member}={value}");
    }
    if let Some(constant) = schema.get("const") {
        return format!("const {constant}");
    }
    // An externally tagged variant requires its own name and nothing else.
    let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice);
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    match required {
        Some([one]) if closed => format!("has {one}"),
        _ => match schema.get("type") {
            Some(kind) if kind != "object" => format!("is {kind}"),
            _ => schema.to_string(),
        },
    }
}
