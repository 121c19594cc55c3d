//! Scripts as files contain them, and scenarios: scripts that were loaded and validated.

use std::sync::Arc;

use relayspec::family::Family;
use relayspec::requirement::{self, Requirement};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::at::At;
use super::check_name::CheckName;
use super::id::ScenarioId;
use super::span::Span;
use super::step::Step;
use super::traits::Trait;

/// The content of a scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Scenario")]
pub struct Script {
    /// What the scenario shows, in one sentence.
    pub summary: String,
    /// The requirements that its checks cover. A check without a requirement of its own covers the first.
    pub covers: Vec<String>,
    /// The role under test; `client` for every client role of every family.
    pub under_test: String,
    /// What the server must declare about itself (`--param`); each becomes a variable of this name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<String>,
    /// The longest time that the scenario waits for anything; omitted if it does not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_wait: Option<Span>,
    /// What else the scenario needs or occupies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<Trait>,
    /// The steps, in order.
    pub steps: Vec<At<Step>>,
}

/// A scenario that was loaded and validated.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its id, taken from the path of its file: `pairing/expired-code`.
    pub id: ScenarioId,
    /// The file, as reports name it.
    pub file: Arc<str>,
    /// The content of the file.
    pub script: Script,
    /// The family that it belongs to.
    pub family: &'static Family,
}

/// A check of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Check {
    /// Its name, unique in the scenario.
    pub name: String,
    /// The id of the requirement that it covers.
    pub requirement: String,
}

impl Scenario {
    /// The named checks, in the order of the script.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let mut checks: Vec<Check> = Vec::new();
        each_step(&self.script.steps, &mut |step| {
            let Some(check) = step.value.check() else { return };
            let check = self.check(check);
            if !checks.contains(&check) {
                checks.push(check);
            }
        });
        checks
    }

    /// The check that a name denotes in this scenario.
    #[must_use]
    pub fn check(&self, name: &CheckName) -> Check {
        let first = || self.script.covers.first().cloned().unwrap_or_default();
        Check { name: name.name.clone(), requirement: name.requirement.clone().unwrap_or_else(first) }
    }

    /// The requirements that it covers.
    pub fn requirements(&self) -> impl Iterator<Item = &'static Requirement> {
        self.script.covers.iter().filter_map(|id| requirement::find(id))
    }

    /// Whether it has a trait.
    #[must_use]
    pub fn has(&self, wanted: Trait) -> bool {
        self.script.traits.contains(&wanted)
    }

    /// Whether the role under test is a client.
    #[must_use]
    pub fn tests_client(&self) -> bool {
        self.script.under_test != self.family.server
    }
}

/// Calls `visit` with every step, including those nested in `many` and `meet`.
pub fn each_step<'a>(steps: &'a [At<Step>], visit: &mut dyn FnMut(&'a At<Step>)) {
    for step in steps {
        visit(step);
        each_step(step.value.nested(), visit);
    }
}
