//! The scenarios: which there are, and a page of them for each folder. What they are is asked of the judge, which this crate must not link.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::{Pages, text};
use crate::judge;

/// One scenario file, in all the roles that it is played for.
#[derive(Debug)]
pub(super) struct Scenario {
    /// The folder, as `pairing`.
    pub(super) folder: String,
    /// The name within it, as `expired-code`.
    pub(super) name: String,
    /// The path below the root.
    pub(super) file: String,
    /// What it shows, in one sentence.
    pub(super) summary: String,
    /// What it waits for at most, as a span.
    pub(super) longest_wait: Option<String>,
    /// The roles that are judged by it, each with its family: `pairing relay`.
    pub(super) roles: Vec<String>,
    /// Its checks: name and requirement.
    pub(super) checks: Vec<Check>,
}

/// One check of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Check {
    /// Its name.
    pub(super) name: String,
    /// The id of the requirement that it judges.
    pub(super) requirement: String,
}

/// All scenarios that are built into the judge.
#[derive(Debug)]
pub(super) struct Scenarios(Vec<Scenario>);

/// A scenario as the judge lists it: once for each role.
#[derive(Deserialize)]
struct Listed {
    id: String,
    file: String,
    summary: String,
    under_test: String,
    longest_wait: Option<String>,
    checks: Vec<Check>,
}

impl Scenarios {
    /// Asks the judge.
    ///
    /// # Errors
    /// Where it does not build, or prints something else.
    pub(super) fn read() -> Result<Self> {
        let listed: Vec<Listed> = judge::told(judge::in_tree(), judge::SCENARIOS)?;
        ensure!(!listed.is_empty(), "`conformance list --json` names no scenario");
        let mut all: Vec<Scenario> = Vec::new();
        for Listed { id, file, summary, under_test, longest_wait, checks } in listed {
            let family = id.split('/').next().unwrap_or_default();
            let role = format!("{family} {under_test}");
            match all.iter_mut().find(|known| known.file == file) {
                Some(known) => {
                    known.roles.push(role);
                    let new: Vec<_> = checks.into_iter().filter(|check| !known.checks.contains(check)).collect();
                    known.checks.extend(new);
                }
                None => {
                    let mut parts = file.trim_end_matches(".yaml").rsplit('/');
                    let name = parts.next().unwrap_or_default().to_owned();
                    let folder = parts.next().unwrap_or_default().to_owned();
                    all.push(Scenario { folder, name, file, summary, longest_wait, roles: vec![role], checks });
                }
            }
        }
        Ok(Self(all))
    }

    /// No scenario at all.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// The scenarios with a check of this requirement.
    pub(super) fn judging(&self, requirement: &str) -> impl Iterator<Item = &Scenario> {
        self.0.iter().filter(move |scenario| scenario.names(requirement).next().is_some())
    }
}

impl Scenario {
    /// The checks that judge a requirement, by name.
    pub(super) fn names(&self, requirement: &str) -> impl Iterator<Item = &str> {
        self.checks.iter().filter(move |check| check.requirement == requirement).map(|check| check.name.as_str())
    }

    /// Its place in the book: the path of its page, and the anchor there.
    pub(super) fn place(&self) -> String {
        format!("{}#{}", path(&self.folder), self.name)
    }
}

/// The path of the page of a folder.
pub(super) fn path(folder: &str) -> String {
    format!("conformance/scenarios/{folder}.md")
}

/// A page for each folder.
///
/// # Errors
/// Where a scenario's file cannot be read.
pub(super) fn pages(scenarios: &Scenarios) -> Result<Pages> {
    let mut pages = Pages::new();
    for scenario in &scenarios.0 {
        let page = pages.entry(path(&scenario.folder)).or_insert_with(|| {
            let folder = &scenario.folder;
            format!("# Scenarios: {folder}\n\nThe files below `conformance/scenarios/{folder}/`, in the [language of scenarios](../../docs/scenarios.md).\n")
        });
        let _ =
            write!(page, "\n## {}\n\n{}\n\nJudges: {}.", scenario.name, scenario.summary, scenario.roles.join(", "));
        if let Some(wait) = &scenario.longest_wait {
            let _ = write!(page, " Waits for `{wait}`.");
        }
        page.push_str("\n\n");
        for Check { name, requirement } in &scenario.checks {
            let _ = writeln!(page, "- {requirement} `{name}`");
        }
        let _ = write!(page, "\n```yaml\n{}\n```\n", text(&scenario.file)?.trim_end());
    }
    Ok(pages)
}
