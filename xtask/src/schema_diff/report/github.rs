//! The report as annotations of GitHub's workflows: one line for each change that needs somebody.

use std::fmt::Write as _;

use super::super::finding::{Answer, short};
use super::super::judge::{Proof, Verdict};
use super::{Report, direction};

pub(super) fn written(report: &Report) -> String {
    let mut text = String::new();
    for found in &report.findings {
        let level = match (found.breaks(), &found.approved) {
            (true, None) => "error",
            (true, Some(_)) => "warning",
            (false, _) => "notice",
        };
        let title = format!("{}: {} in {}", found.word(), found.rule.id, found.place);
        let mut body = format!("{} ({}#{})", direction(found), found.file, found.at);
        for answer in [&found.old_reader, &found.new_reader] {
            if let Some(told) = told(answer) {
                let _ = write!(body, "\n{told}");
            }
        }
        match &found.approved {
            Some(reason) => body.push_str(&format!("\napproved: {reason}")),
            None if found.breaks() => body.push_str(&format!("\nfingerprint {}", found.fingerprint)),
            None => {}
        }
        let _ = writeln!(
            text,
            "::{level} file={}{},title={}::{}",
            report.folder,
            property(&found.file),
            property(&title),
            data(&body)
        );
    }
    for stale in &report.stale {
        let _ = writeln!(text, "::error file=schemas/approved-breaks.toml::{}", data(stale));
    }
    let _ = writeln!(text, "{}", report.conclusion());
    text
}

fn told(answer: &Answer) -> Option<String> {
    let how = match &answer.verdict {
        Verdict::Compatible => return None,
        Verdict::Unknown(why) => format!("unknown: {why}"),
        Verdict::Breaking(Proof::Differs(how)) => format!("broken: {how}"),
        Verdict::Breaking(Proof::Refused(value)) => format!("sent and refused: {}", short(value, 300)),
    };
    Some(format!("{}: {how}", answer.who))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
