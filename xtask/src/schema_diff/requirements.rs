//! What the specification says about a change: the requirements behind its location, and whether the types of this build confirm a witness.

use relayspec::family::{Channel, Family};
use relayspec::requirement;
use serde_json::Value;

use super::edit::Edit;
use super::verdict::{Evidence, Verdict};

/// The requirements behind a change: those that its schema names, the nearest first, or else that of the channel.
pub(super) fn touched(file: &str, edit: &Edit, old: &Value, new: &Value) -> Vec<String> {
    let nearest = |document: &Value, at: &str| {
        let mut at = at.to_owned();
        loop {
            let named = document.pointer(&at).and_then(|schema| schema.get("x-requirement")).and_then(Value::as_str);
            if let Some(named) = named {
                return Some(named.to_owned());
            }
            at.truncate(at.rfind('/')?);
        }
    };
    // A reference names no requirement itself, but its target may.
    let named = |document: &Value, side: &Option<Value>| {
        let target = side.as_ref()?.get("$ref")?.as_str()?.strip_prefix('#')?.to_owned();
        document.pointer(&target)?.get("x-requirement")?.as_str().map(str::to_owned)
    };
    let pointer = edit.pointer();
    let (older, newer) = edit.sides();
    // What was removed is described by the older document.
    let (first, second) = if newer.is_some() { (new, old) } else { (old, new) };
    let of_reference = named(new, &newer).or_else(|| named(old, &older));
    let found = of_reference.or_else(|| nearest(first, &pointer)).or_else(|| nearest(second, &pointer));
    found.or_else(|| channel(file).map(|channel| channel.rule.to_owned())).into_iter().collect()
}

fn channel(file: &str) -> Option<&'static Channel> {
    let (family, name) = file.strip_suffix(".json")?.split_once('/')?;
    let (from, to) = name.split_once("-to-")?;
    Family::named(family)?.channel(from, to)
}

/// Whether this build's own types confirm a witness: they have to read it (`is_read`) or refuse it.
pub(super) fn serde_agrees(file: &str, verdict: &Verdict, is_read: bool) -> Option<&'static str> {
    let Verdict::Breaking(Evidence::Refused(value)) = verdict else { return None };
    let agrees = (channel(file)?.canonical)(&value.to_string()).is_ok() == is_read;
    Some(if agrees { "agrees" } else { "does not agree" })
}

/// A requirement in full and where it stands; only the id if no chapter states it any more.
pub(super) fn statement(id: &str) -> (String, Option<String>) {
    match requirement::find(id) {
        Some(found) => {
            let text = format!("{} {} · {} · {}", found.id, found.level, found.roles.join(", "), found.text);
            (text, Some(format!("spec/text/{}.md:{}", found.chapter, found.line)))
        }
        None => (id.to_owned(), None),
    }
}
