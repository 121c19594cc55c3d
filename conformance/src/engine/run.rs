//! The main flow of a run: when each scenario runs, and which are rerun because the machine may have caused their failure.
//!
//! Scenarios that wait for timing parameters run side by side, since they cost nothing but time; those that do not wait run one at a time,
//! so that each is as fast as possible; those that keep the machine busy run last, one by one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::applicability::skip_reason;
use super::attempt::{Isolation, ScenarioResult, not_run, run_scenario};
use super::failure::Stop;
use super::plan::{RunEnding, RunPart, RunPlan};
use super::rerun::{excuse, is_crowded, is_doubtful, is_shaken};
use super::target::Subject;
use crate::event::Event;
use crate::outcome::ScenarioOutcome;
use crate::scenario::{Scenario, Trait};

/// A scenario of a part.
#[derive(Clone, Copy)]
struct Job<'a> {
    part: &'a RunPart,
    scenario: &'a Arc<Scenario>,
}

impl Job<'_> {
    fn longest_wait(&self) -> Duration {
        let wait = self.scenario.script.longest_wait.as_ref();
        wait.map(|span| span.value(self.part.context.measures())).unwrap_or_default()
    }

    fn id(&self) -> String {
        self.scenario.id.to_string()
    }

    /// Whether the scenario has a server of its own: it needs one, or it waits and could not share one.
    fn has_own_server(&self) -> bool {
        let Self { part, scenario } = self;
        let can = matches!(part.subject, Subject::Server { launcher: Some(_), .. });
        scenario.has(Trait::OwnProcess) || (can && scenario.family.solo && scenario.script.longest_wait.is_some())
    }
}

/// How often a scenario runs at most.
const MAX_ATTEMPTS: u32 = 3;
/// How many scenarios that do not wait run at once.
const QUICK: usize = 1;

/// Limits what runs at the same time.
struct ConcurrencyLimits {
    jobs: Semaphore,
    quick: Semaphore,
    heavy: Semaphore,
    /// A client that all scenarios share serves one at a time, and so does a server whose family demands it.
    shared: Semaphore,
    quick_left: watch::Sender<usize>,
}

/// Runs the scenarios and emits events. `interrupted` cuts the run short when it becomes true.
pub async fn run(
    plan: &RunPlan,
    events: &mpsc::UnboundedSender<Event>,
    mut interrupted: watch::Receiver<bool>,
) -> RunEnding {
    let emit = |event| {
        let _ = events.send(event);
    };
    let clock = &plan.clock;
    let jobs = plan.parts.iter().flat_map(|part| part.scenarios.iter().map(move |scenario| Job { part, scenario }));
    let mut jobs: Vec<_> = jobs.collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.longest_wait()));
    let quick = jobs.iter().filter(|job| is_quick(job.scenario)).count();
    let limits = ConcurrencyLimits {
        jobs: Semaphore::new(plan.jobs.max(1)),
        quick: Semaphore::new(QUICK),
        heavy: Semaphore::new(1),
        shared: Semaphore::new(1),
        quick_left: watch::Sender::new(quick),
    };
    let mut ending = RunEnding::default();
    let mut again = Vec::new();
    let deadline = clock.sleep_until(clock.now() + plan.run_deadline);
    let overdue = format!("the run did not finish within {} s", clock.machine(plan.run_deadline).as_secs_f64());
    let cut = async {
        tokio::select! {
            () = deadline => overdue,
            _ = interrupted.wait_for(|interrupted| *interrupted) => "the run was interrupted".to_owned(),
        }
    };
    tokio::pin!(cut);
    let mut left: Vec<_> = jobs.iter().map(Job::id).collect();
    let mut running: FuturesUnordered<_> = jobs.iter().map(|job| first_attempt(plan, *job, &limits, &emit)).collect();
    loop {
        let attempt = tokio::select! {
            next = running.next() => match next {
                Some(attempt) => attempt,
                None => break,
            },
            why = &mut cut => {
                ending.cut_short = Some(cut_short(&why, &left));
                return ending;
            }
        };
        let job = attempt.job;
        match attempt.result {
            Ok(result)
                if is_doubtful(&result)
                    || is_shaken(&job.part.context.timing, &result)
                    || is_crowded(job.scenario, &result) =>
            {
                again.push(job);
                continue;
            }
            Ok(result) => finish(result, &mut ending, &emit),
            Err(outcome) => emit(Event::ScenarioFinished(Box::new(outcome))),
        }
        left.retain(|id| *id != job.id());
    }
    drop(running);
    for job in again {
        tokio::select! {
            result = rerun(plan, job) => finish(result, &mut ending, &emit),
            why = &mut cut => {
                ending.cut_short = Some(cut_short(&why, &left));
                return ending;
            }
        }
        left.retain(|id| *id != job.id());
    }
    ending
}

/// Why a run was cut short, and what it had not finished.
fn cut_short(why: &str, left: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = if left.len() > SHOWN { format!(" and {} more", left.len() - SHOWN) } else { String::new() };
    format!("{why}; not finished: {}{more}", left[..left.len().min(SHOWN)].join(", "))
}

/// Reruns a scenario in isolation, until its result is not doubtful.
async fn rerun(plan: &RunPlan, job: Job<'_>) -> ScenarioResult {
    let mut attempts = 1;
    loop {
        attempts += 1;
        let mut result = run_once(plan, job, Isolation::Isolated).await;
        result.outcome.attempts = attempts;
        if !is_doubtful(&result) {
            return result;
        }
        if attempts == MAX_ATTEMPTS {
            excuse(&mut result);
            return result;
        }
    }
}

fn finish(result: ScenarioResult, ending: &mut RunEnding, emit: &impl Fn(Event)) {
    if let Some(why) = result.internal_error {
        ending.internal_errors.push(format!("{}: {why}", result.outcome.id));
    }
    emit(Event::ScenarioFinished(Box::new(result.outcome)));
}

/// A scenario that ran, or was skipped for the reason in its outcome.
struct FirstAttempt<'a> {
    job: Job<'a>,
    result: Result<ScenarioResult, ScenarioOutcome>,
}

async fn first_attempt<'a>(
    plan: &RunPlan,
    job: Job<'a>,
    limits: &ConcurrencyLimits,
    emit: &impl Fn(Event),
) -> FirstAttempt<'a> {
    let scenario = job.scenario;
    let leave = || {
        if is_quick(scenario) {
            limits.quick_left.send_modify(|left| *left -= 1);
        }
    };
    if let Some(reason) = skip_reason(job.part, scenario, job.longest_wait(), plan.max_wait) {
        leave();
        return FirstAttempt { job, result: Err(not_run(scenario, &Stop::Skip(reason))) };
    }
    if scenario.has(Trait::Heavy) {
        let _ = limits.quick_left.subscribe().wait_for(|left| *left == 0).await;
    }
    let limit = if scenario.has(Trait::Heavy) {
        Some(&limits.heavy)
    } else if is_quick(scenario) {
        Some(&limits.quick)
    } else {
        None
    };
    let _permit = match limit {
        Some(limit) => limit.acquire().await.ok(),
        None => None,
    };
    let is_shared = match &job.part.subject {
        Subject::Client(starter) => starter.is_shared(),
        Subject::Server { .. } => scenario.family.solo && !job.has_own_server(),
    };
    let _turn = if is_shared { limits.shared.acquire().await.ok() } else { None };
    let _job = limits.jobs.acquire().await;
    emit(Event::ScenarioStarted { id: scenario.id.clone() });
    let result = run_once(plan, job, Isolation::Shared).await;
    leave();
    FirstAttempt { job, result: Ok(result) }
}

fn is_quick(scenario: &Scenario) -> bool {
    scenario.script.longest_wait.is_none() && !scenario.has(Trait::Heavy) && !scenario.has(Trait::OwnProcess)
}

async fn run_once(plan: &RunPlan, job: Job<'_>, isolation: Isolation) -> ScenarioResult {
    let Job { part, scenario } = job;
    let deadline = job.longest_wait() + plan.scenario_deadline;
    let own_server = isolation == Isolation::Isolated || job.has_own_server();
    match &part.subject {
        Subject::Server { launcher: Some(launcher), .. } if own_server => match launcher.launch().await {
            Ok(target) => run_job(job, Subject::Server { target, launcher: None }, Isolation::Isolated, deadline).await,
            Err(error) => {
                let stop = Stop::Inconclusive(format!("the subject could not be started: {error}"));
                ScenarioResult { outcome: not_run(scenario, &stop), internal_error: None, noise: Duration::ZERO }
            }
        },
        Subject::Server { .. } => run_job(job, part.subject.clone(), Isolation::Shared, deadline).await,
        Subject::Client(_) => run_job(job, part.subject.clone(), Isolation::Isolated, deadline).await,
    }
}

/// Runs a scenario; a heavy one on a thread of its own, where it delays no other.
async fn run_job(job: Job<'_>, subject: Subject, isolation: Isolation, deadline: Duration) -> ScenarioResult {
    let (context, scenario) = (&job.part.context, job.scenario);
    if !scenario.has(Trait::Heavy) {
        return run_scenario(context, scenario, subject, isolation, deadline).await;
    }
    let (own_context, own_scenario) = (Arc::clone(context), Arc::clone(scenario));
    let (_wanted, unwanted) = oneshot::channel::<Infallible>();
    let runtime = Handle::current();
    let result = tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                result = run_scenario(&own_context, &own_scenario, subject, isolation, deadline) => Some(result),
                _ = unwanted => None,
            }
        })
    });
    // If the run is cut short, `_wanted` is dropped before the scenario has finished.
    result.await.ok().flatten().unwrap_or_else(|| {
        let aborted = "the scenario was aborted".to_owned();
        let outcome = not_run(scenario, &Stop::Internal(aborted.clone()));
        ScenarioResult { outcome, internal_error: Some(aborted), noise: Duration::ZERO }
    })
}
