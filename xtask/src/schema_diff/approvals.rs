//! Approved breaks: `schemas/approved-breaks.toml`. Each entry names one change by its fingerprint, says why it is right, and until when it
//! may stay. The day is handed in.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use toml::Spanned;

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Approval {
    pub(super) fingerprint: String,
    pub(super) reason: String,
    /// The last day on which it holds.
    pub(super) expires: Day,
    /// Its line in the file, from 1.
    pub(super) line: usize,
}

/// A calendar day, as `2027-01-31`: year, month, day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(u16, u8, u8);

impl std::str::FromStr for Day {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || anyhow::anyhow!("`{text}` is no day: write it as `2027-01-31`");
        let parts: Vec<_> = text.split('-').collect();
        let [year, month, day] = parts[..] else { bail!(wrong()) };
        if (year.len(), month.len(), day.len()) != (4, 2, 2) {
            bail!(wrong());
        }
        let number = |part: &str| part.parse::<u16>().map_err(|_| wrong());
        let (year, month, day) = (number(year)?, number(month)?, number(day)?);
        let longest = match month {
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => bail!(wrong()),
        };
        if day == 0 || day > longest {
            bail!(wrong());
        }
        Ok(Self(year, month as u8, day as u8))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0, self.1, self.2)
    }
}

impl Day {
    /// The day of a moment, in seconds since the Unix epoch, in UTC.
    pub(crate) fn of(seconds: u64) -> Self {
        // Days are counted from 1 March of the year 0, so that a leap day comes last in its year; 400 years have 146097 of them.
        let days = seconds / 86_400 + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
        let year = year + era * 400 + u64::from(month <= 2);
        Self(u16::try_from(year).unwrap_or(u16::MAX), month as u8, day as u8)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    approved: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    reason: String,
    expires: String,
}

/// The entries of a file; a file that is not there has none.
///
/// # Errors
/// Where it cannot be read, an entry lacks its reason or its day, or two are for one change.
pub(super) fn read(path: &Path) -> Result<Vec<Approval>> {
    let name = path.display();
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.with_context(|| format!("cannot read {name}"))?,
    };
    parse(&text).with_context(|| format!("in {name}"))
}

fn parse(text: &str) -> Result<Vec<Approval>> {
    let file: File = toml::from_str(text)?;
    let mut all: Vec<Approval> = Vec::new();
    for entry in file.approved {
        let before = text.as_bytes().iter().take(entry.span().start);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        let Entry { fingerprint, reason, expires } = entry.into_inner();
        if reason.trim().is_empty() {
            bail!("line {line}: say in `reason` why the break of {fingerprint} is right");
        }
        if all.iter().any(|one| one.fingerprint == fingerprint) {
            bail!("line {line}: {fingerprint} is approved twice");
        }
        let expires = expires.parse().with_context(|| format!("line {line}: in `expires`"))?;
        all.push(Approval { fingerprint, reason, expires, line });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_compared_and_counted() {
        let day = |text: &str| text.parse::<Day>().map(|day| day.to_string()).ok();
        assert_eq!(day("2028-02-29").as_deref(), Some("2028-02-29"));
        for wrong in
            ["", "2027-02-29", "2027-13-01", "2027-00-10", "2027-1-1", "27-01-01", "2027-04-31", "soon", "2027-01-00"]
        {
            assert_eq!(day(wrong), None, "{wrong}");
        }
        for (seconds, wanted) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_795_132_800, "2026-11-20"),
            (4_102_444_799, "2099-12-31"),
        ] {
            assert_eq!(Day::of(seconds).to_string(), wanted);
        }
        assert!("2026-11-20".parse::<Day>().ok() < "2027-01-01".parse().ok());
    }

    #[test]
    fn entries_have_lines_and_reasons() {
        let text =
            "# breaks\n[[approved]]\nfingerprint = \"a1\"\nreason = \"nobody sends it\"\nexpires = \"2027-01-31\"\n";
        let all = parse(text).expect("it is right");
        assert_eq!((all[0].line, all[0].fingerprint.as_str(), all[0].expires), (2, "a1", Day(2027, 1, 31)));
        for (text, told) in [
            (text.replace("nobody sends it", " "), "line 2: say in `reason`"),
            (text.replace("2027-01-31", "soon"), "`soon` is no day"),
            (format!("{text}{text}"), "line 7: a1 is approved twice"),
            (text.replace("expires", "until"), "until"),
        ] {
            let error = format!("{:#}", parse(&text).expect_err("it is wrong"));
            assert!(error.contains(told), "{error}");
        }
    }
}
