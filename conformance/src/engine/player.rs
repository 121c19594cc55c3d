//! Plays the steps of a story, or of one iteration inside it.
//!
//! Each kind of step has its room in `steps`; this is the way from one to the next, and from a fault to the check that it decides.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::actor::Actor;
use super::barrier::Barrier;
use super::puppet::Puppet;
use super::recorder::{Recorder, Stop};
use super::steps::MemoryWatch;
use super::story::Member;
use super::target::{Boxed, Subject};
use super::witness::Transcript;
use crate::clock::{Clock, Moment, millis};
use crate::lint::Schemas;
use crate::outcome::Finding;
use crate::scenario::{At, Bindings, Measures, Place, STORY, Scenario, Size, Step};
use crate::transport::http::{Exchange, Site};
use crate::transport::{Act, Side};
use relayspec::reconnect::Policy;
use relayspec::timing::Timing;

/// What all scenarios of a run share.
#[derive(Debug)]
pub struct Stage {
    /// The clock.
    pub clock: Clock,
    /// The subject's timing parameters.
    pub timing: Timing,
    /// The largest message that the subject says it accepts.
    pub max_message: Option<Size>,
    /// Compiled schemas.
    pub schemas: Arc<Schemas>,
    /// How a client under test says that it comes back after a loss.
    pub policy: Policy,
    /// How long a client has from its start to its first attempt to connect.
    pub first_attempt: Duration,
    /// What the machine may add to the delays of a client, beyond all tolerance.
    pub slack: Duration,
    /// How many handshakes are under way at once.
    pub handshakes: Arc<Semaphore>,
    /// How long a handshake may take.
    pub handshake_deadline: Duration,
    /// How long a step may take beyond the longest wait of its scenario.
    pub step_deadline: Duration,
}

impl Stage {
    /// What spans are measured by.
    pub(super) fn measures(&self) -> Measures<'_> {
        Measures { timing: &self.timing, policy: &self.policy, speed: self.clock.speed() }
    }
}

/// What takes longer than this has waited for something.
const LONG_STEP: Duration = Duration::from_millis(60);

/// Why a step did not hold.
#[derive(Debug)]
pub(super) enum Fault {
    /// The subject did something wrong.
    Broken(Box<Finding>),
    /// The story stops for another reason, or inside.
    Stop(Stop),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Finding> for Fault {
    fn from(finding: Finding) -> Self {
        Self::Broken(Box::new(finding))
    }
}

/// What the whole story shares, its iterations included.
pub(super) struct Story {
    pub(super) stage: Arc<Stage>,
    pub(super) scenario: Arc<Scenario>,
    pub(super) subject: Subject,
    /// The clients under test that the story has started, with their attempts.
    pub(super) cast: std::sync::Mutex<Vec<Member>>,
    /// Connections on which something may come at any time that has to be answered.
    pub(super) tended: std::sync::Mutex<Vec<Weak<Mutex<Actor>>>>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) transcript: Arc<Transcript>,
    pub(super) memory: std::sync::Mutex<MemoryWatch>,
    /// Whether the script has asked the subject's process to end.
    pub(super) may_end: AtomicBool,
    /// How long the subject's threads had waited for a processor when the story began.
    pub(super) starved_before: OnceLock<Duration>,
    /// When the last long step was over, and how long the subject's threads had waited for a processor by then.
    pub(super) settled: std::sync::Mutex<(Moment, Duration)>,
}

/// One line of the story.
pub(super) struct Player {
    pub(super) story: Arc<Story>,
    pub(super) actors: BTreeMap<String, Arc<Mutex<Actor>>>,
    pub(super) puppets: BTreeMap<String, Arc<Mutex<Puppet>>>,
    /// Clients that this player started itself.
    pub(super) started: Vec<String>,
    /// Connections that this player opened itself.
    pub(super) own: Vec<String>,
    /// HTTP servers of the script, and those that this player opened itself.
    pub(super) sites: BTreeMap<String, Arc<Site>>,
    pub(super) own_sites: Vec<String>,
    /// HTTP requests, of the subject and to it.
    pub(super) exchanges: BTreeMap<String, Arc<Mutex<Exchange>>>,
    pub(super) variables: Bindings,
    pub(super) iteration: String,
    pub(super) barrier: Option<Arc<Barrier>>,
    /// Of an iteration, until it first meets the others.
    pub(super) room: Option<OwnedSemaphorePermit>,
}

impl Player {
    pub(super) fn new(story: Arc<Story>) -> Self {
        let declared = story.target().map(|target| target.params().clone()).unwrap_or_default();
        let needed = |name: &String| Some((name.clone(), declared.get(name)?.clone()));
        let variables = story.scenario.script.params.iter().filter_map(needed).collect();
        Self {
            story,
            actors: BTreeMap::new(),
            puppets: BTreeMap::new(),
            started: Vec::new(),
            own: Vec::new(),
            sites: BTreeMap::new(),
            own_sites: Vec::new(),
            exchanges: BTreeMap::new(),
            variables,
            iteration: String::new(),
            barrier: None,
            room: None,
        }
    }

    /// Plays steps until one does not hold, and looks for what nobody expected at the end.
    pub(super) async fn perform(&mut self, steps: &[At<Step>]) -> Result<(), Stop> {
        let played = self.play(steps).await;
        self.unclaimed().await;
        played?;
        self.leftovers().await
    }

    pub(super) fn play<'a>(&'a mut self, steps: &'a [At<Step>]) -> Boxed<'a, Result<(), Stop>> {
        Box::pin(async move {
            for step in steps {
                let check = step.value.check().map_or(STORY, |check| check.name.as_str());
                let begin = self.clock().now();
                let result = self.in_time(&step.value).await;
                // Inside `many` one iteration's long step is another's trouble.
                if result.is_ok()
                    && self.iteration.is_empty()
                    && self.clock().now() - begin > self.clock().real(LONG_STEP)
                {
                    self.story.settle();
                }
                match result {
                    Ok(()) if check != STORY => self.story.recorder.pass(check, step.place),
                    Ok(()) => {}
                    Err(Fault::Stop(Stop::Harness(why))) if !matches!(step.value, Step::Many(_) | Step::Meet(_)) => {
                        let Place { line, column } = step.place;
                        let file = &self.story.scenario.file;
                        return Err(Stop::Harness(format!("{file}:{line}:{column}: {why}")));
                    }
                    Err(Fault::Stop(stop)) => return Err(stop),
                    Err(Fault::Broken(mut finding)) => {
                        finding.place.get_or_insert(step.place);
                        finding.at_ms.get_or_insert(self.story.transcript.now_ms());
                        if self.story.scenario.script.longest_wait.is_some() {
                            finding.excused_from_ms.get_or_insert(Finding::EDGE_EXCUSE_MS);
                        }
                        if finding.excused_from_ms.is_some() {
                            let noise = self.clock().noise(begin, self.clock().now());
                            finding.noise_ms.get_or_insert(millis(noise));
                        }
                        return Err(Stop::Broken { check: check.to_owned(), finding });
                    }
                }
            }
            Ok(())
        })
    }

    /// No step may hang, whatever the subject does. The steps inside `many` have deadlines of their own, also while others wait for them.
    async fn in_time(&mut self, step: &Step) -> Result<(), Fault> {
        if let Step::Many(_) | Step::Meet(_) = step {
            return self.step(step).await;
        }
        let (clock, allowed) = (self.clock().clone(), self.longest_step());
        clock.within(clock.now() + allowed, self.step(step)).await.unwrap_or_else(|| {
            let what = format!("a step was not over within {:.1} s", allowed.as_secs_f64());
            Err(Finding { what, excused_from_ms: Finding::excuse_for(allowed), ..Finding::default() }.into())
        })
    }

    async fn step(&mut self, step: &Step) -> Result<(), Fault> {
        match step {
            Step::Connect(step) => self.connect(step).await,
            Step::Refused(step) => self.refused(step).await,
            Step::Send(step) => self.send(step).await,
            Step::Frame(step) => self.frame(step).await,
            Step::Close(step) => self.close(step).await,
            Step::Cut(step) => self.cut(step).await,
            Step::Mute(step) => self.act(&step.on, Act::Mute).await,
            Step::Pong(step) => self.pong(&step.on).await,
            Step::Ignore(step) => self.ignore(&step.on).await,
            Step::Stall(step) => self.act(&step.on, Act::Stall).await,
            Step::Resume(step) => self.act(&step.on, Act::Resume).await,
            Step::Expect(step) => self.expect(step).await,
            Step::Collect(step) => self.collect(step).await,
            Step::Quiet(step) => self.quiet(step).await,
            Step::Wait(step) => self.wait(step).await,
            Step::Mark(step) => self.mark(step),
            Step::Let(values) => self.assign(values),
            Step::Many(step) => self.many(step).await,
            Step::Meet(step) => self.meet(step).await,
            Step::Near(step) => self.near(step),
            Step::Distinct(step) => self.distinct(step),
            Step::Same(step) => self.same(step),
            Step::Disjoint(step) => self.disjoint(step),
            Step::Tally(step) => self.tally(step),
            Step::Unpredictable(step) => self.unpredictable(step),
            Step::Heartbeat(step) => self.heartbeat(step).await,
            Step::Latency(step) => self.latency(step).await,
            Step::Poll(step) => self.poll(step).await,
            Step::Pour(step) => self.pour(step).await,
            Step::Memory(step) => self.memory(step),
            Step::Terminate(step) => self.terminate(step).await,
            Step::Exit(step) => self.exit(step).await,
            Step::Restart(step) => self.restart(step).await,
            Step::Rival(step) => self.rival(step).await,
            Step::FileMode(step) => self.file_mode(step),
            Step::Start(step) => self.start(step).await,
            Step::Accept(step) => self.accept(step).await,
            Step::Welcome(step) => self.welcome(step).await,
            Step::TurnAway(step) => self.turn_away(step).await,
            Step::Idle(step) => self.idle(step).await,
            Step::Attempts(step) => self.judge_attempts(step).await,
            Step::Delay(step) => self.delay(step).await,
            Step::Spread(step) => self.spread(step),
            Step::Tell(step) => self.tell(step).await,
            Step::Event(step) => self.event(step).await,
            Step::NoEvent(step) => self.no_event(step).await,
            Step::Serve(step) => self.serve(step).await,
            Step::Request(step) => self.request(step).await,
            Step::Respond(step) => self.respond(step).await,
            Step::Fetch(step) => self.fetch(step).await,
            Step::Answer(step) => self.answer(step).await,
            Step::Unvisited(step) => self.unvisited(step).await,
            Step::Output(step) => self.output(step),
        }
    }

    pub(super) fn actor(&self, name: &str) -> Result<Arc<Mutex<Actor>>, Stop> {
        let actor = self.actors.get(name).map(Arc::clone);
        actor.ok_or_else(|| Stop::Harness(format!("no connection is called `{name}`")))
    }

    /// The side that the runner takes.
    pub(super) fn side(&self) -> Side {
        match self.story.subject {
            Subject::Server { .. } => Side::Client,
            Subject::Client(_) => Side::Server,
        }
    }

    /// Whether messages travel as frames on a Unix stream socket.
    pub(super) fn is_framed(&self) -> bool {
        self.story.scenario.family.is_framed()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.story.stage.clock
    }
}
