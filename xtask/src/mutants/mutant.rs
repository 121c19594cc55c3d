//! The mutants that the references say they have, and the scenarios that are worth playing against each.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use crate::{cargo, runner};

/// A mutant of a reference.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Mutant {
    /// As `pairing.relay`.
    pub(super) role: String,
    pub(super) name: String,
    /// The requirements that it breaks.
    pub(super) breaks: Vec<String>,
    /// Those that are broken in consequence.
    pub(super) causes: Vec<String>,
    /// Whether nearly everything builds on what is broken.
    pub(super) cascading: bool,
    /// What it does.
    pub(super) line: String,
}

/// All of them, role by role.
pub(super) fn list(judge: &Path) -> Result<Vec<Mutant>> {
    runner::ask(cargo::program(judge), runner::MUTANTS)
}

/// The first mutant that breaks a requirement above all, in whatever role: as few as show each requirement once.
pub(super) fn one_for_each_requirement(mutants: &[Mutant]) -> Vec<&Mutant> {
    let mut shown = BTreeSet::new();
    mutants.iter().filter(|mutant| mutant.breaks.first().is_some_and(|broken| shown.insert(broken))).collect()
}

/// A scenario, as the judge lists it.
#[derive(Debug, Deserialize)]
pub(super) struct Scenario {
    pub(super) id: String,
    under_test: String,
    traits: Vec<String>,
    checks: Vec<Check>,
}

#[derive(Debug, Deserialize)]
struct Check {
    requirement: Option<String>,
}

/// The requirement whose scenarios pour hundreds of mebibytes.
const POURING: &str = "WIRE-11";

/// All scenarios of the judge.
pub(super) fn scenarios(judge: &Path) -> Result<Vec<Scenario>> {
    runner::ask(cargo::program(judge), runner::SCENARIOS)
}

/// Those of a role that keep the machine busy.
pub(super) fn heavy<'s, 'r>(
    scenarios: &'s [Scenario],
    role: &'r str,
) -> impl Iterator<Item = &'s Scenario> + use<'s, 'r> {
    scenarios.iter().filter(move |scenario| scenario.is_of(role) && scenario.is_heavy())
}

impl Scenario {
    /// Whether it judges this role.
    pub(super) fn is_of(&self, role: &str) -> bool {
        role.split_once('.') == self.id.split_once('/').map(|(family, _)| (family, &*self.under_test))
    }

    /// Whether it keeps the machine busy.
    pub(super) fn is_heavy(&self) -> bool {
        self.traits.iter().any(|one| one == "heavy") || self.judges(POURING)
    }

    /// Whether a check of it judges any of these requirements.
    pub(super) fn judges_any(&self, requirements: &[String]) -> bool {
        requirements.iter().any(|requirement| self.judges(requirement))
    }

    fn judges(&self, requirement: &str) -> bool {
        self.checks.iter().any(|check| check.requirement.as_deref() == Some(requirement))
    }
}

impl Mutant {
    /// Somebody in the middle who changes nothing.
    pub(super) fn none() -> Self {
        let (role, breaks, causes) = (String::new(), Vec::new(), Vec::new());
        Self { role, name: "none".to_owned(), breaks, causes, cascading: false, line: String::new() }
    }

    /// Whether it goes wrong at a place, whatever that may be, and breaks no requirement of its own.
    pub(super) fn is_by_place(&self) -> bool {
        self.breaks.is_empty()
    }

    pub(super) fn breaks(&self, requirement: &str) -> bool {
        self.breaks.iter().any(|broken| broken == requirement)
    }

    /// Of the scenarios that keep the machine busy those that judge nothing that the mutant breaks.
    pub(super) fn spares<'a>(&self, scenarios: &'a [Scenario]) -> Vec<&'a str> {
        let spared = heavy(scenarios, &self.role).filter(|scenario| !scenario.judges_any(&self.breaks));
        spared.map(|scenario| scenario.id.as_str()).collect()
    }
}
