//! Shrinks a failing sequence as far as possible, against the live server.

use std::time::Duration;

use proptest::strategy::ValueTree;

use super::attribution::{violated, worst_check};
use super::compile::CompiledSequence;
use super::sequence::Shrinking;
use super::{FuzzError, FuzzFinding, Fuzzer, SequenceResult};
use crate::outcome::ScenarioOutcome;

/// How often a failed sequence is rerun to confirm the failure.
const CONFIRMATIONS: usize = 3;

impl Fuzzer<'_> {
    /// The shortest failing sequence; `None` if the failure cannot be confirmed.
    pub(super) async fn shrink(
        &mut self,
        compiled: CompiledSequence,
        outcome: ScenarioOutcome,
        sequence: usize,
        found_after: Duration,
    ) -> Result<Option<FuzzFinding>, FuzzError> {
        let all = compiled.ops.len();
        let start = self.clock().now();
        let first = up_to_failure(&compiled, &outcome);
        let mut tree = Shrinking::new(first.clone());
        let Some(mut best) = self.fails(&first, &outcome, CONFIRMATIONS).await? else { return Ok(None) };
        tree.failed_as(up_to_failure(&best.0, &best.1));
        let mut replays = 1;
        let mut more = tree.simplify();
        while more && self.since(start) < self.plan.shrink && !self.is_interrupted() {
            replays += 1;
            more = match self.fails(&tree.current(), &outcome, 1).await? {
                Some(failed) => {
                    tree.failed_as(up_to_failure(&failed.0, &failed.1));
                    best = failed;
                    tree.simplify()
                }
                None => tree.complicate(),
            };
        }
        let (compiled, outcome) = self.tidied(best).await?;
        let ops = (all, compiled.ops.len());
        let shrunk = (self.since(start), replays);
        let steps = compiled.steps();
        Ok(Some(FuzzFinding { outcome, text: compiled.text, sequence, ops, steps, found_after, shrunk }))
    }

    /// Runs ops until they fail as before, at most this many times.
    async fn fails(
        &mut self,
        ops: &[relayspec::model::Op],
        before: &ScenarioOutcome,
        times: usize,
    ) -> Result<Option<(CompiledSequence, ScenarioOutcome)>, FuzzError> {
        let Some(compiled) = self.compile(ops, usize::MAX, None)? else { return Ok(None) };
        for _ in 0..times {
            match self.run(&compiled).await? {
                SequenceResult::Violation(outcome) if is_alike(&outcome, before) => {
                    return Ok(Some((compiled, *outcome)));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// The scenario without the steps after the one that fails, and with a summary of the failure; unchanged if it then no longer fails.
    async fn tidied(
        &mut self,
        (compiled, outcome): (CompiledSequence, ScenarioOutcome),
    ) -> Result<(CompiledSequence, ScenarioOutcome), FuzzError> {
        let steps = compiled.steps_to(place(&outcome));
        let Some(tidy) = self.compile(&compiled.ops, steps, Some(&outcome))? else { return Ok((compiled, outcome)) };
        for _ in 0..CONFIRMATIONS {
            match self.run(&tidy).await? {
                SequenceResult::Violation(again) if is_alike(&again, &outcome) => {
                    return Ok((tidy, *again));
                }
                _ => {}
            }
        }
        Ok((compiled, outcome))
    }
}

/// Whether two outcomes violate the same requirement with the same verdict.
fn is_alike(one: &ScenarioOutcome, other: &ScenarioOutcome) -> bool {
    one.verdict == other.verdict && violated(one) == violated(other)
}

/// The ops of a sequence up to the one that failed.
fn up_to_failure(compiled: &CompiledSequence, outcome: &ScenarioOutcome) -> Vec<relayspec::model::Op> {
    compiled.ops_to(compiled.steps_to(place(outcome)))
}

/// The place of the step that failed, if it was a step.
fn place(outcome: &ScenarioOutcome) -> Option<crate::scenario::Place> {
    worst_check(outcome)?.findings.first()?.place
}
