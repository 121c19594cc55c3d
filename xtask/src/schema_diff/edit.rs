//! One change of a schema as an edit that can be applied to the older document or reverted in the newer one, so that each change can be
//! assessed by itself, whatever else has changed.

use serde_json::{Map, Value};

use crate::compat::document::{Document, escaped};

/// A difference at one location.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edit {
    /// The pointer of the schema object, in the older document and in the newer one.
    pub(super) old_at: String,
    pub(super) new_at: String,
    pub(super) kind: EditKind,
}

/// What differs there; `None` on the side that lacks it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum EditKind {
    /// The whole schema.
    Whole { old: Value, new: Value },
    /// A keyword.
    Keyword { name: String, old: Option<Value>, new: Option<Value> },
    /// One entry of a keyword that maps names to schemas.
    Entry { keyword: String, name: String, old: Option<Value>, new: Option<Value> },
    /// One item of a keyword whose value is an unordered list.
    Item { keyword: String, item: Value, added: bool },
}

/// Which of the two documents an edit is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EditMode {
    /// Forwards, on the older one.
    Apply,
    /// Backwards, on the newer one.
    Revert,
}

/// A document with some edits made on it. It has the definitions of the other document as well, unless their names are taken.
pub(super) fn edited(document: &Document, other: &Document, edits: &[Edit], mode: EditMode) -> Option<Document> {
    let mut root = document.root.clone();
    for (name, definition) in other.definitions() {
        let all = root.as_object_mut()?.entry("$defs").or_insert_with(|| Value::Object(Map::new()));
        all.as_object_mut()?.entry(name.clone()).or_insert_with(|| definition.clone());
    }
    for edit in edits {
        let at = if mode == EditMode::Apply { &edit.old_at } else { &edit.new_at };
        let place = root.pointer_mut(at)?;
        make(place, &edit.kind, mode)?;
    }
    Some(Document { root })
}

fn make(place: &mut Value, kind: &EditKind, mode: EditMode) -> Option<()> {
    let pick =
        |old: &Option<Value>, new: &Option<Value>| if mode == EditMode::Apply { new.clone() } else { old.clone() };
    match kind {
        EditKind::Whole { old, new } => {
            let definitions = place.get("$defs").cloned();
            *place = if mode == EditMode::Apply { new.clone() } else { old.clone() };
            if let (Some(definitions), Some(members)) = (definitions, place.as_object_mut()) {
                members.insert("$defs".into(), definitions);
            }
        }
        EditKind::Keyword { name, old, new } => put(place.as_object_mut()?, name, pick(old, new)),
        EditKind::Entry { keyword, name, old, new } => {
            let all = place.as_object_mut()?.entry(keyword.clone()).or_insert_with(|| Value::Object(Map::new()));
            put(all.as_object_mut()?, name, pick(old, new));
        }
        EditKind::Item { keyword, item, added } => {
            let members = place.as_object_mut()?;
            let list = members.entry(keyword.clone()).or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
            if *added == (mode == EditMode::Apply) {
                list.push(item.clone());
            } else if let Some(index) = list.iter().position(|one| one == item) {
                list.remove(index);
            }
            // An empty list of required members says nothing; an empty list of alternatives is an error.
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
    /// The values before and after.
    pub(super) fn sides(&self) -> (Option<Value>, Option<Value>) {
        match &self.kind {
            EditKind::Whole { old, new } => (Some(old.clone()), Some(new.clone())),
            EditKind::Keyword { old, new, .. } | EditKind::Entry { old, new, .. } => (old.clone(), new.clone()),
            EditKind::Item { item, added: true, .. } => (None, Some(item.clone())),
            EditKind::Item { item, added: false, .. } => (Some(item.clone()), None),
        }
    }

    /// The pointer of the difference, in the document that has it.
    pub(super) fn pointer(&self) -> String {
        let at = if self.sides().1.is_some() { &self.new_at } else { &self.old_at };
        match &self.kind {
            EditKind::Whole { .. } => at.clone(),
            EditKind::Keyword { name, .. } => format!("{at}/{name}"),
            EditKind::Entry { keyword, name, .. } => format!("{at}/{keyword}/{}", escaped(name)),
            EditKind::Item { keyword, .. } => format!("{at}/{keyword}"),
        }
    }
}
