//! Reports of the compatibility gate: for people, for programs, for a pull request. They read findings and decide nothing.

mod github;
mod json;
mod markdown;
mod text;

use super::finding::Finding;

/// All that a run has found.
#[derive(Debug, Clone)]
pub(super) struct Report {
    /// What the older side is called, and the newer one.
    pub(super) old: String,
    pub(super) new: String,
    /// The folder of their files, with a slash; empty where two files of any folders are compared.
    pub(super) folder: &'static str,
    pub(super) findings: Vec<Finding>,
    /// What is wrong with the approvals, in the order of their file.
    pub(super) stale: Vec<String>,
}

/// A form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// Annotations of GitHub's workflows
    Github,
    /// For a pull request
    Markdown,
}

impl Report {
    /// The findings that break somebody, or may, and were not approved.
    pub(super) fn unapproved(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|found| found.breaks() && found.approved.is_none())
    }

    /// Whether nothing has to be done.
    pub(super) fn is_fine(&self) -> bool {
        self.unapproved().next().is_none() && self.stale.is_empty()
    }

    /// The report in one form, with a line break at its end.
    pub(super) fn written(&self, form: Form) -> String {
        match form {
            Form::Text => text::written(self),
            Form::Json => json::written(self),
            Form::Github => github::written(self),
            Form::Markdown => markdown::written(self),
        }
    }

    /// What it comes to, in a sentence.
    fn conclusion(&self) -> String {
        let count = |word: &str| self.findings.iter().filter(|found| found.word() == word).count();
        let (breaking, unknown, compatible) = (count("breaking"), count("unknown"), count("compatible"));
        let approved = self.findings.iter().filter(|found| found.approved.is_some()).count();
        let all = self.findings.len();
        let since = format!("since {}", self.old);
        if all == 0 {
            return format!("nothing has changed {since}");
        }
        format!(
            "{all} change{} {since}: {breaking} breaking, {unknown} unknown, {compatible} compatible; {approved} approved",
            if all == 1 { "" } else { "s" }
        )
    }
}

/// Up to so many scenarios are named.
const SCENARIOS: usize = 6;

/// The names of scenarios, and how many there are besides.
fn scenarios(found: &Finding) -> Option<String> {
    let all = &found.scenarios;
    let named = all.iter().take(SCENARIOS).cloned().collect::<Vec<_>>().join(", ");
    match all.len() {
        0 => None,
        count if count > SCENARIOS => Some(format!("{named} and {} more", count - SCENARIOS)),
        _ => Some(named),
    }
}

/// Who speaks to whom, as `pairing, relay → host`.
fn direction(found: &Finding) -> String {
    let name = found.file.strip_suffix(".json").unwrap_or(&found.file);
    match name.split_once('/').map(|(family, file)| (family, file.split_once("-to-"))) {
        Some((family, Some((from, to)))) => format!("{family}, {from} → {to}"),
        Some((family, None)) => format!("{family}, behaviour"),
        None if name == "behaviour" => "all families, behaviour".into(),
        None => name.to_owned(),
    }
}
