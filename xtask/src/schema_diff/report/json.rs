//! The report for programs.

use serde_json::{Value, json};

use super::super::reported::{ReaderVerdict, ReportedChange};
use super::super::verdict::{Evidence, Verdict};
use super::contents::DiffReport;

pub(super) fn written(report: &DiffReport) -> String {
    let value = json!({
        "old": report.old,
        "new": report.new,
        "fine": report.is_fine(),
        "changes": report.changes.iter().map(|change| entry(report.folder, change)).collect::<Vec<_>>(),
        "stale_approvals": report.stale,
    });
    format!("{value:#}\n")
}

fn entry(folder: &str, change: &ReportedChange) -> Value {
    json!({
        "rule": change.rule.id,
        "file": format!("{folder}{}", change.file),
        "path": change.at,
        "place": change.place,
        "old": change.old,
        "new": change.new,
        "old_reader": reader(&change.old_reader),
        "new_reader": reader(&change.new_reader),
        "requirements": change.requirements,
        "scenarios": change.scenarios,
        "fingerprint": change.fingerprint,
        "approved": change.approved,
    })
}

fn reader(reader: &ReaderVerdict) -> Value {
    let mut value = json!({ "verdict": reader.verdict.word(), "who": reader.who });
    match &reader.verdict {
        Verdict::Compatible => {}
        Verdict::Unknown(why) | Verdict::Breaking(Evidence::Differs(why)) => value["why"] = why.as_str().into(),
        Verdict::Breaking(Evidence::Refused(witness)) => {
            value["witness"] = witness.clone();
            value["serde"] = reader.serde.into();
        }
    }
    value
}
