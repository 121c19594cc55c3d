//! `conformance explain`: what a requirement or a scenario says, and how the two hang together.

use clap::Args;
use conformance::scenario::{Scenario, built_in};
use relayspec::requirement::{self, Requirement};

use super::exit::{Exit, Failure};

/// Explain a requirement (PAIR-30) or a scenario (pairing/expired-code)
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The id of a requirement or a scenario.
    id: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let all = built_in().map_err(|error| Failure::harness(error.to_string()))?;
    let id = &arguments.id;
    if let Some(found) = requirement::find(id) {
        explain_requirement(found, all);
    } else if let Some(found) = all.iter().find(|scenario| scenario.id.as_str() == id) {
        explain_scenario(found);
    } else {
        return Err(Failure::usage(format!("`{id}` is neither a requirement nor a scenario; {}", nearest(id, all))));
    }
    Ok(Exit::Conforms)
}

fn explain_requirement(found: &Requirement, all: &[Scenario]) {
    anstream::println!("{} {} · {}", found.id, found.level, found.roles.join(", "));
    anstream::println!("{}", found.text);
    anstream::println!("spec/text/{}.md:{}", found.chapter, found.line);
    let covering: Vec<_> =
        all.iter().filter(|scenario| scenario.requirements().any(|covered| covered.id == found.id)).collect();
    if covering.is_empty() {
        return anstream::println!("\nNo scenario covers it yet.");
    }
    anstream::println!("\nChecked by");
    for scenario in covering {
        let checks = scenario.checks().into_iter().filter(|check| check.requirement == found.id);
        let names: Vec<_> = checks.map(|check| check.name).collect();
        anstream::println!("  {}: {}", scenario.id, names.join(", "));
        anstream::println!("      {}", scenario.script.summary);
    }
}

fn explain_scenario(found: &Scenario) {
    anstream::println!("{}", found.id);
    anstream::println!("{}", found.script.summary);
    anstream::println!("{}, judges the {}", found.file, found.script.under_test);
    if let Some(wait) = &found.script.longest_wait {
        anstream::println!("waits for {wait}");
    }
    anstream::println!("\nChecks");
    for check in found.checks() {
        let text = requirement::find(&check.requirement).map_or("", |requirement| requirement.text);
        anstream::println!("  {} ({})\n      {text}", check.name, check.requirement);
    }
}

/// What was perhaps meant: ids that begin alike.
fn nearest(id: &str, all: &[Scenario]) -> String {
    let alike = |other: &str| id.chars().zip(other.chars()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let ids = requirement::all().iter().map(|found| found.id).chain(all.iter().map(|scenario| scenario.id.as_str()));
    match ids.max_by_key(|other| alike(other)).filter(|other| alike(other) >= 3) {
        Some(other) => format!("perhaps `{other}`? `conformance list` shows all"),
        None => "`conformance list` shows all".to_owned(),
    }
}
