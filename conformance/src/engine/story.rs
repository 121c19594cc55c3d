//! Plays one scenario from beginning to end, and says what each of its checks came to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::player::{Player, Stage, Story};
use super::recorder::{Recorder, Stop};
use super::target::Target;
use super::witness::Transcript;
use crate::clock::Moment;
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
const GLANCE: Duration = Duration::from_millis(50);
/// How long a story may go on after its subject has died: what it sees of that is worth more than the bare fact.
const LAST_STEPS: Duration = Duration::from_secs(2);

/// Plays a scenario until its deadline.
pub(super) async fn perform(
    stage: &Arc<Stage>,
    scenario: &Arc<Scenario>,
    target: Arc<dyn Target>,
    company: Company,
    deadline: Duration,
) -> Performance {
    let starved_before = starved(target.as_ref());
    let story = Arc::new(Story {
        stage: Arc::clone(stage),
        scenario: Arc::clone(scenario),
        target,
        recorder: Arc::new(Recorder::default()),
        transcript: Arc::new(Transcript::new(stage.clock.clone())),
        memory: std::sync::Mutex::default(),
        may_end: AtomicBool::new(false),
        starved_before,
        settled: std::sync::Mutex::new((stage.clock.now(), Duration::ZERO)),
    });
    story.settle();
    let start = story.transcript.start();
    let mut player = Player::new(Arc::clone(&story));
    let playing = stage.clock.within(start + deadline, player.perform(&scenario.script.steps));
    let stop = tokio::select! {
        result = playing => match result {
            Some(result) => result.err(),
            None => Some(overdue(deadline)),
        },
        how = death(&story) => Some(Stop::Inconclusive(format!("the subject's process is gone ({how})"))),
    };
    let stop = match company {
        Company::None => blame_the_dead(&story, stop),
        Company::Others => absolve(&story, stop),
    };
    let end = stage.clock.now();
    let noise = story.noise();
    drop(player);
    *story.memory.lock().unwrap_or_else(PoisonError::into_inner) = super::steps::MemoryWatch::default();
    let harness = if let Some(Stop::Harness(why)) = &stop { Some(why.clone()) } else { None };
    Performance { outcome: outcome(&story, stop.as_ref(), end), harness, noise }
}

/// How long the threads of a subject have waited for a processor, in all; nothing where nobody tells.
fn starved(target: &dyn Target) -> Duration {
    target.process().and_then(|process| process.starved()).unwrap_or_default()
}

impl Story {
    /// How the subject's process ended, in words, once it has; nothing where the runner has started none.
    pub(super) fn ended(&self) -> Option<String> {
        self.target.process().and_then(|process| process.ended())
    }

    fn starved(&self) -> Duration {
        starved(self.target.as_ref())
    }

    /// How long the subject's threads have waited for a processor since the story began.
    pub(super) fn starved_in_all(&self) -> Duration {
        self.starved().saturating_sub(self.starved_before)
    }

    /// A long step is over: the noise of the machine until here can harm nothing that follows.
    pub(super) fn settle(&self) {
        let now = (self.stage.clock.now(), self.starved());
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// How late the machine was since the last long step: the runner's own lateness, or that of the subject's threads.
    fn noise(&self) -> Duration {
        let (since, starved) = *self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = &self.stage.clock;
        clock.noise(since, clock.now()).max(self.starved().saturating_sub(starved))
    }
}

/// Is done some time after the subject's process has ended unasked, and tells how.
async fn death(story: &Story) -> String {
    let clock = &story.stage.clock;
    loop {
        clock.nap(GLANCE).await;
        if let Some(how) = story.ended().filter(|_| !story.may_end.load(Ordering::Relaxed)) {
            clock.nap(LAST_STEPS).await;
            return how;
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

/// A subject started for this scenario alone that has died is to blame for whatever stopped the story.
fn blame_the_dead(story: &Story, stop: Option<Stop>) -> Option<Stop> {
    match stop {
        Some(Stop::Inconclusive(_)) => match story.ended() {
            Some(how) => Some(Stop::Broken {
                check: STORY.to_owned(),
                finding: Box::new(Finding {
                    requirement: Some("WIRE-06".to_owned()),
                    what: "the subject's process ended while the scenario ran".to_owned(),
                    expected: Some("a process that no input ends".to_owned()),
                    got: Some(how),
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
        (Some(Stop::Broken { .. }), Some(how)) => {
            Some(Stop::Inconclusive(format!("the subject's process is gone ({how})")))
        }
        _ => stop,
    }
}

fn outcome(story: &Story, stop: Option<&Stop>, end: Moment) -> ScenarioOutcome {
    let scenario = &story.scenario;
    let checks = story.recorder.outcomes(scenario, stop);
    let verdict = ScenarioOutcome::worst(&checks);
    let (mut transcript, mut transcript_left_out) = story.transcript.take();
    let mut output = story.target.output();
    if matches!(verdict, Verdict::Pass | Verdict::Skip) {
        transcript.clear();
        transcript_left_out = 0;
        output.clear();
    }
    ScenarioOutcome {
        id: scenario.id.clone(),
        file: scenario.file.to_string(),
        summary: scenario.script.summary.clone(),
        verdict,
        waits: scenario.script.longest_wait.is_some(),
        duration_ms: story.transcript.ms(end),
        attempts: 1,
        checks,
        transcript,
        transcript_left_out,
        output,
    }
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
        output: String::new(),
    }
}
