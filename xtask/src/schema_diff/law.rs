//! What the law knows of a change: the requirements behind its place, and what this build's own types make of its witnesses.

use relayspec::family::{Channel, Family};
use relayspec::requirement;
use serde_json::Value;

use super::edit::Edit;
use super::finding::Finding;
use super::judge::{Proof, Verdict};

/// The requirements behind a place: those that its schema names, the nearest first, or else the one that the channel names.
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
    // A reference says nothing itself: what it names does.
    let named = |document: &Value, side: &Option<Value>| {
        let target = side.as_ref()?.get("$ref")?.as_str()?.strip_prefix('#')?.to_owned();
        document.pointer(&target)?.get("x-requirement")?.as_str().map(str::to_owned)
    };
    let pointer = edit.pointer();
    let (older, newer) = edit.sides();
    // What is gone is told by the older document.
    let (first, second) = if newer.is_some() { (new, old) } else { (old, new) };
    let of_reference = named(new, &newer).or_else(|| named(old, &older));
    let found = of_reference.or_else(|| nearest(first, &pointer)).or_else(|| nearest(second, &pointer));
    found.or_else(|| rule_of(file)).into_iter().collect()
}

/// The requirement that a channel's sender breaks with what is no message.
fn rule_of(file: &str) -> Option<String> {
    channel(file).map(|channel| channel.rule.to_owned())
}

fn channel(file: &str) -> Option<&'static Channel> {
    let (family, name) = file.strip_suffix(".json")?.split_once('/')?;
    let (from, to) = name.split_once("-to-")?;
    Family::named(family)?.channel(from, to)
}

/// Asks this build's types about the witnesses: as the new reader, and as the new writer.
pub(super) fn ask_serde(found: &mut Finding) {
    let Some(channel) = channel(&found.file) else { return };
    let reads = |value: &Value| (channel.canonical)(&value.to_string()).is_ok();
    for (answer, wanted) in [(&mut found.old_reader, true), (&mut found.new_reader, false)] {
        if let Verdict::Breaking(Proof::Refused(value)) = &answer.verdict {
            answer.serde = Some(if reads(value) == wanted { "agrees" } else { "does not agree" });
        }
    }
}

/// A requirement in full, and where it stands; the id alone where no chapter states it any more.
pub(super) fn statement(id: &str) -> (String, Option<String>) {
    match requirement::find(id) {
        Some(found) => {
            let text = format!("{} {} · {} · {}", found.id, found.level, found.roles.join(", "), found.text);
            (text, Some(format!("spec/text/{}.md:{}", found.chapter, found.line)))
        }
        None => (id.to_owned(), None),
    }
}
