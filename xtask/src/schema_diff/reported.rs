//! Changes as reports show them: location, values before and after, both verdicts, requirements, scenarios and fingerprint.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::edit::{Edit, EditKind};
use super::rules::{self, ChangeRule};
use super::source::{BEHAVIOUR, Snapshot};
use super::verdict::{self, Evidence, Verdict};
use super::{behaviour, peers, requirements};
use crate::compat::document::{Document, unescaped};

/// One change with its two verdicts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ReportedChange {
    pub(super) rule: ChangeRule,
    /// The file below `schemas/`.
    pub(super) file: String,
    /// The pointer in the file.
    pub(super) at: String,
    /// The message and the member, such as `registered.code`.
    pub(super) place: String,
    pub(super) old: Option<Value>,
    pub(super) new: Option<Value>,
    pub(super) old_reader: ReaderVerdict,
    pub(super) new_reader: ReaderVerdict,
    /// The requirements that it touches.
    pub(super) requirements: Vec<String>,
    /// The scenarios that cover these requirements.
    pub(super) scenarios: Vec<String>,
    pub(super) fingerprint: String,
    /// The reason for its approval.
    pub(super) approved: Option<String>,
}

/// What a change means to one pair of peers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ReaderVerdict {
    pub(super) verdict: Verdict,
    /// The peers that it affects.
    pub(super) who: String,
    /// Whether serde confirms the witness, if the new side is this build's own types.
    pub(super) serde: Option<&'static str>,
}

impl ReportedChange {
    fn new(
        rule: ChangeRule,
        file: &str,
        at: String,
        (old, new): (Option<Value>, Option<Value>),
        (old_reader, new_reader): (Verdict, Verdict),
    ) -> Self {
        let [old_who, new_who] = peers::of(file);
        let reader = |verdict, who| ReaderVerdict { verdict, who, serde: None };
        let fingerprint = fingerprint(&[rule.id, file, &at, &format!("{old:?}"), &format!("{new:?}")]);
        Self {
            rule,
            file: file.to_owned(),
            place: place(&at, new.as_ref().or(old.as_ref())),
            at,
            old,
            new,
            old_reader: reader(old_reader, old_who),
            new_reader: reader(new_reader, new_who),
            requirements: Vec::new(),
            scenarios: Vec::new(),
            fingerprint,
            approved: None,
        }
    }

    /// Both verdicts, that of the old reader first.
    pub(super) fn readers(&self) -> [&ReaderVerdict; 2] {
        [&self.old_reader, &self.new_reader]
    }

    /// Whether it needs an approval.
    pub(super) fn breaks(&self) -> bool {
        self.readers().iter().any(|reader| reader.verdict != Verdict::Compatible)
    }

    /// The worse of its two verdicts.
    pub(super) fn word(&self) -> &'static str {
        let words = self.readers().map(|reader| reader.verdict.word());
        ["breaking", "unknown"].into_iter().find(|word| words.contains(word)).unwrap_or("compatible")
    }
}

/// All changes between two states, by file.
pub(super) fn between(old: &Snapshot, new: &Snapshot, are_types_new: bool) -> Result<Vec<ReportedChange>> {
    let files: BTreeSet<_> = old.files.keys().chain(new.files.keys()).collect();
    let mut all = Vec::new();
    for file in files {
        match (old.files.get(file), new.files.get(file)) {
            (Some(before), Some(after)) if before == after => {}
            (before, after) if file == BEHAVIOUR || file.ends_with(&format!("/{BEHAVIOUR}")) => {
                // If either is missing, the family is new or gone, which its messages report, or was not described before.
                if let (Some(before), Some(after)) = (before, after) {
                    all.extend(of_behaviour(file, before, after));
                }
            }
            (Some(before), Some(after)) => all.extend(of_schema(file, before, after, are_types_new)?),
            (before, after) => all.push(of_file(file, before, after)),
        }
    }
    Ok(all)
}

/// A file that is new or gone. No peer built before the change uses new messages.
fn of_file(file: &str, old: Option<&Value>, new: Option<&Value>) -> ReportedChange {
    let (rule, new_reader) = if new.is_some() {
        (rules::MESSAGES_ADDED, Verdict::Compatible)
    } else {
        let text = "peers built after the change know none of these messages".into();
        (rules::MESSAGES_REMOVED, Verdict::Breaking(Evidence::Differs(text)))
    };
    let title = |schema: &Value| schema["title"].clone();
    let sides = (old.map(title), new.map(title));
    ReportedChange::new(rule, file, String::new(), sides, (Verdict::Compatible, new_reader))
}

fn of_behaviour(file: &str, old: &Value, new: &Value) -> impl Iterator<Item = ReportedChange> {
    behaviour::between(old, new).into_iter().map(|change| {
        let (sides, verdicts) = ((change.old, change.new), (change.old_reader, change.new_reader));
        let mut reported = ReportedChange::new(change.rule, file, change.at, sides, verdicts);
        reported.old_reader.who = "peers built before the change, connected to peers built after it".into();
        reported.new_reader.who = "peers built after the change, connected to peers built before it".into();
        reported.requirements.extend(change.requirement);
        reported
    })
}

/// The changes between two schemas that stand in one file.
pub(super) fn of_schema(file: &str, old: &Value, new: &Value, are_types_new: bool) -> Result<Vec<ReportedChange>> {
    let before = Document::read(old).with_context(|| format!("{file}, the older one"))?;
    let after = Document::read(new).with_context(|| format!("{file}, the newer one"))?;
    let reported = verdict::assess(&before, &after).into_iter().map(|assessed| {
        let edits = &assessed.change.edits;
        let (old_side, new_side) = sides(edits);
        let sides = (resolved(old_side, &before), resolved(new_side, &after));
        let verdicts = (assessed.old_reader, assessed.new_reader);
        let at = edits[0].pointer();
        let mut reported = ReportedChange::new(assessed.change.rule, file, at, sides, verdicts);
        reported.requirements = requirements::touched(file, &edits[0], old, new);
        if are_types_new {
            // The types of this build are the new reader and the new writer.
            for (reader, is_read) in [(&mut reported.old_reader, true), (&mut reported.new_reader, false)] {
                reader.serde = requirements::serde_agrees(file, &reader.verdict, is_read);
            }
        }
        reported
    });
    Ok(reported.collect())
}

/// The values before and after a change, in all its places.
fn sides(edits: &[Edit]) -> (Option<Value>, Option<Value>) {
    let (mut old, mut new) = (Map::new(), Map::new());
    for edit in edits {
        let EditKind::Keyword { name, .. } = &edit.kind else {
            // The first edit is the change; the others follow from it.
            return edits[0].sides();
        };
        let sides = edit.sides();
        old.extend(sides.0.map(|value| (name.clone(), value)));
        new.extend(sides.1.map(|value| (name.clone(), value)));
    }
    if let [one] = edits {
        return one.sides();
    }
    let whole = |side: Map<String, Value>| (!side.is_empty()).then_some(Value::Object(side));
    (whole(old), whole(new))
}

/// A value with its reference replaced by the target, so that the report shows it and the fingerprint covers it.
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

/// The message and the member that a pointer leads to, such as `registered.code`.
fn place(at: &str, value: Option<&Value>) -> String {
    let mut words: Vec<String> = Vec::new();
    if at.ends_with("/oneOf") || at.ends_with("/anyOf") {
        // An alternative has a name of its own.
        let tag = || value?.get("properties")?.as_object()?.values().find_map(|one| one.get("const")?.as_str());
        words.extend(tag().map(str::to_owned));
    }
    let mut parts = at.split('/').skip(1).map(unescaped);
    while let Some(part) = parts.next() {
        match part.as_str() {
            "$defs" | "properties" | "requirements" | "timing" | "policies" => words.extend(parts.next()),
            "items" | "prefixItems" => words.push("[]".into()),
            "additionalProperties" | "patternProperties" => words.push("*".into()),
            _ => {}
        }
    }
    if words.is_empty() { "the whole".into() } else { words.join(".").replace(".[]", "[]") }
}

/// An id of a change that is the same as long as the change is (FNV-1a, 64 bits).
fn fingerprint(parts: &[&str]) -> String {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// Adds the scenarios that cover the requirements of each change.
pub(super) fn add_scenarios(changes: &mut [ReportedChange], coverage: &BTreeMap<String, Vec<String>>) {
    for change in changes {
        let covering = change.requirements.iter().filter_map(|id| coverage.get(id)).flatten();
        change.scenarios = covering.cloned().collect();
    }
}
