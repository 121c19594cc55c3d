//! The report for people: a block for each change, and what to do in the end.

use std::fmt::Write as _;

use super::super::finding::{Answer, short};
use super::super::judge::{Proof, Verdict};
use super::super::law::statement;
use super::{Report, direction, scenarios};

/// The longest value that is shown whole.
const LONGEST: usize = 300;

pub(super) fn written(report: &Report) -> String {
    let mut text = String::new();
    for found in &report.findings {
        let word = if found.approved.is_some() { "APPROVED".into() } else { found.word().to_uppercase() };
        let _ = writeln!(text, "{word}  {}: {}", found.rule.id, found.rule.about);
        line(&mut text, "where", &format!("{}: {}", direction(found), found.place));
        line(&mut text, "", &format!("{}{}#{}", report.folder, found.file, found.at));
        let shown = |value: &Option<_>| value.as_ref().map_or("nothing".into(), |value| short(value, LONGEST));
        line(&mut text, "before", &shown(&found.old));
        line(&mut text, "after", &shown(&found.new));
        answer(&mut text, "old reader", &found.old_reader);
        answer(&mut text, "new reader", &found.new_reader);
        for id in &found.requirements {
            let (statement, place) = statement(id);
            line(&mut text, "requirement", &statement);
            if let Some(place) = place {
                line(&mut text, "chapter", &place);
            }
        }
        if let Some(scenarios) = scenarios(found) {
            line(&mut text, "scenarios", &scenarios);
        }
        match &found.approved {
            Some(reason) => line(&mut text, "approved", reason),
            None if found.breaks() => line(&mut text, "fingerprint", &found.fingerprint),
            None => {}
        }
        text.push('\n');
    }
    for stale in &report.stale {
        let _ = writeln!(text, "{stale}");
    }
    let _ = writeln!(text, "{}", report.conclusion());
    if report.unapproved().next().is_some() {
        text.push_str("take back what breaks somebody, or approve it in schemas/approved-breaks.toml: docs/compatibility.md says how\n");
    }
    text
}

fn line(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<12} {value}");
}

fn answer(text: &mut String, name: &str, answer: &Answer) {
    line(text, name, &format!("{}: {}", answer.verdict.word(), answer.who));
    match &answer.verdict {
        Verdict::Compatible => {}
        Verdict::Unknown(why) => line(text, "", why),
        Verdict::Breaking(Proof::Differs(how)) => line(text, "", how),
        Verdict::Breaking(Proof::Refused(value)) => {
            let serde = answer.serde.map(|word| format!("; serde {word}")).unwrap_or_default();
            line(text, "", &format!("sent and refused (by the validator{serde}): {}", short(value, LONGEST)));
        }
    }
}
