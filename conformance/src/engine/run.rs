//! The main flow of a run: which scenario is played when, and once more where the machine may have been at fault.
//!
//! Scenarios that wait for timing parameters run side by side, since they cost nothing but time; those that wait for nothing run a few at a
//! time, so that each is as fast as it can be; those that keep the machine busy run one by one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::doubt::{crowded, doubtful, excuse, shaken};
use super::fit::not_for;
use super::player::Stage;
use super::recorder::Stop;
use super::story::{Company, Performance, perform, unplayed};
use super::target::Subject;
use crate::clock::Clock;
use crate::event::Event;
use crate::outcome::ScenarioOutcome;
use crate::scenario::{Scenario, Trait};

/// What a run plays, and within which bounds.
pub struct Plan {
    /// What is judged, each with the scenarios that judge it.
    pub parts: Vec<Part>,
    /// The clock.
    pub clock: Clock,
    /// Scenarios that wait for longer are skipped.
    pub max_wait: Option<Duration>,
    /// How many scenarios run at once at most.
    pub jobs: usize,
    /// How long a scenario may take beyond its longest wait.
    pub scenario_deadline: Duration,
    /// How long the whole run may take.
    pub run_deadline: Duration,
}

/// A subject, and the scenarios that judge it.
pub struct Part {
    /// What its scenarios share.
    pub stage: Arc<Stage>,
    /// The subject.
    pub subject: Subject,
    /// The scenarios to play.
    pub scenarios: Vec<Arc<Scenario>>,
}

/// A scenario of a part.
#[derive(Clone, Copy)]
struct Item<'a> {
    part: &'a Part,
    scenario: &'a Arc<Scenario>,
}

impl Item<'_> {
    fn longest_wait(&self) -> Duration {
        let wait = self.scenario.script.longest_wait.as_ref();
        wait.map(|span| span.value(self.part.stage.measures())).unwrap_or_default()
    }

    fn id(&self) -> String {
        self.scenario.id.to_string()
    }
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// Faults of the harness, one for each scenario that had one.
    pub harness: Vec<String>,
    /// Why it was cut short.
    pub cut_short: Option<String>,
}

/// How often a scenario is played at most.
const MOST_ATTEMPTS: u32 = 3;
/// How many scenarios that wait for nothing run at once.
const SWIFT: usize = 1;

struct Lanes {
    jobs: Semaphore,
    swift: Semaphore,
    heavy: Semaphore,
    /// A client that all scenarios share plays one at a time, and so does a server of a family that wants it.
    shared: Semaphore,
    swift_left: watch::Sender<usize>,
}

/// Plays the scenarios and emits what happens. `interrupted` cuts the run short when it becomes true.
pub async fn run(plan: &Plan, events: &mpsc::UnboundedSender<Event>, mut interrupted: watch::Receiver<bool>) -> Ended {
    let emit = |event| {
        let _ = events.send(event);
    };
    let clock = &plan.clock;
    let items = plan.parts.iter().flat_map(|part| part.scenarios.iter().map(move |scenario| Item { part, scenario }));
    let mut items: Vec<_> = items.collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.longest_wait()));
    let swift = items.iter().filter(|item| is_swift(item.scenario)).count();
    let lanes = Lanes {
        jobs: Semaphore::new(plan.jobs.max(1)),
        swift: Semaphore::new(SWIFT),
        heavy: Semaphore::new(1),
        shared: Semaphore::new(1),
        swift_left: watch::Sender::new(swift),
    };
    let mut ended = Ended::default();
    let mut again = Vec::new();
    let deadline = clock.sleep_until(clock.now() + plan.run_deadline);
    let overdue = format!("the run was not over within {} s", clock.machine(plan.run_deadline).as_secs_f64());
    let cut = async {
        tokio::select! {
            () = deadline => overdue,
            _ = interrupted.wait_for(|interrupted| *interrupted) => "the run was interrupted".to_owned(),
        }
    };
    tokio::pin!(cut);
    let mut left: Vec<_> = items.iter().map(Item::id).collect();
    let mut running: FuturesUnordered<_> = items.iter().map(|item| first_time(plan, *item, &lanes, &emit)).collect();
    loop {
        let performance = tokio::select! {
            next = running.next() => match next {
                Some(performance) => performance,
                None => break,
            },
            why = &mut cut => {
                ended.cut_short = Some(cut_short(&why, &left));
                return ended;
            }
        };
        let item = performance.item;
        match performance.result {
            Ok(performance)
                if doubtful(&performance)
                    || shaken(&item.part.stage.timing, &performance)
                    || crowded(item.scenario, &performance) =>
            {
                again.push(item);
                continue;
            }
            Ok(performance) => finish(performance, &mut ended, &emit),
            Err(outcome) => emit(Event::ScenarioFinished(Box::new(outcome))),
        }
        left.retain(|id| *id != item.id());
    }
    drop(running);
    for item in again {
        tokio::select! {
            performance = once_more(plan, item) => finish(performance, &mut ended, &emit),
            why = &mut cut => {
                ended.cut_short = Some(cut_short(&why, &left));
                return ended;
            }
        }
        left.retain(|id| *id != item.id());
    }
    ended
}

/// Why a run was cut short, and what it had not finished.
fn cut_short(why: &str, left: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = if left.len() > SHOWN { format!(" and {} more", left.len() - SHOWN) } else { String::new() };
    format!("{why}; not finished: {}{more}", left[..left.len().min(SHOWN)].join(", "))
}

/// Plays a scenario again, alone, and again where it is still doubtful.
async fn once_more(plan: &Plan, item: Item<'_>) -> Performance {
    let mut attempts = 1;
    loop {
        attempts += 1;
        let mut performance = play(plan, item, Company::None).await;
        performance.outcome.attempts = attempts;
        if !doubtful(&performance) {
            return performance;
        }
        if attempts == MOST_ATTEMPTS {
            excuse(&mut performance);
            return performance;
        }
    }
}

fn finish(performance: Performance, ended: &mut Ended, emit: &impl Fn(Event)) {
    if let Some(why) = performance.harness {
        ended.harness.push(format!("{}: {why}", performance.outcome.id));
    }
    emit(Event::ScenarioFinished(Box::new(performance.outcome)));
}

/// A scenario that was played, or was not for the reason in its outcome.
struct Played<'a> {
    item: Item<'a>,
    result: Result<Performance, ScenarioOutcome>,
}

async fn first_time<'a>(plan: &Plan, item: Item<'a>, lanes: &Lanes, emit: &impl Fn(Event)) -> Played<'a> {
    let scenario = item.scenario;
    if let Some(reason) = not_for(item.part, scenario, item.longest_wait(), plan.max_wait) {
        leave_swift(scenario, lanes);
        return Played { item, result: Err(unplayed(scenario, &Stop::Skip(reason))) };
    }
    if scenario.has(Trait::Heavy) {
        let _ = lanes.swift_left.subscribe().wait_for(|left| *left == 0).await;
    }
    let lane = if scenario.has(Trait::Heavy) {
        Some(&lanes.heavy)
    } else if is_swift(scenario) {
        Some(&lanes.swift)
    } else {
        None
    };
    let _lane = match lane {
        Some(lane) => lane.acquire().await.ok(),
        None => None,
    };
    let is_shared = match &item.part.subject {
        Subject::Client(starter) => starter.is_shared(),
        Subject::Server { .. } => scenario.family.solo && !starts_afresh(item),
    };
    let _turn = if is_shared { lanes.shared.acquire().await.ok() } else { None };
    let _job = lanes.jobs.acquire().await;
    emit(Event::ScenarioStarted { id: scenario.id.clone() });
    let performance = play(plan, item, Company::Others).await;
    leave_swift(scenario, lanes);
    Played { item, result: Ok(performance) }
}

fn leave_swift(scenario: &Scenario, lanes: &Lanes) {
    if is_swift(scenario) {
        lanes.swift_left.send_modify(|left| *left -= 1);
    }
}

fn is_swift(scenario: &Scenario) -> bool {
    scenario.script.longest_wait.is_none() && !scenario.has(Trait::Heavy) && !scenario.has(Trait::OwnProcess)
}

/// Whether a scenario has a server of its own: since it needs one, or since it waits and could not share it.
fn starts_afresh(item: Item<'_>) -> bool {
    let Item { part, scenario } = item;
    let can = matches!(part.subject, Subject::Server { launcher: Some(_), .. });
    scenario.has(Trait::OwnProcess) || (can && scenario.family.solo && scenario.script.longest_wait.is_some())
}

async fn play(plan: &Plan, item: Item<'_>, company: Company) -> Performance {
    let Item { part, scenario } = item;
    let deadline = item.longest_wait() + plan.scenario_deadline;
    let afresh = company == Company::None || starts_afresh(item);
    match &part.subject {
        Subject::Server { launcher: Some(launcher), .. } if afresh => match launcher.launch().await {
            Ok(target) => on_stage(item, Subject::Server { target, launcher: None }, Company::None, deadline).await,
            Err(problem) => {
                let stop = Stop::Inconclusive(format!("the subject could not be started: {problem}"));
                Performance { outcome: unplayed(scenario, &stop), harness: None, noise: Duration::ZERO }
            }
        },
        Subject::Server { .. } => on_stage(item, part.subject.clone(), Company::Others, deadline).await,
        Subject::Client(_) => on_stage(item, part.subject.clone(), Company::None, deadline).await,
    }
}

/// Performs a scenario; one that keeps the machine busy on a thread of its own, where no other has to wait for it.
async fn on_stage(item: Item<'_>, subject: Subject, company: Company, deadline: Duration) -> Performance {
    let (stage, scenario) = (&item.part.stage, item.scenario);
    if !scenario.has(Trait::Heavy) {
        return perform(stage, scenario, subject, company, deadline).await;
    }
    let (own_stage, own_scenario) = (Arc::clone(stage), Arc::clone(scenario));
    let (_wanted, unwanted) = oneshot::channel::<Infallible>();
    let runtime = Handle::current();
    let performance = tokio::task::spawn_blocking(move || {
        runtime.block_on(async {
            tokio::select! {
                performance = perform(&own_stage, &own_scenario, subject, company, deadline) => Some(performance),
                _ = unwanted => None,
            }
        })
    });
    // Where the run is cut short, what is wanted is gone before the performance is over.
    performance.await.ok().flatten().unwrap_or_else(|| {
        let broke_off = "the performance broke off".to_owned();
        let outcome = unplayed(scenario, &Stop::Harness(broke_off.clone()));
        Performance { outcome, harness: Some(broke_off), noise: Duration::ZERO }
    })
}
