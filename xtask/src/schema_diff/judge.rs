//! Two answers for each change of a schema: does the old reader take what the new writer sends, and does the new reader take what the old
//! writer sends? The documents as a whole have the last word.

use serde_json::Value;

use super::changes::{self, Change};
use super::edit::{Edit, Way, What, edited};
use super::rules;
use crate::compat::document::Document;
use crate::compat::{self, Answer};

/// What a change means to one reader.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Compatible,
    /// It breaks; with a message that is sent and refused, or what else shows it.
    Breaking(Proof),
    /// Neither could be shown, and so it counts as breaking.
    Unknown(String),
}

/// What shows that a change breaks somebody.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Proof {
    /// A message that one side may send and the other refuses.
    Refused(Value),
    /// What both take and read differently, or how they behave differently.
    Differs(String),
}

impl Verdict {
    /// The verdict as one word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Breaking(_) => "breaking",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// A change with its two answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judged {
    pub(super) change: Change,
    pub(super) old_reader: Verdict,
    pub(super) new_reader: Verdict,
}

/// All changes between two documents, each judged.
pub(super) fn judge(old: &Document, new: &Document) -> Vec<Judged> {
    let changes = changes::between(old, new);
    if changes.is_empty() && old == new {
        return Vec::new();
    }
    let whole = (compat::decide(new, old), compat::decide(old, new));
    let alone = changes.len() == 1;
    let mut judged: Vec<_> = changes
        .into_iter()
        .map(|change| {
            if change.rule == rules::DEFAULT {
                let verdict = default(old, new, &change.edits[0]);
                return Judged { change, old_reader: verdict.clone(), new_reader: verdict };
            }
            let answer = |whole: &Answer, writer, reader, way| match whole {
                Answer::Compatible => Verdict::Compatible,
                whole if alone => of(whole, writer, reader),
                _ => match edited(writer, reader, &change.edits, way) {
                    Some(changed) => of(&compat::decide(writer, &changed), writer, reader),
                    None => Verdict::Unknown("the change cannot be made by itself".into()),
                },
            };
            let old_reader = answer(&whole.0, new, old, Way::Undo);
            let new_reader = answer(&whole.1, old, new, Way::Apply);
            Judged { change, old_reader, new_reader }
        })
        .collect();
    let told = |pick: fn(&Judged) -> &Verdict, whole: &Answer| match whole {
        Answer::Compatible => true,
        Answer::Breaking(_) => judged.iter().any(|one| matches!(pick(one), Verdict::Breaking(Proof::Refused(_)))),
        Answer::Unknown => judged.iter().any(|one| *pick(one) != Verdict::Compatible),
    };
    let (old_told, new_told) = (told(|one| &one.old_reader, &whole.0), told(|one| &one.new_reader, &whole.1));
    if !(old_told && new_told) {
        let rest = |told: bool, whole: &Answer, writer, reader| match told {
            true => Verdict::Compatible,
            false => of(whole, writer, reader),
        };
        let what = What::Whole { old: old.root.clone(), new: new.root.clone() };
        let edit = Edit { old_at: String::new(), new_at: String::new(), what };
        judged.push(Judged {
            change: Change { rule: rules::TOGETHER, edits: vec![edit] },
            old_reader: rest(old_told, &whole.0, new, old),
            new_reader: rest(new_told, &whole.1, old, new),
        });
    }
    judged
}

/// The verdict of an answer about one change; a witness has to hold for the whole documents too.
fn of(answer: &Answer, writer: &Document, reader: &Document) -> Verdict {
    match answer {
        Answer::Compatible => Verdict::Compatible,
        Answer::Unknown => Verdict::Unknown("neither a proof nor a refused message was found".into()),
        Answer::Breaking(found) => {
            let holds = |value: &&Value| compat::sends(writer, value) && !compat::takes(reader, value);
            match found.iter().find(holds) {
                Some(value) => Verdict::Breaking(Proof::Refused(value.clone())),
                None => {
                    Verdict::Unknown("the message that this change has refused is taken because of another one".into())
                }
            }
        }
    }
}

/// A default is what a reader takes an absent member for. Both sides take the message, and read it differently.
fn default(old: &Document, new: &Document, edit: &Edit) -> Verdict {
    let What::Keyword { old: before, new: after, .. } = &edit.what else { return Verdict::Compatible };
    let value = |side: &Option<Value>| side.clone().unwrap_or(Value::Null);
    let (before, after) = (value(before), value(after));
    let required = |document: &Document, at: &str| {
        let Some((object, name)) = at.rsplit_once("/properties/") else { return false };
        let name = name.replace("~1", "/").replace("~0", "~");
        let list = document.root.pointer(object).and_then(|schema| schema.get("required")).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| *one == name))
    };
    // Where one side requires it, that it may be absent is another change.
    if before == after || required(old, &edit.old_at) || required(new, &edit.new_at) {
        return Verdict::Compatible;
    }
    Verdict::Breaking(Proof::Differs(format!("an absent member was read as {before} and is read as {after}")))
}
