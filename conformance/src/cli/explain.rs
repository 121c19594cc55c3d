//! `conformance explain`: shows a requirement or a scenario, and how they relate.

use std::fmt::Write as _;

use clap::Args;
use conformance::scenario::{Scenario, built_in};
use relayspec::requirement::{self, Requirement};

use super::answer;
use super::error::{CommandError, UsageError};
use super::status::ExitStatus;

/// Explain a requirement (PAIR-30) or a scenario (pairing/expired-code)
#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// The id of a requirement or a scenario.
    id: String,
}

pub(super) fn run(arguments: &ExplainArguments) -> Result<ExitStatus, CommandError> {
    let all = built_in().map_err(CommandError::BuiltIn)?;
    let id = &arguments.id;
    let mut text = String::new();
    if let Some(found) = requirement::find(id) {
        explain_requirement(&mut text, found, all);
    } else if let Some(found) = all.iter().find(|scenario| scenario.id.as_str() == id) {
        explain_scenario(&mut text, found);
    } else {
        return Err(UsageError::UnknownId { id: id.clone(), nearest: nearest(id, all) }.into());
    }
    answer::print(&text)
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
    let _ = writeln!(out, "{}, tests the {}", found.file, found.script.under_test);
    if let Some(wait) = &found.script.longest_wait {
        let _ = writeln!(out, "waits for {wait}");
    }
    let _ = writeln!(out, "\nChecks");
    for check in found.checks() {
        let text = requirement::find(&check.requirement).map_or("", |requirement| requirement.text);
        let _ = writeln!(out, "  {} ({})\n      {text}", check.name, check.requirement);
    }
}

/// The id with the longest common prefix.
fn nearest(id: &str, all: &[Scenario]) -> Option<String> {
    let alike = |other: &str| id.chars().zip(other.chars()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let ids = requirement::all().iter().map(|found| found.id).chain(all.iter().map(|scenario| scenario.id.as_str()));
    ids.max_by_key(|other| alike(other)).filter(|other| alike(other) >= 3).map(str::to_owned)
}
