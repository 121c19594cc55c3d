//! `conformance list`: what there is to be judged.

use clap::Args;
use conformance::scenario::{Filter, Scenario, Selection, built_in};
use relayspec::family::FAMILIES;
use relayspec::requirement::Requirement;
use serde_json::json;

use super::exit::{Exit, Failure};

/// List the scenarios, or the requirements with the number of their checks
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only these: ids, globs over ids, or requirements.
    which: Vec<String>,

    /// List the requirements instead.
    #[arg(long)]
    requirements: bool,

    /// Print JSON, for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let only =
        arguments.which.iter().map(|text| Filter::read(text)).collect::<Result<_, _>>().map_err(Failure::usage)?;
    let selection = Selection { only, ..Selection::default() };
    let all = built_in().map_err(|error| Failure::harness(error.to_string()))?;
    let chosen: Vec<_> = all.iter().filter(|scenario| selection.takes(scenario)).collect();
    if chosen.is_empty() {
        return Err(Failure::usage("nothing matches; `conformance list` without arguments shows all"));
    }
    match (arguments.requirements, arguments.json) {
        (true, _) => requirements(&chosen, arguments.json),
        (false, true) => {
            anstream::println!("{}", json!(chosen.iter().map(|scenario| as_json(scenario)).collect::<Vec<_>>()));
        }
        (false, false) => table(&chosen),
    }
    Ok(Exit::Conforms)
}

fn table(scenarios: &[&Scenario]) {
    let width = scenarios.iter().map(|scenario| scenario.id.as_str().len()).max().unwrap_or_default();
    for scenario in scenarios {
        let waits = scenario.script.longest_wait.as_ref().map(|span| format!(" (waits {span})")).unwrap_or_default();
        anstream::println!("{:width$}  {}{waits}", scenario.id.as_str(), scenario.script.summary);
        anstream::println!("{:width$}  {}", "", scenario.script.covers.join(" "));
    }
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
        "checks": checks,
    })
}

fn requirements(scenarios: &[&Scenario], as_json: bool) {
    let count = |requirement: &Requirement| {
        let checks = scenarios.iter().flat_map(|scenario| scenario.checks());
        checks.filter(|check| check.requirement == requirement.id).count()
    };
    let mut rows = Vec::new();
    for family in FAMILIES {
        for role in std::iter::once(&family.server).chain(family.clients) {
            for requirement in family.requirements(role) {
                rows.push((role, requirement, count(requirement)));
            }
        }
    }
    if as_json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(role, found, checks)| json!({ "role": role, "id": found.id, "level": found.level, "text": found.text, "checks": checks }))
            .collect();
        return anstream::println!("{}", json!(rows));
    }
    for (role, requirement, checks) in rows {
        let checks = if checks == 1 { "1 check".to_owned() } else { format!("{checks} checks") };
        anstream::println!(
            "{role:7} {:8} {:6} {checks:>10}  {}",
            requirement.id,
            requirement.level.to_string(),
            requirement.text
        );
    }
}
