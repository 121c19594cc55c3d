//! Model-based fuzzing: random but sensible sequences of several actors, with the family's model as the oracle.
//!
//! A sequence of ops becomes a scenario and is played like any other. What fails is played again, made as short as it can be, and is then a
//! scenario that anybody can replay. Nothing here prints or writes files.

mod blame;
mod compile;
mod sequence;
mod shrink;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use relayspec::family::Family;
use relayspec::model::{Op, ServerProfile};
use tokio::sync::watch;

use crate::clock::{Clock, Moment};
use crate::engine::{Alone, Launcher, Stage, Target, alone};
use crate::outcome::{CheckOutcome, ScenarioOutcome, Verdict};
use blame::{blamed, broken, summary, told};
use compile::{Compiled, compile};
use sequence::{Sequence, below, choices};

/// What is fuzzed, and for how long.
pub struct Plan {
    /// The family, which has a model.
    pub family: &'static Family,
    /// What the scenarios share.
    pub stage: Arc<Stage>,
    /// The server.
    pub target: Arc<dyn Target>,
    /// What starts another one where this one has ended.
    pub launcher: Option<Arc<dyn Launcher>>,
    /// Where the choices come from.
    pub seed: u64,
    /// The most ops of a sequence.
    pub steps: usize,
    /// For how long new sequences begin, in the machine's time.
    pub seconds: Duration,
    /// For how long a sequence that fails is made shorter, in the machine's time.
    pub shrink: Duration,
    /// How long a scenario may take beyond what it waits for.
    pub deadline: Duration,
    /// The folder that scenarios would be written to, and the number of the first of them.
    pub folder: String,
    /// As in `fuzz-1.yaml`.
    pub first: usize,
}

/// What has come of it.
#[derive(Debug, Default)]
pub struct Hunt {
    /// How many sequences were played.
    pub sequences: usize,
    /// How many of them could not be judged: the machine was too late, or they took too long for the server's times.
    pub inconclusive: usize,
    /// What failed once and then no more.
    pub unsteady: Vec<String>,
    /// How many steps were played.
    pub steps: usize,
    /// The ops that were played, by kind.
    pub ops: BTreeMap<&'static str, usize>,
    /// The requirements that were judged.
    pub requirements: BTreeSet<String>,
    /// What was found: SHOULDs that are broken, and at the end perhaps a MUST.
    pub finds: Vec<Find>,
    /// How long it took, in the machine's time.
    pub took: Duration,
}

/// A sequence that fails, as short as it could be made.
#[derive(Debug)]
pub struct Find {
    /// What became of the scenario when it was played last.
    pub outcome: ScenarioOutcome,
    /// The scenario, as it is to be written.
    pub text: String,
    /// The number of the sequence, from 1.
    pub sequence: usize,
    /// How many ops the sequence had, and how many are left.
    pub ops: (usize, usize),
    /// How many steps the scenario has.
    pub steps: usize,
    /// How long it took to find it, in the machine's time.
    pub found_after: Duration,
    /// How long it took to make it shorter, and how often it was played for that; never, where the server was gone.
    pub shrunk: (Duration, usize),
}

impl Find {
    /// The first check that is broken.
    #[must_use]
    pub fn check(&self) -> Option<&CheckOutcome> {
        broken(&self.outcome)
    }
}

/// Why the hunt could not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A fault of a model or of the harness.
    #[error("{0}")]
    Harness(String),
    /// The server is gone, and cannot be started again.
    #[error("{0}")]
    Gone(String),
}

/// The length of short sequences, and how many of the first are all short.
const SHORT_STEPS: usize = 30;
const FIRST: usize = 6;

/// After so many sequences in a row that could not be judged there is nothing to hunt for.
const MOST_IN_VAIN: usize = 20;

/// Hunts until something is found that breaks a MUST, the time is over, or `interrupted` becomes true. What was found by then is in `hunt`.
///
/// # Errors
/// Where it cannot go on.
pub async fn hunt(plan: &Plan, hunt: &mut Hunt, interrupted: watch::Receiver<bool>) -> Result<(), Problem> {
    let (file, target, setting) = (plan.file(0), Arc::clone(&plan.target), setting(plan));
    let mut hunter = Hunter { plan, file, target, setting, suspect: None, interrupted };
    let start = hunter.clock().now();
    let result = hunter.hunt(hunt, start).await;
    if let (Err(Problem::Gone(_)), Some(find)) = (&result, hunter.suspect.take()) {
        // What failed when the server was seen last is all that can be said of its end, and was perhaps told last as unsteady.
        hunt.unsteady.pop_if(|last| *last == summary(&find.outcome));
        hunt.finds.push(*find);
    }
    hunt.took = hunter.since(start);
    result
}

fn setting(plan: &Plan) -> ServerProfile {
    let params = plan.target.params().keys().cloned().collect();
    ServerProfile { timing: plan.stage.timing.clone(), params, ..ServerProfile::default() }
}

impl Plan {
    /// The file of a find, counted from 0.
    fn file(&self, find: usize) -> String {
        format!("{}/fuzz-{}.yaml", self.folder, self.first + find)
    }
}

struct Hunter<'a> {
    plan: &'a Plan,
    /// The file that the next find would be written to.
    file: String,
    target: Arc<dyn Target>,
    setting: ServerProfile,
    /// The sequence that failed, as long as the server has not stood another since.
    suspect: Option<Box<Find>>,
    interrupted: watch::Receiver<bool>,
}

/// What playing a sequence came to.
enum Played {
    Fine,
    /// It could not be judged, for this reason.
    Unclear(String),
    Broken(Box<ScenarioOutcome>),
}

impl Hunter<'_> {
    async fn hunt(&mut self, hunt: &mut Hunt, start: Moment) -> Result<(), Problem> {
        let mut in_vain = 0;
        while self.since(start) < self.plan.seconds && !self.is_interrupted() {
            hunt.sequences += 1;
            let Some(compiled) = self.draw(hunt.sequences)? else { continue };
            compiled.ops.iter().for_each(|op| *hunt.ops.entry(op.kind).or_default() += 1);
            hunt.steps += compiled.steps();
            hunt.requirements.extend(compiled.scenario.script.covers.iter().cloned());
            match self.play(&compiled).await? {
                Played::Fine => in_vain = 0,
                Played::Unclear(why) => {
                    hunt.inconclusive += 1;
                    in_vain += 1;
                    if in_vain == MOST_IN_VAIN && !self.is_interrupted() {
                        return Err(Problem::Gone(format!("{in_vain} sequences in a row could not be judged: {why}")));
                    }
                }
                Played::Broken(outcome) => {
                    let found_after = self.since(start);
                    let what = summary(&outcome);
                    self.suspect = Some(Box::new(as_it_was(&compiled, &outcome, hunt.sequences, found_after)));
                    let Some(find) = self.shrink(compiled, *outcome, hunt.sequences, found_after).await? else {
                        hunt.unsteady.extend((!self.is_interrupted()).then_some(what));
                        continue;
                    };
                    self.suspect = None;
                    let (verdict, requirement) = (find.outcome.verdict, blamed(&find.outcome));
                    hunt.finds.push(find);
                    self.file = self.plan.file(hunt.finds.len());
                    match requirement {
                        // It is no MUST: the rest may be fine without it.
                        Some(id) if verdict == Verdict::Warn && self.setting.waived.insert(id.clone()) => {}
                        _ => return Ok(()),
                    }
                }
            }
        }
        Ok(())
    }

    /// The sequence of this number, counted from 1.
    fn draw(&self, number: usize) -> Result<Option<Compiled>, Problem> {
        let Some(model) = self.plan.family.model else { return Ok(None) };
        let mut runner = choices(self.plan.seed, number as u64);
        let mut below = |bound: usize| below(u32::try_from(bound).unwrap_or(u32::MAX), &mut runner) as usize;
        // Most sequences are short, the first ones all are: what they find is found sooner, and is soon made shorter.
        let most = if number > FIRST && below(4) == 0 { self.plan.steps } else { self.plan.steps.min(SHORT_STEPS) };
        let steps = most - below(most.div_ceil(2));
        let sequence = Sequence { model, setting: self.setting.clone(), steps };
        let tree = sequence.new_tree(&mut runner).map_err(|why| Problem::Harness(why.to_string()))?;
        self.compile(&tree.current(), usize::MAX, None)
    }

    /// A scenario of these ops, or of its first steps; `broken` says what it shows.
    fn compile(&self, ops: &[Op], first: usize, broken: Option<&ScenarioOutcome>) -> Result<Option<Compiled>, Problem> {
        let Plan { family, seed, .. } = self.plan;
        let summary = match broken.and_then(blame::broken) {
            Some(check) => format!("What fuzzing has found with the seed {seed}: {}.", told(check)),
            None => format!("A sequence of the seed {seed}."),
        };
        compile(family, &self.setting, ops, first, (&self.file, &summary)).map_err(Problem::Harness)
    }

    async fn play(&mut self, compiled: &Compiled) -> Result<Played, Problem> {
        self.revive().await?;
        let scenario = Arc::new(compiled.scenario.clone());
        let deadline = compiled.waits + self.plan.deadline;
        let playing = alone(&self.plan.stage, &scenario, Arc::clone(&self.target), deadline);
        let Alone { outcome, harness, is_doubtful } = tokio::select! {
            alone = playing => alone,
            _ = self.interrupted.wait_for(|interrupted| *interrupted) => return Ok(Played::Unclear("the run was interrupted".to_owned())),
        };
        if let Some(why) = harness {
            return Err(Problem::Harness(format!("a fault of the model: {why}")));
        }
        // What is to be played in the server's time is measured in it.
        let took = self.clock().real(Duration::from_secs_f64(outcome.duration_ms / 1e3)).saturating_sub(compiled.waits);
        let is_late = compiled.holds_for.is_some_and(|holds_for| took > holds_for);
        Ok(match outcome.verdict {
            Verdict::Pass => {
                self.suspect = None;
                Played::Fine
            }
            Verdict::Fail | Verdict::Warn if !is_doubtful && !is_late => Played::Broken(Box::new(outcome)),
            _ if is_late => Played::Unclear("it took too long for the times of the server".to_owned()),
            _ => Played::Unclear(outcome.checks.iter().find_map(|check| check.reason.clone()).unwrap_or_default()),
        })
    }

    /// Sees to it that there is a server.
    async fn revive(&mut self) -> Result<(), Problem> {
        let Some(ending) = self.target.process().and_then(|process| process.ended()) else { return Ok(()) };
        let gone = |why: String| Problem::Gone(format!("the server has ended ({}), and {why}", ending.told));
        let launcher = self.plan.launcher.as_ref().ok_or_else(|| gone("nobody can start it again".to_owned()))?;
        self.target = launcher.launch().await.map_err(|why| gone(format!("could not be started again: {why}")))?;
        Ok(())
    }

    fn clock(&self) -> &Clock {
        &self.plan.stage.clock
    }

    fn since(&self, start: Moment) -> Duration {
        self.clock().machine(self.clock().now() - start)
    }

    fn is_interrupted(&self) -> bool {
        *self.interrupted.borrow()
    }
}

/// A sequence that failed, no shorter than it was.
fn as_it_was(compiled: &Compiled, outcome: &ScenarioOutcome, sequence: usize, found_after: Duration) -> Find {
    let (ops, steps) = (compiled.ops.len(), compiled.steps());
    let (outcome, text) = (outcome.clone(), compiled.text.clone());
    Find { outcome, text, sequence, ops: (ops, ops), steps, found_after, shrunk: (Duration::ZERO, 0) }
}
