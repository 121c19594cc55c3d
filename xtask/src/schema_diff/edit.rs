//! One change of a schema as an edit that can be applied to the older document alone, or taken back from the newer one alone. So each
//! change is judged by itself, whatever else has changed.

use serde_json::{Map, Value};

use crate::compat::document::{Document, escaped};

/// A place that differs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edit {
    /// The pointer of the schema object, in the older document and in the newer one.
    pub(super) old_at: String,
    pub(super) new_at: String,
    pub(super) what: What,
}

/// What differs there; a side that lacks it has `None`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// The whole schema.
    Whole { old: Value, new: Value },
    /// A keyword.
    Keyword { name: String, old: Option<Value>, new: Option<Value> },
    /// One entry of a keyword that maps names to schemas.
    Entry { keyword: String, name: String, old: Option<Value>, new: Option<Value> },
    /// One item of a keyword that is a list without order.
    Item { keyword: String, item: Value, added: bool },
}

/// Which of the two documents an edit is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// On the older one, forwards.
    Apply,
    /// On the newer one, backwards.
    Undo,
}

/// A document with some edits made on it. The definitions of the other document are there as well, where their names are free.
pub(super) fn edited(document: &Document, other: &Document, edits: &[Edit], way: Way) -> Option<Document> {
    let mut root = document.root.clone();
    for (name, definition) in other.definitions() {
        let all = root.as_object_mut()?.entry("$defs").or_insert_with(|| Value::Object(Map::new()));
        all.as_object_mut()?.entry(name.clone()).or_insert_with(|| definition.clone());
    }
    // What follows in a list first, so that the places of the others stay.
    for edit in edits {
        let at = if way == Way::Apply { &edit.old_at } else { &edit.new_at };
        let place = root.pointer_mut(at)?;
        make(place, &edit.what, way)?;
    }
    Some(Document { root })
}

fn make(place: &mut Value, what: &What, way: Way) -> Option<()> {
    let pick = |old: &Option<Value>, new: &Option<Value>| if way == Way::Apply { new.clone() } else { old.clone() };
    match what {
        What::Whole { old, new } => {
            let definitions = place.get("$defs").cloned();
            *place = if way == Way::Apply { new.clone() } else { old.clone() };
            if let (Some(definitions), Some(members)) = (definitions, place.as_object_mut()) {
                members.insert("$defs".into(), definitions);
            }
        }
        What::Keyword { name, old, new } => put(place.as_object_mut()?, name, pick(old, new)),
        What::Entry { keyword, name, old, new } => {
            let all = place.as_object_mut()?.entry(keyword.clone()).or_insert_with(|| Value::Object(Map::new()));
            put(all.as_object_mut()?, name, pick(old, new));
        }
        What::Item { keyword, item, added } => {
            let members = place.as_object_mut()?;
            let list = members.entry(keyword.clone()).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
            if *added == (way == Way::Apply) {
                list.push(item.clone());
            } else if let Some(index) = list.iter().position(|one| one == item) {
                list.remove(index);
            }
            // An empty list of alternatives is no schema; of required members it says nothing.
            if list.is_empty() && keyword == "required" {
                members.remove(keyword);
            }
        }
    }
    Some(())
}

fn put(members: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            members.insert(name.to_owned(), value);
        }
        None => {
            members.remove(name);
        }
    }
}

impl Edit {
    /// What stood there, and what stands there now.
    pub(super) fn sides(&self) -> (Option<Value>, Option<Value>) {
        match &self.what {
            What::Whole { old, new } => (Some(old.clone()), Some(new.clone())),
            What::Keyword { old, new, .. } | What::Entry { old, new, .. } => (old.clone(), new.clone()),
            What::Item { item, added: true, .. } => (None, Some(item.clone())),
            What::Item { item, added: false, .. } => (Some(item.clone()), None),
        }
    }

    /// The pointer of what differs, in the document that has it.
    pub(super) fn pointer(&self) -> String {
        let at = if self.sides().1.is_some() { &self.new_at } else { &self.old_at };
        match &self.what {
            What::Whole { .. } => at.clone(),
            What::Keyword { name, .. } => format!("{at}/{name}"),
            What::Entry { keyword, name, .. } => format!("{at}/{keyword}/{}", escaped(name)),
            What::Item { keyword, .. } => format!("{at}/{keyword}"),
        }
    }
}
