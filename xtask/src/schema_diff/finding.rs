//! Findings: one for each change, with all that a report tells of it. They are gathered here and written elsewhere.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::{Map, Value};

use super::behaviour;
use super::edit::{Edit, What};
use super::judge::{self, Proof, Verdict};
use super::law;
use super::rules::{self, Rule};
use super::source::{BEHAVIOUR, Snapshot};
use super::talk::{self, Talk};
use crate::compat::document::Document;

/// One change, with its two answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) rule: Rule,
    /// The file below `schemas/`.
    pub(super) file: String,
    pub(super) talk: Talk,
    /// The pointer in the file.
    pub(super) at: String,
    /// The message and the member, as `registered.code`.
    pub(super) place: String,
    pub(super) old: Option<Value>,
    pub(super) new: Option<Value>,
    pub(super) old_reader: Answer,
    pub(super) new_reader: Answer,
    /// The requirements that it touches.
    pub(super) requirements: Vec<String>,
    /// The scenarios that cover these.
    pub(super) scenarios: Vec<String>,
    pub(super) fingerprint: String,
    /// The reason for which it was approved.
    pub(super) approved: Option<String>,
}

/// What a change means to one pair of peers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) verdict: Verdict,
    /// Whom it concerns.
    pub(super) who: String,
    /// What serde says of the witness, where the new side is this build's own types.
    pub(super) serde: Option<&'static str>,
}

impl Finding {
    /// Whether it needs an approval.
    pub(super) fn breaks(&self) -> bool {
        [&self.old_reader, &self.new_reader].iter().any(|answer| answer.verdict != Verdict::Compatible)
    }

    /// The worse of its two answers.
    pub(super) fn word(&self) -> &'static str {
        let words = [self.old_reader.verdict.word(), self.new_reader.verdict.word()];
        ["breaking", "unknown"].into_iter().find(|word| words.contains(word)).unwrap_or("compatible")
    }
}

/// All findings between two states, by file.
///
/// # Errors
/// Where a file of either is no schema.
pub(super) fn between(old: &Snapshot, new: &Snapshot, are_types_new: bool) -> anyhow::Result<Vec<Finding>> {
    let files: std::collections::BTreeSet<_> = old.files.keys().chain(new.files.keys()).collect();
    let mut all = Vec::new();
    for file in files {
        let (before, after) = (old.files.get(file), new.files.get(file));
        match (before, after) {
            (Some(before), Some(after)) if before == after => {}
            _ if file == BEHAVIOUR || file.ends_with(&format!("/{BEHAVIOUR}")) => {
                // A family that is new or gone is told by its messages, and what was not written down before has not changed.
                if let (Some(before), Some(after)) = (before, after) {
                    all.extend(of_behaviour(file, before, after));
                }
            }
            (Some(before), Some(after)) => all.extend(of_schema(file, before, after, are_types_new)?),
            (before, after) => all.push(whole(file, before, after)),
        }
    }
    Ok(all)
}

/// A file that is new or gone.
fn whole(file: &str, old: Option<&Value>, new: Option<&Value>) -> Finding {
    let talk = talk::of(file);
    let (rule, gone) = if new.is_some() { (rules::MESSAGES_ADDED, false) } else { (rules::MESSAGES_REMOVED, true) };
    let lost = |side: &str| Verdict::Breaking(Proof::Differs(format!("{side} know nothing of all these messages")));
    let (old_reader, new_reader) = if gone {
        (Verdict::Compatible, lost("those built after the change"))
    } else {
        // Whoever is new here speaks to those who are new here too.
        (Verdict::Compatible, Verdict::Compatible)
    };
    let side = |side: Option<&Value>| side.map(|schema| schema["title"].clone());
    let (old, new) = (side(old), side(new));
    finding(rule, file, &talk, String::new(), (old, new), (old_reader, new_reader))
}

fn finding(
    rule: Rule,
    file: &str,
    talk: &Talk,
    at: String,
    (old, new): (Option<Value>, Option<Value>),
    (old_reader, new_reader): (Verdict, Verdict),
) -> Finding {
    let fingerprint = fingerprint(&[rule.id, file, &at, &format!("{old:?}"), &format!("{new:?}")]);
    Finding {
        rule,
        file: file.to_owned(),
        place: place(&at, new.as_ref().or(old.as_ref())),
        talk: talk.clone(),
        at,
        old,
        new,
        old_reader: Answer { verdict: old_reader, who: talk.old_reader(), serde: None },
        new_reader: Answer { verdict: new_reader, who: talk.new_reader(), serde: None },
        requirements: Vec::new(),
        scenarios: Vec::new(),
        fingerprint,
        approved: None,
    }
}

fn of_behaviour(file: &str, old: &Value, new: &Value) -> Vec<Finding> {
    let family = file.split_once('/').map_or("all families", |(family, _)| family);
    let talk = Talk { family: family.into(), writers: "peers".into(), readers: "peers".into() };
    let changes = behaviour::between(old, new).into_iter().map(|change| {
        let answers = (change.old_reader, change.new_reader);
        let mut found = finding(change.rule, file, &talk, change.at, (change.old, change.new), answers);
        found.old_reader.who = "those built before the change, meeting those built after it".into();
        found.new_reader.who = "those built after the change, meeting those built before it".into();
        found.requirements.extend(change.requirement);
        found
    });
    changes.collect()
}

/// The findings of two schemas that stand in one file.
pub(super) fn of_schema(file: &str, old: &Value, new: &Value, are_types_new: bool) -> anyhow::Result<Vec<Finding>> {
    let talk = talk::of(file);
    let read = |schema: &Value| Document::read(schema);
    let (before, after) = match (read(old), read(new)) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(error), _) => return Err(error).with_context(|| format!("{file}, the older one")),
        (_, Err(error)) => return Err(error).with_context(|| format!("{file}, the newer one")),
    };
    let judged = judge::judge(&before, &after).into_iter().map(|judged| {
        let first = &judged.change.edits[0];
        let (old_side, new_side) = sides(&judged.change.edits);
        let (old_side, new_side) = (resolved(old_side, &before), resolved(new_side, &after));
        let answers = (judged.old_reader, judged.new_reader);
        let mut found = finding(judged.change.rule, file, &talk, first.pointer(), (old_side, new_side), answers);
        found.requirements = law::touched(file, first, old, new);
        if are_types_new {
            law::ask_serde(&mut found);
        }
        found
    });
    Ok(judged.collect())
}

/// What stood in all places of a change, and what stands there now.
fn sides(edits: &[Edit]) -> (Option<Value>, Option<Value>) {
    let (mut old, mut new) = (Map::new(), Map::new());
    for edit in edits {
        let What::Keyword { name, .. } = &edit.what else {
            // The first says what it is; the others follow from it.
            return edits[0].sides();
        };
        let sides = edit.sides();
        old.extend(sides.0.map(|value| (name.clone(), value)));
        new.extend(sides.1.map(|value| (name.clone(), value)));
    }
    match edits {
        [one] => one.sides(),
        _ => {
            let whole = |side: Map<String, Value>| (!side.is_empty()).then_some(Value::Object(side));
            (whole(old), whole(new))
        }
    }
}

/// A side of a change with what its reference names in its place, so that a report shows it and a fingerprint covers it.
fn resolved(side: Option<Value>, document: &Document) -> Option<Value> {
    side.map(|side| match side.get("$ref").and_then(Value::as_str) {
        Some(name) if side.as_object().is_some_and(|members| members.len() == 1) => {
            let mut target = document.target(name).clone();
            if let Some(members) = target.as_object_mut() {
                members.remove("$defs");
            }
            target
        }
        _ => side,
    })
}

/// The message and the member that a pointer leads to, as `registered.code`.
fn place(at: &str, value: Option<&Value>) -> String {
    let mut words: Vec<String> = Vec::new();
    if at.ends_with("/oneOf") || at.ends_with("/anyOf") {
        // An alternative bears a name of its own.
        let tag = || value?.get("properties")?.as_object()?.values().find_map(|one| one.get("const")?.as_str());
        words.extend(tag().map(str::to_owned));
    }
    let mut parts = at.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    while let Some(part) = parts.next() {
        match part.as_str() {
            "$defs" => words.extend(parts.next()),
            "properties" => words.extend(parts.next()),
            "items" | "prefixItems" => words.push("[]".into()),
            "additionalProperties" | "patternProperties" => words.push("*".into()),
            "requirements" | "timing" | "policies" => words.extend(parts.next()),
            _ => {}
        }
    }
    if words.is_empty() { "the whole".into() } else { words.join(".").replace(".[]", "[]") }
}

/// The name of a change that stays as long as the change is the same (FNV-1a, 64 bits).
fn fingerprint(parts: &[&str]) -> String {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// Adds the scenarios that cover the requirements of each finding.
pub(super) fn cover(findings: &mut [Finding], coverage: &BTreeMap<String, Vec<String>>) {
    for found in findings {
        let covering = found.requirements.iter().filter_map(|id| coverage.get(id)).flatten();
        found.scenarios = covering.cloned().collect();
    }
}

/// A value on one line, cut where it is long.
pub(super) fn short(value: &Value, most: usize) -> String {
    let text = value.to_string();
    if text.chars().count() <= most {
        return text;
    }
    let kept: String = text.chars().take(most).collect();
    format!("{kept}… ({} characters)", text.chars().count())
}
