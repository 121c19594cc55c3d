//! `schema-diff`: whom a change of the protocol breaks, and how. Schemas and behaviour of two states are compared; each change has an answer
//! for either reader, and what breaks somebody needs an approval.
//!
//! The main flow stands here: options, sources, findings, approvals, report. Whether a reader takes what a writer sends is decided in
//! `compat`.

mod approvals;
mod behaviour;
mod changes;
mod edit;
mod finding;
mod judge;
mod law;
mod report;
mod rules;
pub(crate) mod source;
mod talk;
#[cfg(test)]
mod tests;
mod variants;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use approvals::Approval;
pub(crate) use approvals::Day;
use finding::Finding;
use report::{Form, Report};

/// What to compare, and how to tell it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 nothing breaks anybody, or all of it is approved; 1 a change breaks somebody or may, or an \
                        approval is unused or expired; 2 wrong usage or unreadable input"
)]
pub(crate) struct Options {
    /// Two schemas to compare, the older one first, instead of the whole protocol
    #[arg(value_names = ["OLD", "NEW"], num_args = 2, conflicts_with = "against")]
    files: Vec<PathBuf>,
    /// A release (as `released/0.1.0`), a folder, or a revision of git; by default the latest release
    #[arg(long, value_name = "WHAT")]
    against: Option<String>,
    /// How the report is printed
    #[arg(long, value_enum, default_value = "text", value_name = "FORM")]
    format: Form,
    /// Write the report as JSON to this file, too
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
    /// Write the report as Markdown to this file, too
    #[arg(long, value_name = "FILE")]
    report_markdown: Option<PathBuf>,
    /// The file of approved breaks
    #[arg(long, value_name = "FILE")]
    approvals: Option<PathBuf>,
    /// The day by which approvals expire, instead of today's in UTC
    #[arg(long, value_name = "DAY")]
    today: Option<Day>,
}

impl Options {
    /// Today's schemas against the latest release.
    fn latest() -> Self {
        let (format, files) = (Form::Text, Vec::new());
        Self { files, against: None, format, report_json: None, report_markdown: None, approvals: None, today: None }
    }
}

/// Compares, prints, and says by the exit status whether somebody has to do something.
pub(crate) fn run(options: &Options) -> ExitCode {
    match compare(options).and_then(|report| told(&report, options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Fails where today's schemas break somebody who keeps the latest release.
///
/// # Errors
/// Where they do, or could not be compared.
pub(crate) fn check() -> Result<()> {
    let options = Options::latest();
    let fine = told(&compare(&options)?, &options)?;
    ensure!(fine, "the protocol has changed in a way that nobody has approved");
    Ok(())
}

fn told(report: &Report, options: &Options) -> Result<bool> {
    print!("{}", report.written(options.format));
    for (file, form) in [(&options.report_json, Form::Json), (&options.report_markdown, Form::Markdown)] {
        if let Some(file) = file {
            fs::write(file, report.written(form)).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(report.is_fine())
}

fn compare(options: &Options) -> Result<Report> {
    let today = options.today.unwrap_or_else(now);
    if let [old, new] = options.files.as_slice() {
        let name = new.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let findings = finding::of_schema(&name, &source::read(old)?, &source::read(new)?, false)?;
        let names = (old.display().to_string(), new.display().to_string());
        let approvals = options.approvals.as_deref().map(approvals::read).transpose()?.unwrap_or_default();
        return Ok(Report { folder: "", ..approved(names, findings, &approvals, today, Unused::Fails) });
    }
    let (old, unused) = match &options.against {
        Some(name) => {
            (source::named(name)?, if name.starts_with("released/") { Unused::Fails } else { Unused::Passes })
        }
        None => match source::releases()?.last() {
            Some(latest) => (source::named(&format!("released/{latest}"))?, Unused::Fails),
            None => bail!(
                "there is no release to compare with: make one with `cargo xtask release`, or name a state by --against"
            ),
        },
    };
    let new = source::folder(&source::schemas(), "schemas")?;
    let mut findings = finding::between(&old, &new, true)?;
    if !findings.is_empty() {
        finding::cover(&mut findings, &coverage()?);
    }
    let place = options.approvals.clone().unwrap_or_else(|| source::schemas().join("approved-breaks.toml"));
    let approvals = approvals::read(&place)?;
    Ok(approved((old.name, new.name), findings, &approvals, today, unused))
}

/// What becomes of an approval that no change needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unused {
    /// It is out of date.
    Fails,
    /// It may be about a change that the other side of this comparison has as well.
    Passes,
}

fn approved(
    (old, new): (String, String),
    mut findings: Vec<Finding>,
    approvals: &[Approval],
    today: Day,
    unused: Unused,
) -> Report {
    let mut stale = Vec::new();
    for approval in approvals {
        let place = format!("approved-breaks.toml:{}", approval.line);
        let Approval { fingerprint, expires, .. } = approval;
        let mut needed =
            findings.iter_mut().filter(|found| found.breaks() && found.fingerprint == *fingerprint).peekable();
        if needed.peek().is_none() {
            if unused == Unused::Fails {
                stale.push(format!("{place}: {fingerprint} approves nothing; remove it"));
            }
        } else if *expires < today {
            stale.push(format!(
                "{place}: the approval of {fingerprint} expired on {expires}; take the change back, or release it"
            ));
        } else {
            needed.for_each(|found| found.approved = Some(format!("{} (until {expires})", approval.reason)));
        }
    }
    Report { old, new, folder: "schemas/", findings, stale }
}

/// Today, in UTC.
pub(crate) fn now() -> Day {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Day::of(since.as_secs())
}

/// The scenarios by the requirements that they cover. They belong to the judge, so the judge lists them.
fn coverage() -> Result<BTreeMap<String, Vec<String>>> {
    #[derive(Deserialize)]
    struct Scenario {
        id: String,
        covers: Vec<String>,
    }
    let scenarios: Vec<Scenario> = crate::judge::told(crate::judge::in_tree(), crate::judge::SCENARIOS)?;
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for scenario in scenarios {
        for requirement in scenario.covers {
            all.entry(requirement).or_default().push(scenario.id.clone());
        }
    }
    Ok(all)
}

/// The files of a release whose messages somebody cannot read any more, or not yet.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Broken {
    pub(crate) old_readers: std::collections::BTreeSet<String>,
    pub(crate) new_readers: std::collections::BTreeSet<String>,
}

/// What is broken between a release and today.
///
/// # Errors
/// Where one of the two cannot be read.
#[cfg(test)]
pub(crate) fn broken(release: &str) -> Result<Broken> {
    let (old, new) = (source::named(&format!("released/{release}"))?, source::folder(&source::schemas(), "schemas")?);
    let mut broken = Broken::default();
    for found in finding::between(&old, &new, false)? {
        for (answer, files) in
            [(&found.old_reader, &mut broken.old_readers), (&found.new_reader, &mut broken.new_readers)]
        {
            if answer.verdict != judge::Verdict::Compatible {
                files.insert(found.file.clone());
            }
        }
    }
    Ok(broken)
}
