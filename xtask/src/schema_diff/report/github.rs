//! The report as annotations of GitHub workflows, one for each change.

use std::fmt::Write as _;

use super::super::reported::ReaderVerdict;
use super::super::verdict::{Evidence, Verdict};
use super::contents::{DiffReport, direction, short};

pub(super) fn written(report: &DiffReport) -> String {
    let mut text = String::new();
    for change in &report.changes {
        let level = match (change.breaks(), &change.approved) {
            (true, None) => "error",
            (true, Some(_)) => "warning",
            (false, _) => "notice",
        };
        let title = property(&format!("{}: {} in {}", change.word(), change.rule.id, change.place));
        let mut body = format!("{} ({}#{})", direction(change), change.file, change.at);
        for reason in change.readers().into_iter().filter_map(reason) {
            let _ = write!(body, "\n{reason}");
        }
        let _ = match &change.approved {
            Some(reason) => write!(body, "\napproved: {reason}"),
            None if change.breaks() => write!(body, "\nfingerprint {}", change.fingerprint),
            None => Ok(()),
        };
        let file = format!("{}{}", report.folder, property(&change.file));
        let _ = writeln!(text, "::{level} file={file},title={title}::{}", data(&body));
    }
    for stale in &report.stale {
        let _ = writeln!(text, "::error file=schemas/approved-breaks.toml::{}", data(stale));
    }
    let _ = writeln!(text, "{}", report.conclusion());
    text
}

fn reason(reader: &ReaderVerdict) -> Option<String> {
    let reason = match &reader.verdict {
        Verdict::Compatible => return None,
        Verdict::Unknown(why) => format!("unknown: {why}"),
        Verdict::Breaking(Evidence::Differs(how)) => format!("broken: {how}"),
        Verdict::Breaking(Evidence::Refused(value)) => format!("sent and refused: {}", short(value, 300)),
    };
    Some(format!("{}: {reason}", reader.who))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
