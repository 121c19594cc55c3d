//! The results of fuzzing, as data.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::attribution::worst_check;
use super::compile::CompiledSequence;
use crate::outcome::{CheckOutcome, ScenarioOutcome};

/// The results of fuzzing.
#[derive(Debug, Default)]
pub struct FuzzReport {
    /// How many sequences ran.
    pub sequences: usize,
    /// How many had no verdict: the machine was too late, or they took too long for the server's timing parameters.
    pub inconclusive: usize,
    /// Failures that could not be confirmed.
    pub unconfirmed: Vec<String>,
    /// How many steps ran.
    pub steps: usize,
    /// The ops that ran, by kind.
    pub ops: BTreeMap<&'static str, usize>,
    /// The requirements that were checked.
    pub requirements: BTreeSet<String>,
    /// What was found: violations of SHOULDs, and at the end possibly of a MUST.
    pub findings: Vec<FuzzFinding>,
    /// The duration, in real time.
    pub took: Duration,
}

/// A failing sequence, shrunk as far as possible.
#[derive(Debug)]
pub struct FuzzFinding {
    /// The outcome of its last run.
    pub outcome: ScenarioOutcome,
    /// The scenario as YAML.
    pub text: String,
    /// The number of the sequence, from 1.
    pub sequence: usize,
    /// The number of ops before and after shrinking.
    pub ops: (usize, usize),
    /// The number of steps of the scenario.
    pub steps: usize,
    /// When it was found, in real time since the start.
    pub found_after: Duration,
    /// How long shrinking took, and in how many runs; zero if the server had ended.
    pub shrunk: (Duration, usize),
}

impl FuzzFinding {
    /// The first check with the worst verdict.
    #[must_use]
    pub fn check(&self) -> Option<&CheckOutcome> {
        worst_check(&self.outcome)
    }
}

/// A failed sequence that was not shrunk.
pub(super) fn unshrunk(
    compiled: &CompiledSequence,
    outcome: &ScenarioOutcome,
    sequence: usize,
    found_after: Duration,
) -> FuzzFinding {
    let (ops, steps) = (compiled.ops.len(), compiled.steps());
    let (outcome, text) = (outcome.clone(), compiled.text.clone());
    FuzzFinding { outcome, text, sequence, ops: (ops, ops), steps, found_after, shrunk: (Duration::ZERO, 0) }
}
