//! Approved breaks: `schemas/approved-breaks.toml`. Each entry names one change by its fingerprint, the reason why it is acceptable, and the
//! last day on which it may remain unreleased.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use time::{Date, OffsetDateTime};
use toml::Spanned;

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Approval {
    pub(super) fingerprint: String,
    pub(super) reason: String,
    /// The last day on which it holds, in UTC.
    pub(super) expires: Date,
    /// Its line in the file, from 1.
    pub(super) line: usize,
}

/// Reads a calendar day, such as `2027-01-31`.
pub(crate) fn day(text: &str) -> Result<Date> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).with_context(|| format!("invalid day `{text}`: expected a date such as `2027-01-31`"))
}

/// Today, in UTC.
pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalsFile {
    #[serde(default)]
    approved: Vec<Spanned<ApprovalEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalEntry {
    fingerprint: String,
    reason: String,
    expires: String,
}

/// The entries of a file; none if it does not exist.
///
/// # Errors
/// If it cannot be read, an entry lacks its reason or its day, or two approve the same change.
pub(super) fn read(path: &Path) -> Result<Vec<Approval>> {
    let name = path.display();
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.with_context(|| format!("cannot read {name}"))?,
    };
    parse(&text).with_context(|| format!("in {name}"))
}

fn parse(text: &str) -> Result<Vec<Approval>> {
    let file: ApprovalsFile = toml::from_str(text)?;
    let mut all: Vec<Approval> = Vec::new();
    for entry in file.approved {
        let before = text.as_bytes().iter().take(entry.span().start);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        let ApprovalEntry { fingerprint, reason, expires } = entry.into_inner();
        if reason.trim().is_empty() {
            bail!("line {line}: `reason` is empty: explain why the break of {fingerprint} is acceptable");
        }
        if all.iter().any(|one| one.fingerprint == fingerprint) {
            bail!("line {line}: {fingerprint} is approved twice");
        }
        let expires = day(&expires).with_context(|| format!("line {line}: in `expires`"))?;
        all.push(Approval { fingerprint, reason, expires, line });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_compares_days() {
        assert_eq!(day("2028-02-29").expect("a day").to_string(), "2028-02-29");
        for wrong in
            ["", "2027-02-29", "2027-13-01", "2027-00-10", "2027-1-1", "27-01-01", "2027-04-31", "soon", "2027-01-00"]
        {
            assert!(day(wrong).is_err(), "{wrong}");
        }
        assert!(day("2026-11-20").ok() < day("2027-01-01").ok());
    }

    #[test]
    fn reports_the_line_of_an_invalid_entry() {
        let text = "# breaks\n[[approved]]\nfingerprint = \"a1\"\nreason = \"never sent\"\nexpires = \"2027-01-31\"\n";
        let all = parse(text).expect("valid entries");
        assert_eq!((all[0].line, all[0].fingerprint.as_str()), (2, "a1"));
        assert_eq!(all[0].expires, day("2027-01-31").expect("a day"));
        for (text, expected) in [
            (text.replace("never sent", " "), "line 2: `reason` is empty"),
            (text.replace("2027-01-31", "soon"), "invalid day `soon`"),
            (format!("{text}{text}"), "line 7: a1 is approved twice"),
            (text.replace("expires", "until"), "until"),
        ] {
            let error = format!("{:#}", parse(&text).expect_err("an invalid entry"));
            assert!(error.contains(expected), "{error}");
        }
    }
}
