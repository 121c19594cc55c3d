//! Scenarios: scripts that exercise a subject and cite the requirements that they cover.
//!
//! A scenario is a value: [`load`] reads it from YAML with a place for every error, [`save`] writes it back, and reading
//! what was written gives the same value. Nothing here runs one; that is for the engine.

mod at;
mod bytes;
mod check;
mod check_name;
mod id;
mod library;
mod load;
mod save;
mod select;
mod size;
mod span;
pub mod step;
mod term;

use std::sync::Arc;

use relayspec::family::Family;
use relayspec::requirement::{self, Requirement};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use at::{At, Place};
pub use bytes::{Bytes, Wanted, hex};
pub use check_name::{CheckName, LINT, STORY};
pub use id::ScenarioId;
pub use library::{built_in, built_in_of};
pub use load::{LoadError, load, load_file};
pub use save::save;
pub use select::{Filter, Selection};
pub use size::Size;
pub use span::{Measures, Span, to_the_cap};
pub use step::Step;
pub(crate) use term::is_name;
pub use term::{Bindings, Kind, Mismatch, Term, Variables, same};

/// What stands in a scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Scenario")]
pub struct Script {
    /// What the scenario shows, in a sentence.
    pub summary: String,
    /// The requirements that its checks judge. A check without a requirement of its own judges the first.
    pub covers: Vec<String>,
    /// The role that is judged; `client` for every client role of every family.
    pub under_test: String,
    /// What the server has to declare of itself (`--param`); each is a variable of this name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<String>,
    /// The longest time that the scenario waits for anything; none where it waits for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_wait: Option<Span>,
    /// What else the scenario needs or brings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<Trait>,
    /// The steps, in order.
    pub steps: Vec<At<Step>>,
}

/// What a scenario needs or brings, beyond its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// It needs a subject that the runner has started for it alone.
    OwnProcess,
    /// It keeps the machine busy; no other such scenario runs at the same time.
    Heavy,
    /// It needs a client that speaks the driver protocol.
    Driver,
    /// It needs a client that declares jitter.
    Jitter,
}

/// A scenario that was loaded and checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its id, which is the path of its file: `pairing/expired-code`.
    pub id: ScenarioId,
    /// The file, as reports name it.
    pub file: Arc<str>,
    /// What stands in the file.
    pub script: Script,
    /// The family that it belongs to.
    pub family: &'static Family,
}

/// A check of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Check {
    /// Its name, unique in the scenario.
    pub name: String,
    /// The id of the requirement that it judges.
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

    /// The check that a name stands for in this scenario.
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
}

/// Calls `see` with every step, those inside `many` included.
pub fn each_step<'a>(steps: &'a [At<Step>], see: &mut dyn FnMut(&'a At<Step>)) {
    for step in steps {
        see(step);
        match &step.value {
            Step::Many(many) => each_step(&many.steps, see),
            Step::Meet(meet) => each_step(&meet.one, see),
            _ => {}
        }
    }
}
