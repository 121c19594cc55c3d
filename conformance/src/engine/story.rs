//! Plays one scenario from beginning to end, and says what each of its checks came to.

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

/// How long before the end of a scenario noise is looked for.
const LOOK_BACK: Duration = Duration::from_millis(1500);

/// Plays a scenario until its deadline.
pub(super) async fn perform(
    stage: &Arc<Stage>,
    scenario: &Arc<Scenario>,
    target: Arc<dyn Target>,
    deadline: Duration,
) -> Performance {
    let story = Arc::new(Story {
        stage: Arc::clone(stage),
        scenario: Arc::clone(scenario),
        target,
        recorder: Arc::new(Recorder::default()),
        transcript: Arc::new(Transcript::new(stage.clock.clone())),
        memory: std::sync::Mutex::default(),
    });
    let start = story.transcript.start();
    let starved = || story.target.process().and_then(|process| process.starved()).unwrap_or_default();
    let starved_before = starved();
    let mut player = Player::new(Arc::clone(&story));
    let result = stage.clock.within(start + deadline, player.perform(&scenario.script.steps)).await;
    let stop = match result {
        Some(result) => result.err(),
        None => Some(overdue(deadline)),
    };
    let stop = blame_the_dead(&story, stop);
    let end = stage.clock.now();
    let since = start + (end - start).saturating_sub(LOOK_BACK);
    let noise = stage.clock.noise(since, end).max(starved().saturating_sub(starved_before));
    drop(player);
    *story.memory.lock().unwrap_or_else(PoisonError::into_inner) = super::steps::MemoryWatch::default();
    let harness = if let Some(Stop::Harness(why)) = &stop { Some(why.clone()) } else { None };
    Performance { outcome: outcome(&story, stop.as_ref(), end), harness, noise }
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
    let ended = || story.target.process().and_then(|process| process.ended());
    match stop {
        Some(Stop::Inconclusive(_)) => match ended() {
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
