//! The scenarios, with a page for each folder. The runner lists them, since this crate must not link it.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::pages::{Pages, text};
use crate::runner;

/// One scenario file, for all roles that it tests.
#[derive(Debug)]
pub(super) struct ScenarioFile {
    /// The folder, such as `pairing`.
    pub(super) folder: String,
    /// The name within the folder, such as `expired-code`.
    pub(super) name: String,
    /// The path below the root.
    pub(super) file: String,
    /// What it shows, in one sentence.
    pub(super) summary: String,
    /// Its longest wait, as a duration.
    pub(super) longest_wait: Option<String>,
    /// The roles that it tests, each with its family: `pairing relay`.
    pub(super) roles: Vec<String>,
    pub(super) checks: Vec<ScenarioCheck>,
}

/// One check of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ScenarioCheck {
    pub(super) name: String,
    /// The id of the requirement that it checks.
    pub(super) requirement: String,
}

/// All scenarios that are built into the runner.
#[derive(Debug, Default)]
pub(super) struct Scenarios(Vec<ScenarioFile>);

/// A scenario as the runner lists it: once for each role.
#[derive(Deserialize)]
struct ScenarioListing {
    id: String,
    file: String,
    summary: String,
    under_test: String,
    longest_wait: Option<String>,
    checks: Vec<ScenarioCheck>,
}

impl Scenarios {
    /// Asks the runner.
    pub(super) fn read() -> Result<Self> {
        let listings: Vec<ScenarioListing> = runner::ask(runner::in_tree(), runner::SCENARIOS)?;
        ensure!(!listings.is_empty(), "`conformance list --json` lists no scenario");
        let mut all: Vec<ScenarioFile> = Vec::new();
        for ScenarioListing { id, file, summary, under_test, longest_wait, checks } in listings {
            let role = format!("{} {under_test}", id.split('/').next().unwrap_or_default());
            if let Some(known) = all.iter_mut().find(|known| known.file == file) {
                known.roles.push(role);
                let new: Vec<_> = checks.into_iter().filter(|check| !known.checks.contains(check)).collect();
                known.checks.extend(new);
                continue;
            }
            let mut parts = file.trim_end_matches(".yaml").rsplit('/').map(str::to_owned);
            let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            all.push(ScenarioFile { folder, name, file, summary, longest_wait, roles: vec![role], checks });
        }
        Ok(Self(all))
    }

    /// The scenarios with a check of this requirement.
    pub(super) fn that_check(&self, requirement: &str) -> impl Iterator<Item = &ScenarioFile> {
        self.0.iter().filter(move |scenario| scenario.checks_of(requirement).next().is_some())
    }
}

impl ScenarioFile {
    /// The names of its checks of a requirement.
    pub(super) fn checks_of(&self, requirement: &str) -> impl Iterator<Item = &str> {
        self.checks.iter().filter(move |check| check.requirement == requirement).map(|check| check.name.as_str())
    }

    /// Its place in the book: page and anchor.
    pub(super) fn place(&self) -> String {
        format!("{}#{}", path(&self.folder), self.name)
    }
}

/// The path of the page of a folder.
pub(super) fn path(folder: &str) -> String {
    format!("conformance/scenarios/{folder}.md")
}

/// A page for each folder.
pub(super) fn pages(scenarios: &Scenarios) -> Result<Pages> {
    let mut pages = Pages::new();
    for scenario in &scenarios.0 {
        let page = pages.entry(path(&scenario.folder)).or_insert_with(|| {
            let folder = &scenario.folder;
            format!("# Scenarios: {folder}\n\nThe files below `conformance/scenarios/{folder}/`, in the [language of scenarios](../../docs/scenarios.md).\n")
        });
        let ScenarioFile { name, summary, .. } = scenario;
        let _ = write!(page, "\n## {name}\n\n{summary}\n\nTests: {}.", scenario.roles.join(", "));
        if let Some(wait) = &scenario.longest_wait {
            let _ = write!(page, " Waits for `{wait}`.");
        }
        page.push_str("\n\n");
        for ScenarioCheck { name, requirement } in &scenario.checks {
            let _ = writeln!(page, "- {requirement} `{name}`");
        }
        let _ = write!(page, "\n```yaml\n{}\n```\n", text(&scenario.file)?.trim_end());
    }
    Ok(pages)
}
