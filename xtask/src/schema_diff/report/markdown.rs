//! The report for a pull request: a table of all changes, and below it what breaks somebody.

use std::fmt::Write as _;

use super::super::finding::{Answer, Finding, short};
use super::super::judge::{Proof, Verdict};
use super::super::law::statement;
use super::{Report, direction, scenarios};

pub(super) fn written(report: &Report) -> String {
    let mut text = format!("## Compatibility of the protocol\n\n{}.\n", report.conclusion());
    if !report.findings.is_empty() {
        text.push_str("\n| | change | where | old reader, new writer | new reader, old writer |\n| --- | --- | --- | --- | --- |\n");
    }
    for found in &report.findings {
        let mark = match (found.breaks(), &found.approved) {
            (true, None) => "❌",
            (true, Some(_)) => "☑️",
            (false, _) => "✅",
        };
        let place = format!("{}: `{}`", direction(found), found.place);
        let (old, new) = (found.old_reader.verdict.word(), found.new_reader.verdict.word());
        let _ = writeln!(text, "| {mark} | `{}` | {} | {old} | {new} |", found.rule.id, cell(&place));
    }
    for found in report.findings.iter().filter(|found| found.breaks()) {
        block(&mut text, report.folder, found);
    }
    for stale in &report.stale {
        let _ = writeln!(text, "\n- {stale}");
    }
    text
}

fn block(text: &mut String, folder: &str, found: &Finding) {
    let _ = writeln!(text, "\n### `{}` in {}: `{}`\n", found.rule.id, direction(found), found.place);
    let _ = writeln!(text, "{}: `{folder}{}#{}`\n", capital(found.rule.about), found.file, found.at);
    for answer in [&found.old_reader, &found.new_reader] {
        let _ = writeln!(text, "- **{}** for {}{}", answer.verdict.word(), answer.who, how(answer));
    }
    for id in &found.requirements {
        let (statement, place) = statement(id);
        let place = place.map(|place| format!(" (`{place}`)")).unwrap_or_default();
        let _ = writeln!(text, "- {statement}{place}");
    }
    if let Some(scenarios) = scenarios(found) {
        let _ = writeln!(text, "- Scenarios: {scenarios}");
    }
    let _ = match &found.approved {
        Some(reason) => writeln!(text, "- Approved: {reason}"),
        None => writeln!(text, "- Fingerprint: `{}`", found.fingerprint),
    };
}

fn how(answer: &Answer) -> String {
    match &answer.verdict {
        Verdict::Compatible => ".".into(),
        Verdict::Unknown(why) => format!(": {why}."),
        Verdict::Breaking(Proof::Differs(how)) => format!(": {how}."),
        Verdict::Breaking(Proof::Refused(value)) => {
            let text = short(value, 600);
            // A witness may hold backticks itself: one more around it than it has in a row.
            let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
            let fence = "`".repeat(longest + 1);
            let pad = if text.contains('`') { " " } else { "" };
            format!(": {fence}{pad}{text}{pad}{fence} is sent and refused.")
        }
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
