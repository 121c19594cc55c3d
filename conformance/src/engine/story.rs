//! Plays one scenario from beginning to end, and says what each of its checks came to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::player::{Player, Stage, Story};
use super::puppet::Record;
use super::recorder::{Recorder, Stop};
use super::secrets::Secrets;
use super::target::{Client, Ending, Party, Subject, Target};
use super::witness::Transcript;
use crate::clock::{Moment, millis};
use crate::outcome::{Finding, ScenarioOutcome, Verdict};
use crate::scenario::{STORY, Scenario};

/// How one performance of a scenario ended.
pub(super) struct Performance {
    /// What the checks came to.
    pub(super) outcome: ScenarioOutcome,
    /// The fault of the harness that stopped it, if one did.
    pub(super) harness: Option<String>,
    /// How far off the machine may have been while it was played.
    pub(super) noise: Duration,
}

/// Who else talks to the subject meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    /// Nobody: it was started for this scenario.
    None,
    /// Other scenarios.
    Others,
}

/// How often the life of a subject is looked at.
const GLANCE: Duration = Duration::from_millis(200);
/// How often it is looked whether a client has said something that needs an answer at any time.
const TENDING: Duration = Duration::from_millis(5);
/// How long a story may go on after its subject has died: what it sees of that is worth more than the bare fact.
const LAST_STEPS: Duration = Duration::from_secs(2);

/// Plays a scenario until its deadline.
pub(super) async fn perform(
    stage: &Arc<Stage>,
    scenario: &Arc<Scenario>,
    subject: Subject,
    company: Company,
    deadline: Duration,
) -> Performance {
    let story = Arc::new(Story {
        stage: Arc::clone(stage),
        scenario: Arc::clone(scenario),
        subject,
        cast: std::sync::Mutex::default(),
        tended: std::sync::Mutex::default(),
        recorder: Arc::new(Recorder::default()),
        transcript: Arc::new(Transcript::new(stage.clock.clone())),
        memory: std::sync::Mutex::default(),
        may_end: AtomicBool::new(false),
        starved_before: std::sync::OnceLock::new(),
        settled: std::sync::Mutex::new((stage.clock.now(), Duration::ZERO)),
    });
    let _ = story.starved_before.set(story.settle());
    let start = story.transcript.start();
    let mut player = Player::new(Arc::clone(&story));
    let playing = stage.clock.within(start + deadline, player.perform(&scenario.script.steps));
    let stop = tokio::select! {
        result = playing => match result {
            Some(result) => result.err(),
            None => Some(overdue(deadline)),
        },
        how = death(&story) => Some(Stop::Inconclusive(format!("the subject's process is gone ({how})"))),
        () = tend(&story) => None,
    };
    let stop = match company {
        Company::None => blame_the_dead(&story, stop),
        Company::Others => absolve(&story, stop),
    };
    let end = stage.clock.now();
    drop(player);
    *story.memory.lock().unwrap_or_else(PoisonError::into_inner) = super::steps::MemoryWatch::default();
    let harness = if let Some(Stop::Harness(why)) = &stop { Some(why.clone()) } else { None };
    let outcome = outcome(&story, stop.as_ref(), end);
    // What has passed is excused by nothing.
    let is_open = !matches!(outcome.verdict, Verdict::Pass | Verdict::Skip);
    let noise = if is_open { story.noise() } else { Duration::ZERO };
    Performance { outcome, harness, noise }
}

/// A client under test that the story has started.
pub(super) struct Member {
    pub(super) name: String,
    client: Arc<dyn Client>,
    record: Record,
}

impl Story {
    /// The server under test.
    pub(super) fn target(&self) -> Result<&Arc<dyn Target>, Stop> {
        match &self.subject {
            Subject::Server { target, .. } => Ok(target),
            Subject::Client(_) => Err(Stop::Harness("a client is judged: there is nothing to connect to".to_owned())),
        }
    }

    /// A client under test was started.
    pub(super) fn cast(&self, name: &str, client: Arc<dyn Client>, record: Record) {
        self.members().push(Member { name: name.to_owned(), client, record });
    }

    fn members(&self) -> std::sync::MutexGuard<'_, Vec<Member>> {
        self.cast.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is judged: the server, or the clients that were started so far.
    pub(super) fn parties(&self) -> Vec<Arc<dyn Party>> {
        match &self.subject {
            Subject::Server { target, .. } => vec![Arc::clone(target) as Arc<dyn Party>],
            Subject::Client(_) => {
                self.members().iter().map(|member| Arc::clone(&member.client) as Arc<dyn Party>).collect()
            }
        }
    }

    /// How a process of the subject ended, once one has; nothing where the runner has started none.
    pub(super) fn ended(&self) -> Option<Ending> {
        self.parties().iter().find_map(|party| party.process()?.ended())
    }

    /// How long the threads of the subject have waited for a processor, in all; nothing where nobody tells.
    fn starved(&self) -> Duration {
        let starved = self.parties().iter().filter_map(|party| party.process()?.starved()).max();
        self.stage.clock.real(starved.unwrap_or_default())
    }

    /// How long the subject's threads have waited for a processor since the story began.
    pub(super) fn starved_in_all(&self) -> Duration {
        self.starved().saturating_sub(self.starved_before.get().copied().unwrap_or_default())
    }

    fn connection_attempts(&self) -> Vec<crate::outcome::AttemptLine> {
        let start = self.transcript.start();
        self.members()
            .iter()
            .flat_map(|member| member.record.with(|attempts| attempts.told(&member.name, start)))
            .collect()
    }

    /// A long step is over: the noise of the machine until here can harm nothing that follows.
    ///
    /// It tells how long the subject's threads have waited for a processor so far.
    pub(super) fn settle(&self) -> Duration {
        let starved = self.starved();
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = (self.stage.clock.now(), starved);
        starved
    }

    /// How late the machine was since the last long step: the runner's own lateness, or that of the subject's threads.
    fn noise(&self) -> Duration {
        let (since, starved) = *self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = &self.stage.clock;
        clock.noise(since, clock.now()).max(self.starved().saturating_sub(starved))
    }
}

/// Answers what clients may say at any time, while steps wait for something else. It is never done.
async fn tend(story: &Story) {
    let script = &story.scenario.script;
    if (story.scenario.family.opening)(&script.under_test).asides.is_empty() {
        return std::future::pending().await;
    }
    loop {
        story.stage.clock.nap(TENDING).await;
        let mut tended = story.tended.lock().unwrap_or_else(PoisonError::into_inner);
        tended.retain(|actor| {
            let Some(actor) = actor.upgrade() else { return false };
            // Whoever holds it takes in what comes by itself.
            if let Ok(mut actor) = actor.try_lock() {
                actor.drain();
            }
            true
        });
    }
}

/// Is done some time after the subject's process has ended unasked, and tells how.
async fn death(story: &Story) -> String {
    let clock = &story.stage.clock;
    loop {
        clock.nap(GLANCE).await;
        if let Some(ending) = story.ended().filter(|_| !story.may_end.load(Ordering::Relaxed)) {
            clock.nap(LAST_STEPS).await;
            return ending.told;
        }
    }
}

fn overdue(deadline: Duration) -> Stop {
    let finding = Finding {
        what: format!("the scenario was not over within {:.1} s", deadline.as_secs_f64()),
        excused_from_ms: Finding::excuse_for(deadline),
        ..Finding::default()
    };
    Stop::Broken { check: STORY.to_owned(), finding: Box::new(finding) }
}

/// The requirement that no input ends the process, where it binds the subject.
fn survival(scenario: &Scenario) -> Option<&'static str> {
    const SURVIVAL: &str = "WIRE-06";
    let mut own = scenario.family.requirements(&scenario.script.under_test);
    own.find(|requirement| requirement.id == SURVIVAL).map(|requirement| requirement.id)
}

/// A subject started for this scenario alone that has died is to blame for whatever stopped the story.
fn blame_the_dead(story: &Story, stop: Option<Stop>) -> Option<Stop> {
    match stop {
        Some(Stop::Inconclusive(_)) => match story.ended() {
            Some(ending) => Some(Stop::Broken {
                check: STORY.to_owned(),
                finding: Box::new(Finding {
                    requirement: survival(&story.scenario).map(str::to_owned),
                    what: "the subject's process ended while the scenario ran".to_owned(),
                    expected: Some("a process that no input ends".to_owned()),
                    got: Some(ending.told),
                    at_ms: Some(story.transcript.now_ms()),
                    ..Finding::default()
                }),
            }),
            None => stop,
        },
        other => other,
    }
}

/// Where others talk to the subject too, nobody knows whose doing its death is: the scenario is to be played again, alone.
fn absolve(story: &Story, stop: Option<Stop>) -> Option<Stop> {
    match (&stop, story.ended()) {
        (Some(Stop::Broken { .. }), Some(ending)) => {
            Some(Stop::Inconclusive(format!("the subject's process is gone ({})", ending.told)))
        }
        _ => stop,
    }
}

fn outcome(story: &Story, stop: Option<&Stop>, end: Moment) -> ScenarioOutcome {
    let scenario = &story.scenario;
    let checks = story.recorder.outcomes(scenario, stop);
    let verdict = ScenarioOutcome::worst(&checks);
    let (mut transcript, mut transcript_left_out) = story.transcript.take();
    let mut output = story.parties().first().map(|party| party.output()).unwrap_or_default();
    let connection_attempts = story.connection_attempts();
    if matches!(verdict, Verdict::Pass | Verdict::Skip) {
        transcript.clear();
        transcript_left_out = 0;
        output.clear();
    }
    let mut outcome = ScenarioOutcome {
        id: scenario.id.clone(),
        file: scenario.file.to_string(),
        summary: scenario.script.summary.clone(),
        verdict,
        waits: scenario.script.longest_wait.is_some(),
        duration_ms: millis(story.stage.clock.machine(end - story.transcript.start())),
        attempts: 1,
        checks,
        transcript,
        transcript_left_out,
        connection_attempts,
        output,
    };
    if let Ok(target) = story.target() {
        Secrets::of(target.params()).hide_in(&mut outcome);
    }
    outcome
}

/// A scenario that is not played at all.
pub(super) fn unplayed(scenario: &Scenario, stop: &Stop) -> ScenarioOutcome {
    let checks = Recorder::default().outcomes(scenario, Some(stop));
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
