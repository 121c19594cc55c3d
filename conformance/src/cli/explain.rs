//! `conformance explain`: what a requirement or a scenario says, and how the two hang together.

use std::fmt::Write as _;

use clap::Args;
use conformance::scenario::{Scenario, built_in};
use relayspec::requirement::{self, Requirement};

use super::answer;
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
    let mut told = String::new();
    if let Some(found) = requirement::find(id) {
        explain_requirement(&mut told, found, all);
    } else if let Some(found) = all.iter().find(|scenario| scenario.id.as_str() == id) {
        explain_scenario(&mut told, found);
    } else {
        return Err(Failure::usage(format!("`{id}` is neither a requirement nor a scenario; {}", nearest(id, all))));
    }
    answer::print(&told)
}

fn explain_requirement(out: &mut String, found: &Requirement, all: &[Scenario]) {
    let _ = writeln!(out, "{} {} · {}", found.id, found.level, found.roles.join(", "));
    let _ = writeln!(out, "{}", found.text);
    let _ = writeln!(out, "spec/text/{}.md:{}", found.chapter, found.line);
    let covering: Vec<_> =
        all.iter().filter(|scenario| scenario.requirements().any(|covered| covered.id == found.id)).collect();
    if covering.is_empty() {
        out.push_str("\nNo scenario covers it yet.\n");
        return;
    }
    let _ = writeln!(out, "\nChecked by");
    for scenario in covering {
        let checks = scenario.checks().into_iter().filter(|check| check.requirement == found.id);
        let names: Vec<_> = checks.map(|check| check.name).collect();
        let _ = writeln!(out, "  {}: {}", scenario.id, names.join(", "));
        let _ = writeln!(out, "      {}", scenario.script.summary);
    }
}

fn explain_scenario(out: &mut String, found: &Scenario) {
    let _ = writeln!(out, "{}", found.id);
    let _ = writeln!(out, "{}", found.script.summary);
    let _ = writeln!(out, "{}, judges the {}", found.file, found.script.under_test);
    if let Some(wait) = &found.script.longest_wait {
        let _ = writeln!(out, "waits for {wait}");
    }
    let _ = writeln!(out, "\nChecks");
    for check in found.checks() {
        let text = requirement::find(&check.requirement).map_or("", |requirement| requirement.text);
        let _ = writeln!(out, "  {} ({})\n      {text}", check.name, check.requirement);
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
