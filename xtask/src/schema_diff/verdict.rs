//! Two verdicts for each change of a schema: does the old reader accept what the new writer sends, and does the new reader accept what the
//! old writer sends? The comparison of the whole documents takes precedence.

use serde_json::Value;

use super::changes::{self, SchemaChange};
use super::edit::{Edit, EditKind, EditMode, edited};
use super::rules;
use crate::compat::document::{Document, unescaped};
use crate::compat::{self, Answer};

/// What a change means to one reader.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Compatible,
    Breaking(Evidence),
    /// Neither could be shown, for this reason; counts as breaking.
    Unknown(String),
}

/// What shows that a change breaks a peer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Evidence {
    /// A message that one side may send and the other refuses.
    Refused(Value),
    /// How the two sides interpret the same message differently, or behave differently.
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

/// A change with its two verdicts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AssessedChange {
    pub(super) change: SchemaChange,
    pub(super) old_reader: Verdict,
    pub(super) new_reader: Verdict,
}

/// All changes between two documents with their verdicts.
pub(super) fn assess(old: &Document, new: &Document) -> Vec<AssessedChange> {
    let changes = changes::between(old, new);
    if changes.is_empty() && old == new {
        return Vec::new();
    }
    let whole = (compat::decide(new, old), compat::decide(old, new));
    let alone = changes.len() == 1;
    let assess_one = |change: SchemaChange| {
        if change.rule == rules::DEFAULT {
            let verdict = of_default(old, new, &change.edits[0]);
            return AssessedChange { change, old_reader: verdict.clone(), new_reader: verdict };
        }
        let verdict = |whole: &Answer, writer, reader, mode| match whole {
            Answer::Compatible => Verdict::Compatible,
            whole if alone => of_answer(whole, writer, reader),
            _ => match edited(writer, reader, &change.edits, mode) {
                Some(changed) => of_answer(&compat::decide(writer, &changed), writer, reader),
                None => Verdict::Unknown("the change cannot be applied by itself".into()),
            },
        };
        let old_reader = verdict(&whole.0, new, old, EditMode::Revert);
        let new_reader = verdict(&whole.1, old, new, EditMode::Apply);
        AssessedChange { change, old_reader, new_reader }
    };
    let mut assessed: Vec<_> = changes.into_iter().map(assess_one).collect();
    let explains = |pick: fn(&AssessedChange) -> &Verdict, whole: &Answer| match whole {
        Answer::Compatible => true,
        Answer::Breaking(_) => assessed.iter().any(|one| matches!(pick(one), Verdict::Breaking(Evidence::Refused(_)))),
        Answer::Unknown => assessed.iter().any(|one| *pick(one) != Verdict::Compatible),
    };
    let explained = (explains(|one| &one.old_reader, &whole.0), explains(|one| &one.new_reader, &whole.1));
    if explained != (true, true) {
        let rest = |explained: bool, whole: &Answer, writer, reader| match explained {
            true => Verdict::Compatible,
            false => of_answer(whole, writer, reader),
        };
        let kind = EditKind::Whole { old: old.root.clone(), new: new.root.clone() };
        let edit = Edit { old_at: String::new(), new_at: String::new(), kind };
        assessed.push(AssessedChange {
            change: SchemaChange { rule: rules::TOGETHER, edits: vec![edit] },
            old_reader: rest(explained.0, &whole.0, new, old),
            new_reader: rest(explained.1, &whole.1, old, new),
        });
    }
    assessed
}

/// The verdict from an answer about one change. A witness has to hold for the whole documents too.
fn of_answer(answer: &Answer, writer: &Document, reader: &Document) -> Verdict {
    match answer {
        Answer::Compatible => Verdict::Compatible,
        Answer::Unknown => Verdict::Unknown("neither a proof nor a refused message was found".into()),
        Answer::Breaking(found) => {
            let holds = |value: &&Value| compat::may_send(writer, value) && !compat::accepts(reader, value);
            match found.iter().find(holds) {
                Some(value) => Verdict::Breaking(Evidence::Refused(value.clone())),
                None => {
                    Verdict::Unknown("another change makes the reader accept the message that this one refuses".into())
                }
            }
        }
    }
}

/// A default is what a reader takes an absent member for: both sides accept the message, but interpret it differently.
fn of_default(old: &Document, new: &Document, edit: &Edit) -> Verdict {
    let EditKind::Keyword { old: before, new: after, .. } = &edit.kind else { return Verdict::Compatible };
    let value = |side: &Option<Value>| side.clone().unwrap_or(Value::Null);
    let (before, after) = (value(before), value(after));
    let is_required = |document: &Document, at: &str| {
        let Some((object, name)) = at.rsplit_once("/properties/") else { return false };
        let name = unescaped(name);
        let list = document.root.pointer(object).and_then(|schema| schema.get("required")).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| *one == name))
    };
    // If one side requires the member, becoming optional is a change of its own.
    if before == after || is_required(old, &edit.old_at) || is_required(new, &edit.new_at) {
        return Verdict::Compatible;
    }
    let text = format!("an absent member meant {before} before the change and means {after} after it");
    Verdict::Breaking(Evidence::Differs(text))
}
