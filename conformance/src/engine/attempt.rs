//! One attempt at a scenario, from beginning to end: the outcome of each of its checks.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::context::RunContext;
use super::executor::Executor;
use super::failure::Stop;
use super::memory::MemoryWatch;
use super::recorder::Recorder;
use super::scenario_run::ScenarioRun;
use super::secrets::Secrets;
use super::sequence::run_to_end;
use super::target::Subject;
use crate::clock::{Moment, millis};
use crate::outcome::{CheckOutcome, Finding, ScenarioOutcome, Verdict};
use crate::scenario::{SCENARIO_CHECK, Scenario};

/// The result of one attempt at a scenario.
pub(super) struct ScenarioResult {
    /// The outcome of its checks.
    pub(super) outcome: ScenarioOutcome,
    /// The error of the scenario or the runner that stopped it, if any.
    pub(super) internal_error: Option<String>,
    /// How late the machine may have been meanwhile.
    pub(super) noise: Duration,
}

/// Whether other scenarios use the subject at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Isolation {
    /// The subject was started for this scenario.
    Isolated,
    /// Other scenarios use it.
    Shared,
}

/// How often to check whether the subject's process has ended.
const PROCESS_POLL: Duration = Duration::from_millis(200);
/// How often to answer messages that clients may send at any time.
const ASIDES_POLL: Duration = Duration::from_millis(5);
/// How long a scenario may continue after its subject has died: its own finding is worth more than the bare fact.
const LAST_STEPS: Duration = Duration::from_secs(2);

/// Runs a scenario until its deadline.
pub(super) async fn run_scenario(
    context: &Arc<RunContext>,
    scenario: &Arc<Scenario>,
    subject: Subject,
    isolation: Isolation,
    deadline: Duration,
) -> ScenarioResult {
    let run = ScenarioRun::new(context, scenario, subject);
    let start = run.transcript.start();
    let mut executor = Executor::new(Arc::clone(&run));
    let running = context.clock.within(start + deadline, run_to_end(&mut executor, &scenario.script.steps));
    let stop = tokio::select! {
        result = running => match result {
            Some(result) => result.err(),
            None => Some(overdue(deadline)),
        },
        how = unrequested_end(&run) => Some(Stop::Inconclusive(format!("the subject's process has ended ({how})"))),
        () = answer_asides(&run) => None,
    };
    let stop = match isolation {
        Isolation::Isolated => blame_ended_subject(&run, stop),
        Isolation::Shared => excuse_ended_subject(&run, stop),
    };
    let end = context.clock.now();
    drop(executor);
    *run.memory.lock().unwrap_or_else(PoisonError::into_inner) = MemoryWatch::default();
    let internal_error = if let Some(Stop::Internal(why)) = &stop { Some(why.clone()) } else { None };
    let outcome = outcome(&run, stop.as_ref(), end);
    // Noise matters only if something failed.
    let is_open = !matches!(outcome.verdict, Verdict::Pass | Verdict::Skip);
    let noise = if is_open { run.noise() } else { Duration::ZERO };
    ScenarioResult { outcome, internal_error, noise }
}

/// Answers what clients may send at any time, while steps wait for something else. Never returns.
async fn answer_asides(run: &ScenarioRun) {
    let script = &run.scenario.script;
    if (run.scenario.family.opening)(&script.under_test).asides.is_empty() {
        return std::future::pending().await;
    }
    loop {
        run.context.clock.nap(ASIDES_POLL).await;
        let mut with_asides = run.with_asides.lock().unwrap_or_else(PoisonError::into_inner);
        with_asides.retain(|connection| {
            let Some(connection) = connection.upgrade() else { return false };
            // A step that holds the connection reads from it itself.
            if let Ok(mut connection) = connection.try_lock() {
                connection.drain();
            }
            true
        });
    }
}

/// Returns some time after the subject's process has ended unexpectedly, with a description of how.
async fn unrequested_end(run: &ScenarioRun) -> String {
    let clock = &run.context.clock;
    loop {
        clock.nap(PROCESS_POLL).await;
        if let Some(exit) = run.ended().filter(|_| !run.may_end.load(Ordering::Relaxed)) {
            clock.nap(LAST_STEPS).await;
            return exit.description;
        }
    }
}

fn overdue(deadline: Duration) -> Stop {
    let what = format!("the scenario did not finish within {:.1} s", deadline.as_secs_f64());
    violation(Finding::new(what).excused_for(deadline))
}

fn violation(finding: Finding) -> Stop {
    Stop::Violation { check: SCENARIO_CHECK.to_owned(), finding: Box::new(finding) }
}

/// The requirement that no input ends the process, if it applies to the subject.
fn survival(scenario: &Scenario) -> Option<&'static str> {
    const SURVIVAL: &str = "WIRE-06";
    let mut own = scenario.family.requirements(&scenario.script.under_test);
    own.find(|requirement| requirement.id == SURVIVAL).map(|requirement| requirement.id)
}

/// The end of a subject that was started for this scenario is a violation, whatever else stopped the scenario.
fn blame_ended_subject(run: &ScenarioRun, stop: Option<Stop>) -> Option<Stop> {
    match (&stop, run.ended()) {
        (Some(Stop::Inconclusive(_)), Some(exit)) => Some(violation(Finding {
            requirement: survival(&run.scenario).map(str::to_owned),
            ..Finding::new("the subject's process ended while the scenario ran")
                .expected("a process that no input ends")
                .got(exit.description)
                .at(run.transcript.now_ms())
        })),
        _ => stop,
    }
}

/// If other scenarios use the subject too, any of them may have ended it: the scenario must be rerun in isolation.
fn excuse_ended_subject(run: &ScenarioRun, stop: Option<Stop>) -> Option<Stop> {
    match (&stop, run.ended()) {
        (Some(Stop::Violation { .. }), Some(exit)) => {
            Some(Stop::Inconclusive(format!("the subject's process has ended ({})", exit.description)))
        }
        _ => stop,
    }
}

fn outcome(run: &ScenarioRun, stop: Option<&Stop>, end: Moment) -> ScenarioOutcome {
    let mut outcome = blank(&run.scenario, run.recorder.outcomes(&run.scenario, stop));
    outcome.duration_ms = millis(run.context.clock.machine(end - run.transcript.start()));
    outcome.attempts = 1;
    outcome.connection_attempts = run.connection_attempts();
    if !matches!(outcome.verdict, Verdict::Pass | Verdict::Skip) {
        (outcome.transcript, outcome.transcript_left_out) = run.transcript.take();
        outcome.output = run.systems().first().map(|system| system.output()).unwrap_or_default();
    }
    if let Ok(target) = run.target() {
        Secrets::of(target.params()).hide_in(&mut outcome);
    }
    outcome
}

/// The outcome of a scenario that did not run.
pub(super) fn not_run(scenario: &Scenario, stop: &Stop) -> ScenarioOutcome {
    blank(scenario, Recorder::default().outcomes(scenario, Some(stop)))
}

fn blank(scenario: &Scenario, checks: Vec<CheckOutcome>) -> ScenarioOutcome {
    ScenarioOutcome {
        id: scenario.id.clone(),
        file: scenario.file.to_string(),
        summary: scenario.script.summary.clone(),
        verdict: ScenarioOutcome::worst(&checks),
        waits: scenario.script.longest_wait.is_some(),
        duration_ms: 0.0,
        attempts: 0,
        checks,
        transcript: Vec::new(),
        transcript_left_out: 0,
        connection_attempts: Vec::new(),
        output: String::new(),
    }
}
