//! What the runner lists: the mutants of the reference implementations, and the scenarios.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use crate::{cargo, runner};

/// The requirement whose scenarios send hundreds of mebibytes.
const BULK: &str = "WIRE-11";

/// A mutant of a reference implementation.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Mutant {
    /// As `pairing.relay`.
    pub(crate) role: String,
    pub(crate) name: String,
    /// The requirements that it violates; none for a mutant by place, which goes wrong at some message or connection, whatever that is.
    #[serde(alias = "breaks")]
    pub(crate) violates: Vec<String>,
    /// Requirements that are violated as a consequence.
    pub(crate) causes: Vec<String>,
    /// Whether failures may appear under any requirement.
    pub(crate) cascading: bool,
    /// What it does.
    #[serde(rename = "line")]
    pub(crate) summary: String,
}

/// A scenario.
#[derive(Debug, Deserialize)]
pub(crate) struct ListedScenario {
    pub(crate) id: String,
    pub(crate) under_test: String,
    traits: Vec<String>,
    pub(crate) checks: Vec<ListedCheck>,
}

/// A check of a scenario.
#[derive(Debug, Deserialize)]
pub(crate) struct ListedCheck {
    pub(crate) name: String,
    pub(crate) requirement: Option<String>,
}

/// All mutants, role by role.
///
/// # Errors
/// If the runner cannot be asked.
pub(crate) fn mutants(runner: &Path) -> Result<Vec<Mutant>> {
    runner::ask(cargo::program(runner), runner::MUTANTS)
}

/// All scenarios, once for each role.
///
/// # Errors
/// If the runner cannot be asked.
pub(crate) fn scenarios(runner: &Path) -> Result<Vec<ListedScenario>> {
    runner::ask(cargo::program(runner), runner::SCENARIOS)
}

/// The first mutant that violates a requirement above all, for each requirement.
pub(crate) fn one_for_each_requirement(mutants: &[Mutant]) -> Vec<&Mutant> {
    let mut shown = BTreeSet::new();
    mutants.iter().filter(|mutant| mutant.violates.first().is_some_and(|violated| shown.insert(violated))).collect()
}

/// The scenarios of a role that keep the machine busy, by id.
pub(crate) fn heavy<'s>(scenarios: &'s [ListedScenario], role: &str) -> impl Iterator<Item = &'s str> + use<'s> {
    let role = role.to_owned();
    let heavy = |one: &ListedScenario| one.traits.iter().any(|own| own == "heavy") || one.tests(BULK);
    scenarios.iter().filter(move |one| one.is_for(&role) && heavy(one)).map(|one| one.id.as_str())
}

impl Mutant {
    /// A proxy that changes nothing.
    pub(crate) fn none() -> Self {
        Self { name: "none".to_owned(), ..Self::default() }
    }

    /// Whether it is a mutant by place.
    pub(crate) fn is_by_place(&self) -> bool {
        self.violates.is_empty()
    }

    /// Whether it violates this requirement.
    pub(crate) fn violates(&self, requirement: &str) -> bool {
        self.violates.iter().any(|violated| violated == requirement)
    }

    /// The heavy scenarios of its role that test nothing that it violates.
    pub(crate) fn spared<'s>(&self, scenarios: &'s [ListedScenario]) -> Vec<&'s str> {
        let tested: BTreeSet<_> = scenarios
            .iter()
            .filter(|one| one.is_for(&self.role) && one.tests_any(&self.violates))
            .map(|one| &one.id)
            .collect();
        heavy(scenarios, &self.role).filter(|id| !tested.contains(&(*id).to_owned())).collect()
    }
}

impl ListedScenario {
    /// Whether it tests this role.
    pub(crate) fn is_for(&self, role: &str) -> bool {
        role.split_once('.') == self.id.split_once('/').map(|(protocol, _)| (protocol, &*self.under_test))
    }

    /// Whether a check of it tests any of these requirements.
    pub(crate) fn tests_any(&self, requirements: &[String]) -> bool {
        requirements.iter().any(|requirement| self.tests(requirement))
    }

    /// Whether a check of it tests this requirement.
    pub(crate) fn tests(&self, requirement: &str) -> bool {
        self.checks.iter().any(|check| check.requirement.as_deref() == Some(requirement))
    }
}
