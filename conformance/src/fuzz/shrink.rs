//! Makes a sequence that fails as short as it can be, against the live server.

use std::time::Duration;

use proptest::strategy::ValueTree;

use super::blame::{blamed, broken};
use super::sequence::Shrinking;
use super::{Compiled, Find, Hunter, Played, Problem};
use crate::outcome::ScenarioOutcome;

/// How often what failed is played again, to see whether it fails again.
const CONFIRMATIONS: usize = 3;

impl Hunter<'_> {
    /// The shortest that fails, where it fails a second time at all.
    pub(super) async fn shrink(
        &mut self,
        compiled: Compiled,
        outcome: ScenarioOutcome,
        sequence: usize,
        found_after: Duration,
    ) -> Result<Option<Find>, Problem> {
        let all = compiled.ops.len();
        let start = self.clock().now();
        let first = behind(&compiled, &outcome);
        let mut tree = Shrinking::new(first.clone());
        let Some(mut best) = self.fails(&first, &outcome, CONFIRMATIONS).await? else { return Ok(None) };
        tree.failed_as(behind(&best.0, &best.1));
        let mut replays = 1;
        let mut more = tree.simplify();
        while more && self.since(start) < self.plan.shrink && !self.is_interrupted() {
            replays += 1;
            more = match self.fails(&tree.current(), &outcome, 1).await? {
                Some(failed) => {
                    tree.failed_as(behind(&failed.0, &failed.1));
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
        Ok(Some(Find { outcome, text: compiled.text, sequence, ops, steps, found_after, shrunk }))
    }

    /// Plays ops until they fail as before, so many times at most.
    async fn fails(
        &mut self,
        ops: &[relayspec::model::Op],
        before: &ScenarioOutcome,
        times: usize,
    ) -> Result<Option<(Compiled, ScenarioOutcome)>, Problem> {
        let Some(compiled) = self.compile(ops, usize::MAX, None)? else { return Ok(None) };
        for _ in 0..times {
            match self.play(&compiled).await? {
                Played::Broken(outcome) if is_alike(&outcome, before) => return Ok(Some((compiled, *outcome))),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Without the steps behind the one that fails, and with a summary that says what does; as it was where it then fails no more.
    async fn tidied(
        &mut self,
        (compiled, outcome): (Compiled, ScenarioOutcome),
    ) -> Result<(Compiled, ScenarioOutcome), Problem> {
        let steps = compiled.steps_to(place(&outcome));
        let Some(tidy) = self.compile(&compiled.ops, steps, Some(&outcome))? else { return Ok((compiled, outcome)) };
        for _ in 0..CONFIRMATIONS {
            match self.play(&tidy).await? {
                Played::Broken(again) if is_alike(&again, &outcome) => {
                    return Ok((tidy, *again));
                }
                _ => {}
            }
        }
        Ok((compiled, outcome))
    }
}

/// Whether two outcomes blame the same requirement as badly.
fn is_alike(one: &ScenarioOutcome, other: &ScenarioOutcome) -> bool {
    one.verdict == other.verdict && blamed(one) == blamed(other)
}

/// The ops of a sequence up to the one that failed.
fn behind(compiled: &Compiled, outcome: &ScenarioOutcome) -> Vec<relayspec::model::Op> {
    compiled.ops_to(compiled.steps_to(place(outcome)))
}

/// Where the step stands that failed, where it was one.
fn place(outcome: &ScenarioOutcome) -> Option<crate::scenario::Place> {
    broken(outcome)?.findings.first()?.place
}
