//! Alternatives of a union: which of them came, went or stayed. They are told apart by their tags, wherever they stand.

use serde_json::{Map, Value};

use super::changes::{Place, Walk};
use super::edit::{Edit, What};
use super::rules::{self, Rule};
use crate::compat::document::{Document, escaped};

impl Walk<'_> {
    /// Alternatives that came and went.
    pub(super) fn unions(&mut self, place: &Place<'_>) {
        let list = |members: &Map<String, Value>, keyword: &str| {
            members.get(keyword).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        for keyword in ["oneOf", "anyOf"] {
            if !(place.old.contains_key(keyword) && place.new.contains_key(keyword)) {
                continue;
            }
            let (old, new) = (list(place.old, keyword), list(place.new, keyword));
            let old_names: Vec<_> = old.iter().map(|one| name(self.old, one)).collect();
            let new_names: Vec<_> = new.iter().map(|one| name(self.new, one)).collect();
            for (index, one) in old.iter().enumerate() {
                let other = new_names.iter().position(|name| *name == old_names[index]);
                if let Some(other) = other {
                    let below = |at: &str, index: usize| format!("{at}/{keyword}/{index}");
                    self.schemas(one, &new[other], &below(place.old_at, index), &below(place.new_at, other));
                } else {
                    let edit = place.edit(What::Item { keyword: keyword.into(), item: one.clone(), added: false });
                    self.variant(place, rules::VARIANT_REMOVED, edit, tag(self.old, one));
                }
            }
            for (index, one) in new.iter().enumerate() {
                if !old_names.contains(&new_names[index]) {
                    let edit = place.edit(What::Item { keyword: keyword.into(), item: one.clone(), added: true });
                    self.variant(place, rules::VARIANT_ADDED, edit, tag(self.new, one));
                }
            }
        }
        let made = |members: &Map<String, Value>| ["oneOf", "anyOf"].map(|keyword| members.contains_key(keyword));
        if made(place.old) != made(place.new) {
            let edits = ["oneOf", "anyOf"].iter().filter_map(|name| place.keyword(name)).collect();
            self.add(rules::UNION, edits);
        }
    }

    fn variant(&mut self, place: &Place<'_>, rule: Rule, edit: Edit, tag: Option<(String, Value)>) {
        let mut edits = vec![edit];
        if let Some((member, value)) = tag {
            // The enumeration beside the union lists the same tags.
            let at = |at: &str| format!("{at}/properties/{}", escaped(&member));
            let listed = |members: &Map<String, Value>| {
                let values = members.get("properties")?.get(&member)?.get("enum")?.as_array()?;
                Some(values.contains(&value))
            };
            let added = rule == rules::VARIANT_ADDED;
            if let (Some(old), Some(new)) = (listed(place.old), listed(place.new))
                && old != new
                && new == added
            {
                let what = What::Item { keyword: "enum".into(), item: value.clone(), added };
                edits.push(Edit { old_at: at(place.old_at), new_at: at(place.new_at), what });
            }
        }
        self.add(rule, edits);
    }
}

/// The member by which an alternative is told from others, and its value there.
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

/// What an alternative is called, so that it is found again among others.
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
    // An externally tagged variant requires its own name alone.
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
