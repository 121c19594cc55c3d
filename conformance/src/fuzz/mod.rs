//! Model-based fuzzing: random valid sequences of operations by several actors, with the family's model as the oracle.
//!
//! A sequence of ops becomes a scenario and runs like any other. A failure is confirmed and shrunk, and is then a scenario that anyone can
//! run. Nothing here prints or writes files.

mod attribution;
mod compile;
mod report;
mod sequence;
mod shrink;
mod yaml;

use std::sync::Arc;
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use relayspec::family::Family;
use relayspec::model::{Op, ServerProfile};
use tokio::sync::watch;

use crate::clock::{Clock, Moment};
use crate::engine::{IsolatedResult, Launcher, RunContext, Target, run_isolated};
use crate::outcome::{ScenarioOutcome, Verdict};
use attribution::{check_label, summary, violated, worst_check};
use compile::{CompiledSequence, compile};
use report::unshrunk;
use sequence::{Sequence, below, choices};

pub use report::{FuzzFinding, FuzzReport};

/// What is fuzzed, and for how long.
pub struct FuzzPlan {
    /// The family, which has a model.
    pub family: &'static Family,
    /// What the scenarios share.
    pub context: Arc<RunContext>,
    /// The server.
    pub target: Arc<dyn Target>,
    /// Starts another server if this one has ended.
    pub launcher: Option<Arc<dyn Launcher>>,
    /// The seed of all choices.
    pub seed: u64,
    /// The most ops in a sequence.
    pub steps: usize,
    /// How long to start new sequences, in real time.
    pub seconds: Duration,
    /// How long to shrink a failing sequence, in real time.
    pub shrink: Duration,
    /// How long a scenario may take beyond its waits.
    pub deadline: Duration,
    /// The folder that scenarios would be written to.
    pub folder: String,
    /// The number of the first of them, as in `fuzz-1.yaml`.
    pub first: usize,
}

/// Why fuzzing stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FuzzError {
    /// An error in a model or in the runner.
    #[error("{0}")]
    Internal(String),
    /// The server has ended, and cannot be restarted.
    #[error("{0}")]
    ServerGone(String),
}

/// The length of short sequences, and how many of the first are all short.
const SHORT_STEPS: usize = 30;
const FIRST: usize = 6;

/// Fuzzing stops after this many sequences in a row without a verdict.
const MAX_INCONCLUSIVE: usize = 20;

/// Fuzzes until the violation of a MUST is found, the time is over, or `interrupted` becomes true. What was found by then is in `report`.
///
/// # Errors
/// If it cannot continue.
pub async fn fuzz(
    plan: &FuzzPlan,
    report: &mut FuzzReport,
    interrupted: watch::Receiver<bool>,
) -> Result<(), FuzzError> {
    let (file, target, setting) = (plan.file(0), Arc::clone(&plan.target), setting(plan));
    let mut fuzzer = Fuzzer { plan, file, target, setting, suspect: None, interrupted };
    let start = fuzzer.clock().now();
    let result = fuzzer.fuzz(report, start).await;
    if let (Err(FuzzError::ServerGone(_)), Some(find)) = (&result, fuzzer.suspect.take()) {
        // The last failure before the server ended explains its end, and may have been reported as unconfirmed.
        report.unconfirmed.pop_if(|last| *last == summary(&find.outcome));
        report.findings.push(*find);
    }
    report.took = fuzzer.since(start);
    result
}

fn setting(plan: &FuzzPlan) -> ServerProfile {
    let params = plan.target.params().keys().cloned().collect();
    ServerProfile { timing: plan.context.timing.clone(), params, ..ServerProfile::default() }
}

impl FuzzPlan {
    /// The file of a finding, counted from 0.
    fn file(&self, find: usize) -> String {
        format!("{}/fuzz-{}.yaml", self.folder, self.first + find)
    }
}

struct Fuzzer<'a> {
    plan: &'a FuzzPlan,
    /// The file that the next finding would be written to.
    file: String,
    target: Arc<dyn Target>,
    setting: ServerProfile,
    /// The sequence that failed last, until the server passes another.
    suspect: Option<Box<FuzzFinding>>,
    interrupted: watch::Receiver<bool>,
}

/// The result of running a sequence.
enum SequenceResult {
    Passed,
    /// No verdict, for this reason.
    Inconclusive(String),
    Violation(Box<ScenarioOutcome>),
}

impl Fuzzer<'_> {
    async fn fuzz(&mut self, report: &mut FuzzReport, start: Moment) -> Result<(), FuzzError> {
        let mut inconclusive = 0;
        while self.since(start) < self.plan.seconds && !self.is_interrupted() {
            report.sequences += 1;
            let Some(compiled) = self.draw(report.sequences)? else { continue };
            compiled.ops.iter().for_each(|op| *report.ops.entry(op.kind).or_default() += 1);
            report.steps += compiled.steps();
            report.requirements.extend(compiled.scenario.script.covers.iter().cloned());
            match self.run(&compiled).await? {
                SequenceResult::Passed => inconclusive = 0,
                SequenceResult::Inconclusive(why) => {
                    report.inconclusive += 1;
                    inconclusive += 1;
                    if inconclusive == MAX_INCONCLUSIVE && !self.is_interrupted() {
                        return Err(FuzzError::ServerGone(format!(
                            "{inconclusive} sequences in a row had no verdict: {why}"
                        )));
                    }
                }
                SequenceResult::Violation(outcome) => {
                    let found_after = self.since(start);
                    let what = summary(&outcome);
                    self.suspect = Some(Box::new(unshrunk(&compiled, &outcome, report.sequences, found_after)));
                    let Some(finding) = self.shrink(compiled, *outcome, report.sequences, found_after).await? else {
                        report.unconfirmed.extend((!self.is_interrupted()).then_some(what));
                        continue;
                    };
                    self.suspect = None;
                    let (verdict, requirement) = (finding.outcome.verdict, violated(&finding.outcome));
                    report.findings.push(finding);
                    self.file = self.plan.file(report.findings.len());
                    match requirement {
                        // Continue without a SHOULD.
                        Some(id) if verdict == Verdict::Warn && self.setting.waived.insert(id.clone()) => {}
                        _ => return Ok(()),
                    }
                }
            }
        }
        Ok(())
    }

    /// The sequence of this number, counted from 1.
    fn draw(&self, number: usize) -> Result<Option<CompiledSequence>, FuzzError> {
        let Some(model) = self.plan.family.model else { return Ok(None) };
        let mut runner = choices(self.plan.seed, number as u64);
        let mut below = |bound: usize| below(u32::try_from(bound).unwrap_or(u32::MAX), &mut runner) as usize;
        // Most sequences are short, and the first ones all are: their failures are found and shrunk sooner.
        let most = if number > FIRST && below(4) == 0 { self.plan.steps } else { self.plan.steps.min(SHORT_STEPS) };
        let steps = most - below(most.div_ceil(2));
        let sequence = Sequence { model, setting: self.setting.clone(), steps };
        let tree = sequence.new_tree(&mut runner).map_err(|why| FuzzError::Internal(why.to_string()))?;
        self.compile(&tree.current(), usize::MAX, None)
    }

    /// The scenario of these ops, or of its first steps; `failure` is what it shows.
    fn compile(
        &self,
        ops: &[Op],
        first: usize,
        failure: Option<&ScenarioOutcome>,
    ) -> Result<Option<CompiledSequence>, FuzzError> {
        let FuzzPlan { family, seed, .. } = self.plan;
        let summary = match failure.and_then(worst_check) {
            Some(check) => format!("Found by fuzzing with the seed {seed}: {}.", check_label(check)),
            None => format!("A fuzzing sequence of the seed {seed}."),
        };
        compile(family, &self.setting, ops, first, (&self.file, &summary))
            .map_err(|error| FuzzError::Internal(error.to_string()))
    }

    async fn run(&mut self, compiled: &CompiledSequence) -> Result<SequenceResult, FuzzError> {
        self.revive().await?;
        let scenario = Arc::new(compiled.scenario.clone());
        let deadline = compiled.waits + self.plan.deadline;
        let running = run_isolated(&self.plan.context, &scenario, Arc::clone(&self.target), deadline);
        let IsolatedResult { outcome, internal_error, is_doubtful } = tokio::select! {
            result = running => result,
            _ = self.interrupted.wait_for(|interrupted| *interrupted) => return Ok(SequenceResult::Inconclusive("the run was interrupted".to_owned())),
        };
        if let Some(why) = internal_error {
            return Err(FuzzError::Internal(format!("an error in the model: {why}")));
        }
        // The limit is in the server's time.
        let took = self.clock().real(Duration::from_secs_f64(outcome.duration_ms / 1e3)).saturating_sub(compiled.waits);
        let is_late = compiled.holds_for.is_some_and(|holds_for| took > holds_for);
        Ok(match outcome.verdict {
            Verdict::Pass => {
                self.suspect = None;
                SequenceResult::Passed
            }
            Verdict::Fail | Verdict::Warn if !is_doubtful && !is_late => SequenceResult::Violation(Box::new(outcome)),
            _ if is_late => {
                SequenceResult::Inconclusive("it took too long for the server's timing parameters".to_owned())
            }
            _ => SequenceResult::Inconclusive(
                outcome.checks.iter().find_map(|check| check.reason.clone()).unwrap_or_default(),
            ),
        })
    }

    /// Restarts the server if it has ended.
    async fn revive(&mut self) -> Result<(), FuzzError> {
        let Some(exit) = self.target.process().and_then(|process| process.ended()) else { return Ok(()) };
        let ended =
            |why: String| FuzzError::ServerGone(format!("the server has ended ({}), and {why}", exit.description));
        let launcher = self.plan.launcher.as_ref().ok_or_else(|| ended("the runner cannot restart it".to_owned()))?;
        self.target = launcher.launch().await.map_err(|why| ended(format!("could not be restarted: {why}")))?;
        Ok(())
    }

    fn clock(&self) -> &Clock {
        &self.plan.context.clock
    }

    fn since(&self, start: Moment) -> Duration {
        self.clock().machine(self.clock().now() - start)
    }

    fn is_interrupted(&self) -> bool {
        *self.interrupted.borrow()
    }
}
