//! `conformance list`: lists the scenarios, or the requirements.

use clap::Args;
use conformance::scenario::{Filter, Scenario, Selection, built_in};
use relayspec::family::FAMILIES;
use relayspec::requirement::Requirement;
use serde_json::json;

use super::answer;
use super::error::{CommandError, UsageError};
use super::status::ExitStatus;

/// List the scenarios, or the requirements of each role with the number of their checks
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// List only these: ids, globs over ids, or requirements.
    which: Vec<String>,

    /// List requirements instead: those named, and those that the named scenarios cover.
    #[arg(long)]
    requirements: bool,

    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &ListArguments) -> Result<ExitStatus, CommandError> {
    let only = arguments.which.iter().map(|text| Filter::read(text)).collect::<Result<_, _>>()?;
    let selection = Selection { only, ..Selection::default() };
    let all = built_in().map_err(CommandError::BuiltIn)?;
    let chosen: Vec<_> = all.iter().filter(|scenario| selection.takes(scenario)).collect();
    let rows = if arguments.requirements { rows(&chosen, &selection.only) } else { Vec::new() };
    if chosen.is_empty() && rows.is_empty() {
        return Err(UsageError::NothingListed.into());
    }
    let text = match (arguments.requirements, arguments.json) {
        (true, true) => json!(rows.iter().map(row_as_json).collect::<Vec<_>>()).to_string() + "\n",
        (true, false) => rows.iter().map(line).collect(),
        (false, true) => json!(chosen.iter().map(|scenario| as_json(scenario)).collect::<Vec<_>>()).to_string() + "\n",
        (false, false) => table(&chosen),
    };
    answer::print(&text)
}

fn table(scenarios: &[&Scenario]) -> String {
    let width = scenarios.iter().map(|scenario| scenario.id.as_str().len()).max().unwrap_or_default();
    let rows = scenarios.iter().map(|scenario| {
        let waits = scenario.script.longest_wait.as_ref().map(|span| format!(" (waits {span})")).unwrap_or_default();
        let (id, summary, covers) = (scenario.id.as_str(), &scenario.script.summary, scenario.script.covers.join(" "));
        format!("{id:width$}  {summary}{waits}\n{:width$}  {covers}\n", "")
    });
    rows.collect()
}

fn as_json(scenario: &Scenario) -> serde_json::Value {
    let checks: Vec<_> =
        scenario.checks().iter().map(|check| json!({ "name": check.name, "requirement": check.requirement })).collect();
    json!({
        "id": scenario.id,
        "file": &*scenario.file,
        "summary": scenario.script.summary,
        "under_test": scenario.script.under_test,
        "covers": scenario.script.covers,
        "longest_wait": scenario.script.longest_wait,
        "traits": scenario.script.traits,
        "checks": checks,
    })
}

/// A requirement of a role, and how many checks cover it.
struct RequirementRow {
    family: &'static str,
    role: &'static str,
    requirement: &'static Requirement,
    checks: usize,
}

/// The requirements that are named, or that the chosen scenarios cover; all by default.
fn rows(scenarios: &[&Scenario], only: &[Filter]) -> Vec<RequirementRow> {
    let mut rows = Vec::new();
    for family in FAMILIES {
        for role in std::iter::once(&family.server).chain(family.clients) {
            let of_role =
                |scenario: &&&Scenario| scenario.family.name == family.name && scenario.script.under_test == *role;
            let checks: Vec<_> = scenarios.iter().filter(of_role).flat_map(|scenario| scenario.checks()).collect();
            for requirement in family.requirements(role) {
                let checks = checks.iter().filter(|check| check.requirement == requirement.id).count();
                let is_wanted = |filter: &Filter| match filter {
                    Filter::Requirement(id) => id == requirement.id,
                    Filter::Id(_) => scenarios.iter().filter(of_role).any(|scenario| {
                        filter.takes(scenario) && scenario.requirements().any(|covered| covered.id == requirement.id)
                    }),
                };
                if only.is_empty() || only.iter().any(is_wanted) {
                    rows.push(RequirementRow { family: family.name, role, requirement, checks });
                }
            }
        }
    }
    rows
}

fn row_as_json(RequirementRow { family, role, requirement: found, checks }: &RequirementRow) -> serde_json::Value {
    json!({ "family": family, "role": role, "id": found.id, "level": found.level, "text": found.text, "checks": checks })
}

fn line(RequirementRow { family, role, requirement: found, checks }: &RequirementRow) -> String {
    let checks = if *checks == 1 { "1 check".to_owned() } else { format!("{checks} checks") };
    format!("{family:9} {role:7} {:8} {:6} {checks:>10}  {}\n", found.id, found.level.to_string(), found.text)
}
