//! The report for people: a block for each change, and finally what to do.

use std::fmt::Write as _;

use super::super::reported::ReaderVerdict;
use super::super::requirements::statement;
use super::super::verdict::{Evidence, Verdict};
use super::contents::{DiffReport, direction, scenarios, short};

/// The longest value that is shown in full, in characters.
const LONGEST: usize = 300;

pub(super) fn written(report: &DiffReport) -> String {
    let mut text = String::new();
    for change in &report.changes {
        let word = if change.approved.is_some() { "APPROVED".into() } else { change.word().to_uppercase() };
        let _ = writeln!(text, "{word}  {}: {}", change.rule.id, change.rule.about);
        line(&mut text, "where", &format!("{}: {}", direction(change), change.place));
        line(&mut text, "", &format!("{}{}#{}", report.folder, change.file, change.at));
        let shown = |value: &Option<_>| value.as_ref().map_or("nothing".into(), |value| short(value, LONGEST));
        line(&mut text, "before", &shown(&change.old));
        line(&mut text, "after", &shown(&change.new));
        reader(&mut text, "old reader", &change.old_reader);
        reader(&mut text, "new reader", &change.new_reader);
        for id in &change.requirements {
            let (statement, place) = statement(id);
            line(&mut text, "requirement", &statement);
            if let Some(place) = place {
                line(&mut text, "chapter", &place);
            }
        }
        if let Some(scenarios) = scenarios(change) {
            line(&mut text, "scenarios", &scenarios);
        }
        match &change.approved {
            Some(reason) => line(&mut text, "approved", reason),
            None if change.breaks() => line(&mut text, "fingerprint", &change.fingerprint),
            None => {}
        }
        text.push('\n');
    }
    for stale in &report.stale {
        let _ = writeln!(text, "{stale}");
    }
    let _ = writeln!(text, "{}", report.conclusion());
    if report.unapproved().next().is_some() {
        text.push_str("revert the breaking changes, or approve them in schemas/approved-breaks.toml as described in docs/compatibility.md\n");
    }
    text
}

fn line(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name:<12} {value}");
}

fn reader(text: &mut String, name: &str, reader: &ReaderVerdict) {
    line(text, name, &format!("{}: {}", reader.verdict.word(), reader.who));
    match &reader.verdict {
        Verdict::Compatible => {}
        Verdict::Unknown(why) | Verdict::Breaking(Evidence::Differs(why)) => line(text, "", why),
        Verdict::Breaking(Evidence::Refused(value)) => {
            let serde = reader.serde.map(|word| format!("; serde {word}")).unwrap_or_default();
            line(text, "", &format!("sent and refused (by the validator{serde}): {}", short(value, LONGEST)));
        }
    }
}
