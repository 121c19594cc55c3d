//! The report for programs.

use serde_json::{Value, json};

use super::super::finding::{Answer, Finding};
use super::super::judge::{Proof, Verdict};
use super::Report;

pub(super) fn written(report: &Report) -> String {
    let value = json!({
        "old": report.old,
        "new": report.new,
        "fine": report.is_fine(),
        "changes": report.findings.iter().map(|found| change(report.folder, found)).collect::<Vec<_>>(),
        "stale_approvals": report.stale,
    });
    format!("{value:#}\n")
}

fn change(folder: &str, found: &Finding) -> Value {
    json!({
        "rule": found.rule.id,
        "file": format!("{folder}{}", found.file),
        "path": found.at,
        "place": found.place,
        "old": found.old,
        "new": found.new,
        "old_reader": answer(&found.old_reader),
        "new_reader": answer(&found.new_reader),
        "requirements": found.requirements,
        "scenarios": found.scenarios,
        "fingerprint": found.fingerprint,
        "approved": found.approved,
    })
}

fn answer(answer: &Answer) -> Value {
    let mut value = json!({ "verdict": answer.verdict.word(), "who": answer.who });
    match &answer.verdict {
        Verdict::Compatible => {}
        Verdict::Unknown(why) => value["why"] = why.as_str().into(),
        Verdict::Breaking(Proof::Differs(how)) => value["why"] = how.as_str().into(),
        Verdict::Breaking(Proof::Refused(witness)) => {
            value["witness"] = witness.clone();
            value["serde"] = answer.serde.into();
        }
    }
    value
}
