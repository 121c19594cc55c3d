//! What a run of one scenario shares, including its iterations.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use super::client::SharedAttempts;
use super::connection_state::ConnectionState;
use super::context::RunContext;
use super::failure::Stop;
use super::memory::MemoryWatch;
use super::recorder::Recorder;
use super::target::{ProcessExit, RunningClient, Subject, SystemUnderTest, Target};
use super::transcript::Transcript;
use crate::clock::Moment;
use crate::outcome::AttemptLine;
use crate::scenario::Scenario;

/// A run of one scenario.
pub(super) struct ScenarioRun {
    pub(super) context: Arc<RunContext>,
    pub(super) scenario: Arc<Scenario>,
    pub(super) subject: Subject,
    /// The clients under test that were started, with their attempts.
    clients: Mutex<Vec<ClientEntry>>,
    /// Connections on which messages may come at any time that must be answered.
    pub(super) with_asides: Mutex<Vec<Weak<tokio::sync::Mutex<ConnectionState>>>>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) transcript: Arc<Transcript>,
    pub(super) memory: Mutex<MemoryWatch>,
    /// Whether the script has asked the subject's process to end.
    pub(super) may_end: AtomicBool,
    /// How long the subject's threads had waited for a processor when the scenario began.
    starved_before: OnceLock<Duration>,
    /// When the last long step ended, and how long the subject's threads had waited for a processor by then.
    settled: Mutex<(Moment, Duration)>,
}

/// A client under test that was started.
struct ClientEntry {
    name: String,
    client: Arc<dyn RunningClient>,
    attempts: SharedAttempts,
}

impl ScenarioRun {
    pub(super) fn new(context: &Arc<RunContext>, scenario: &Arc<Scenario>, subject: Subject) -> Arc<Self> {
        let run = Arc::new(Self {
            context: Arc::clone(context),
            scenario: Arc::clone(scenario),
            subject,
            clients: Mutex::default(),
            with_asides: Mutex::default(),
            recorder: Arc::new(Recorder::default()),
            transcript: Arc::new(Transcript::new(context.clock.clone())),
            memory: Mutex::default(),
            may_end: AtomicBool::new(false),
            starved_before: OnceLock::new(),
            settled: Mutex::new((context.clock.now(), Duration::ZERO)),
        });
        let _ = run.starved_before.set(run.settle());
        run
    }

    /// The server under test.
    pub(super) fn target(&self) -> Result<&Arc<dyn Target>, Stop> {
        match &self.subject {
            Subject::Server { target, .. } => Ok(target),
            Subject::Client(_) => Err(Stop::Internal("a client is under test: there is no server to use".to_owned())),
        }
    }

    /// A client under test was started.
    pub(super) fn add_client(&self, name: &str, client: Arc<dyn RunningClient>, attempts: SharedAttempts) {
        self.clients().push(ClientEntry { name: name.to_owned(), client, attempts });
    }

    fn clients(&self) -> MutexGuard<'_, Vec<ClientEntry>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server under test, or the clients that were started so far.
    pub(super) fn systems(&self) -> Vec<Arc<dyn SystemUnderTest>> {
        match &self.subject {
            Subject::Server { target, .. } => vec![Arc::clone(target) as Arc<dyn SystemUnderTest>],
            Subject::Client(_) => {
                self.clients().iter().map(|entry| Arc::clone(&entry.client) as Arc<dyn SystemUnderTest>).collect()
            }
        }
    }

    /// How a process of the subject ended; `None` if none has, or the runner has started none.
    pub(super) fn ended(&self) -> Option<ProcessExit> {
        self.systems().iter().find_map(|system| system.process()?.ended())
    }

    /// How long the threads of the subject have waited for a processor in total; 0 if unknown.
    fn starved(&self) -> Duration {
        let starved = self.systems().iter().filter_map(|system| system.process()?.starved()).max();
        self.context.clock.real(starved.unwrap_or_default())
    }

    /// How long the subject's threads have waited for a processor since the scenario began.
    pub(super) fn starved_in_all(&self) -> Duration {
        self.starved().saturating_sub(self.starved_before.get().copied().unwrap_or_default())
    }

    /// The connection attempts of all clients, for the report.
    pub(super) fn connection_attempts(&self) -> Vec<AttemptLine> {
        let start = self.transcript.start();
        let lines = |entry: &ClientEntry| entry.attempts.with(|attempts| attempts.lines(&entry.name, start));
        self.clients().iter().flat_map(lines).collect()
    }

    /// A long step has ended: noise of the machine before this moment cannot affect what follows.
    ///
    /// Returns how long the subject's threads have waited for a processor so far.
    pub(super) fn settle(&self) -> Duration {
        let starved = self.starved();
        *self.settled.lock().unwrap_or_else(PoisonError::into_inner) = (self.context.clock.now(), starved);
        starved
    }

    /// How late the machine was since the last long step: the runner itself, or the subject's threads.
    pub(super) fn noise(&self) -> Duration {
        let (since, starved) = *self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = &self.context.clock;
        clock.noise(since, clock.now()).max(self.starved().saturating_sub(starved))
    }
}
