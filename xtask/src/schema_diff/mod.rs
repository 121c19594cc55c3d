//! `schema-diff`, the compatibility checker: compares two states of the schemas and of the behaviour, and reports for each change whether
//! old and new peers still understand each other. A breaking change needs an approval.
//!
//! The main flow stands here: options, sources, changes, approvals, report. `compat` decides whether a reader accepts what a writer sends.

mod approvals;
mod behaviour;
mod changes;
mod edit;
mod peers;
mod report;
mod reported;
mod requirements;
mod rules;
pub(crate) mod source;
#[cfg(test)]
mod tests;
mod unions;
mod verdict;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use time::Date;

use crate::runner;
use approvals::Approval;
pub(crate) use approvals::{day, today};
use report::{DiffReport, ReportFormat, written};
use reported::ReportedChange;

/// What to compare, and how to report it.
#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Exit status: 0 nothing breaks, or every break is approved; 1 a change breaks a peer or may, or an approval is \
                        unused or expired; 2 wrong usage or unreadable input"
)]
pub(crate) struct SchemaDiffOptions {
    /// Two schemas to compare, the older one first, instead of the whole protocol
    #[arg(value_names = ["OLD", "NEW"], num_args = 2, conflicts_with = "against")]
    files: Vec<PathBuf>,
    /// A release (such as `released/0.1.0`), a folder, or a git revision; by default the latest release
    #[arg(long, value_name = "WHAT")]
    against: Option<String>,
    /// The format of the printed report
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: ReportFormat,
    /// Also write the report as JSON to this file
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
    /// Also write the report as Markdown to this file
    #[arg(long, value_name = "FILE")]
    report_markdown: Option<PathBuf>,
    /// The file of approved breaks
    #[arg(long, value_name = "FILE")]
    approvals: Option<PathBuf>,
    /// The day on which approvals are checked, instead of today in UTC
    #[arg(long, value_parser = day, value_name = "DAY")]
    today: Option<Date>,
}

/// Compares and prints. The exit status says whether something has to be done.
pub(crate) fn run(options: &SchemaDiffOptions) -> ExitCode {
    match compare(options).and_then(|report| print(&report, options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Compares the current schemas with the latest release.
///
/// # Errors
/// If an unapproved change breaks a peer, or the two cannot be compared.
pub(crate) fn check() -> Result<()> {
    let options = SchemaDiffOptions::default();
    let is_fine = print(&compare(&options)?, &options)?;
    ensure!(is_fine, "the protocol has an unapproved breaking change, or a stale approval");
    Ok(())
}

fn print(report: &DiffReport, options: &SchemaDiffOptions) -> Result<bool> {
    print!("{}", written(report, options.format));
    for (file, format) in
        [(&options.report_json, ReportFormat::Json), (&options.report_markdown, ReportFormat::Markdown)]
    {
        if let Some(file) = file {
            fs::write(file, written(report, format)).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(report.is_fine())
}

fn compare(options: &SchemaDiffOptions) -> Result<DiffReport> {
    let today = options.today.unwrap_or_else(today);
    if let [old, new] = options.files.as_slice() {
        let name = new.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let changes = reported::of_schema(&name, &source::read(old)?, &source::read(new)?, false)?;
        let names = (old.display().to_string(), new.display().to_string());
        let approvals = options.approvals.as_deref().map(approvals::read).transpose()?.unwrap_or_default();
        return Ok(DiffReport { folder: "", ..approved(names, changes, &approvals, today, UnusedApprovals::Fail) });
    }
    let latest = match &options.against {
        Some(_) => None,
        None => source::releases()?.last().map(|version| format!("released/{version}")),
    };
    let Some(against) = options.against.as_ref().or(latest.as_ref()) else {
        bail!("no release to compare with: make one with `cargo xtask release`, or name a state with --against")
    };
    let unused = if against.starts_with("released/") { UnusedApprovals::Fail } else { UnusedApprovals::Pass };
    let (old, new) = (source::named(against)?, source::folder(&source::schemas(), "schemas")?);
    let mut changes = reported::between(&old, &new, true)?;
    if !changes.is_empty() {
        reported::add_scenarios(&mut changes, &coverage()?);
    }
    let file = options.approvals.clone().unwrap_or_else(|| source::schemas().join("approved-breaks.toml"));
    let approvals = approvals::read(&file)?;
    Ok(approved((old.name, new.name), changes, &approvals, today, unused))
}

/// What to do about an approval that no change needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UnusedApprovals {
    /// Report it as out of date.
    Fail,
    /// Ignore it: the other side of this comparison may have the approved change as well.
    Pass,
}

fn approved(
    (old, new): (String, String),
    mut changes: Vec<ReportedChange>,
    approvals: &[Approval],
    today: Date,
    unused: UnusedApprovals,
) -> DiffReport {
    let mut stale = Vec::new();
    for Approval { fingerprint, reason, expires, line } in approvals {
        let at = format!("approved-breaks.toml:{line}");
        let mut needed =
            changes.iter_mut().filter(|change| change.breaks() && change.fingerprint == *fingerprint).peekable();
        if needed.peek().is_none() {
            if unused == UnusedApprovals::Fail {
                stale.push(format!("{at}: {fingerprint} approves nothing; remove it"));
            }
        } else if *expires < today {
            let remedy = "revert the change, or release it";
            stale.push(format!("{at}: the approval of {fingerprint} expired on {expires}; {remedy}"));
        } else {
            needed.for_each(|change| change.approved = Some(format!("{reason} (until {expires})")));
        }
    }
    DiffReport { old, new, folder: "schemas/", changes, stale }
}

/// The ids of the scenarios that cover each requirement. They belong to the runner, so it lists them.
fn coverage() -> Result<BTreeMap<String, Vec<String>>> {
    #[derive(Deserialize)]
    struct ScenarioCoverage {
        id: String,
        covers: Vec<String>,
    }
    let scenarios: Vec<ScenarioCoverage> = runner::ask(runner::in_tree(), runner::SCENARIOS)?;
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for scenario in scenarios {
        for requirement in scenario.covers {
            all.entry(requirement).or_default().push(scenario.id.clone());
        }
    }
    Ok(all)
}

/// The files whose messages old readers, and those whose messages new readers no longer accept, since a release.
#[cfg(test)]
pub(crate) fn broken(release: &str) -> Result<[std::collections::BTreeSet<String>; 2]> {
    let (old, new) = (source::named(&format!("released/{release}"))?, source::folder(&source::schemas(), "schemas")?);
    let changes = reported::between(&old, &new, false)?;
    let breaks =
        |change: &&ReportedChange, reader: usize| change.readers()[reader].verdict != verdict::Verdict::Compatible;
    let files = |reader| changes.iter().filter(|one| breaks(one, reader)).map(|one| one.file.clone()).collect();
    Ok([0, 1].map(files))
}
