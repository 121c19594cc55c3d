//! The report for a pull request: a table of all changes, followed by details of those that break a peer.

use std::fmt::Write as _;

use super::super::reported::{ReaderVerdict, ReportedChange};
use super::super::requirements::statement;
use super::super::verdict::{Evidence, Verdict};
use super::contents::{DiffReport, direction, scenarios, short};
use crate::text::capitalized;

pub(super) fn written(report: &DiffReport) -> String {
    let mut text = format!("## Compatibility of the protocol\n\n{}.\n", report.conclusion());
    if !report.changes.is_empty() {
        text.push_str("\n| | change | where | old reader, new writer | new reader, old writer |\n| --- | --- | --- | --- | --- |\n");
    }
    for change in &report.changes {
        let mark = match (change.breaks(), &change.approved) {
            (true, None) => "❌",
            (true, Some(_)) => "☑️",
            (false, _) => "✅",
        };
        let place = format!("{}: `{}`", direction(change), change.place).replace('|', "\\|");
        let [old, new] = change.readers().map(|reader| reader.verdict.word());
        let _ = writeln!(text, "| {mark} | `{}` | {place} | {old} | {new} |", change.rule.id);
    }
    for change in report.changes.iter().filter(|change| change.breaks()) {
        details(&mut text, report.folder, change);
    }
    for stale in &report.stale {
        let _ = writeln!(text, "\n- {stale}");
    }
    text
}

fn details(text: &mut String, folder: &str, change: &ReportedChange) {
    let _ = writeln!(text, "\n### `{}` in {}: `{}`\n", change.rule.id, direction(change), change.place);
    let _ = writeln!(text, "{}: `{folder}{}#{}`\n", capitalized(change.rule.about), change.file, change.at);
    for reader in change.readers() {
        let _ = writeln!(text, "- **{}** for {}{}", reader.verdict.word(), reader.who, reason(reader));
    }
    for id in &change.requirements {
        let (statement, place) = statement(id);
        let place = place.map(|place| format!(" (`{place}`)")).unwrap_or_default();
        let _ = writeln!(text, "- {statement}{place}");
    }
    if let Some(scenarios) = scenarios(change) {
        let _ = writeln!(text, "- Scenarios: {scenarios}");
    }
    let _ = match &change.approved {
        Some(reason) => writeln!(text, "- Approved: {reason}"),
        None => writeln!(text, "- Fingerprint: `{}`", change.fingerprint),
    };
}

fn reason(reader: &ReaderVerdict) -> String {
    match &reader.verdict {
        Verdict::Compatible => ".".into(),
        Verdict::Unknown(why) | Verdict::Breaking(Evidence::Differs(why)) => format!(": {why}."),
        Verdict::Breaking(Evidence::Refused(value)) => {
            let text = short(value, 600);
            // A fence is one backtick longer than any run of backticks in the text.
            let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
            let fence = "`".repeat(longest + 1);
            let pad = if text.contains('`') { " " } else { "" };
            format!(": {fence}{pad}{text}{pad}{fence} is sent and refused.")
        }
    }
}
