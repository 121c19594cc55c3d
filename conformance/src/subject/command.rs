//! Servers that the runner starts with a command.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use tokio::net::{TcpStream, UnixStream};

use super::accelerate::Accelerator;
use super::guard::Guard;
use super::process::{ProcessGroup, SpawnOptions};
use super::start_error::{Readiness, StartError, StartProblem};
use super::template::{LaunchSpec, ServerTemplate};
use crate::clock::Clock;
use crate::engine::{Boxed, Launcher, Process, ProcessExit, SubjectError, SystemUnderTest, Target};
use crate::scenario::Bindings;
use crate::scenario::step::EndBy;
use crate::transport::{Address, Route};

/// How long a server has to end after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is checked whether a server listens.
const POLL: Duration = Duration::from_millis(5);

/// How long to wait for the last output of a process that has ended.
const LAST_OUTPUT: Duration = Duration::from_millis(300);

/// Starts servers from a template.
#[derive(Debug, Clone)]
pub struct CommandLauncher {
    /// The command.
    pub template: ServerTemplate,
    /// TLS, for `wss` URLs.
    pub tls: Option<Arc<ClientConfig>>,
    /// How long a server has until it listens.
    pub ready_within: Duration,
    /// The clock.
    pub clock: Clock,
    /// Ends the servers if this process is killed.
    pub guard: Option<Arc<Guard>>,
    /// Accelerates their time.
    pub accelerator: Option<Accelerator>,
}

/// A server that was started with a command. Dropping it ends its whole process group.
#[derive(Debug)]
pub struct CommandSubject {
    route: Route,
    /// The process, or the one that replaced it.
    group: Mutex<Arc<ProcessGroup>>,
    launcher: CommandLauncher,
    spec: LaunchSpec,
}

impl CommandLauncher {
    /// Starts a server and waits until it accepts connections, at every port in its command.
    pub async fn start(&self) -> Result<CommandSubject, StartError> {
        let spec = self.template.launch_spec()?;
        let group = Mutex::new(Arc::new(self.start_at(&spec).await?));
        let route = Route { address: spec.address.clone(), tls: self.tls.clone() };
        Ok(CommandSubject { route, group, launcher: self.clone(), spec })
    }

    fn spawn(&self, spec: &LaunchSpec) -> Result<ProcessGroup, StartProblem> {
        ProcessGroup::start(SpawnOptions {
            words: &spec.words,
            folder: self.template.folder(),
            guard: self.guard.clone(),
            accelerator: self.accelerator.as_ref(),
            ..SpawnOptions::default()
        })
    }

    async fn start_at(&self, spec: &LaunchSpec) -> Result<ProcessGroup, StartError> {
        let group = self.spawn(spec)?;
        let deadline = self.clock.now() + self.clock.real(self.ready_within);
        let mut unready: Vec<Address> = spec.others.iter().cloned().chain([spec.address.clone()]).collect();
        while let Some(at) = unready.last() {
            let connected = self.clock.within(deadline, listens(at)).await.unwrap_or(false);
            let ended = group.ended();
            // If the process has ended, another one listens there.
            if connected && ended.is_none() {
                unready.pop();
                continue;
            }
            let (command, awaited) = (self.template.shown(), Readiness::Listening(at.clone()));
            let problem = match ended {
                Some(ending) => StartProblem::Ended(command, awaited, ending.description),
                None if self.clock.now() > deadline => StartProblem::Timeout(command, awaited, self.ready_within),
                None => {
                    self.clock.nap(POLL).await;
                    continue;
                }
            };
            self.await_output(&group).await;
            return Err(StartError { problem, output: group.output.text() });
        }
        Ok(group)
    }

    /// Waits for the last output of a process that has ended. Not for long: its children may hold the streams open.
    async fn await_output(&self, group: &ProcessGroup) {
        let until = self.clock.now() + self.clock.real(LAST_OUTPUT);
        while group.ended().is_some() && !group.output.is_complete() && self.clock.now() < until {
            self.clock.nap(POLL).await;
        }
    }
}

/// Whether an address accepts connections.
async fn listens(address: &Address) -> bool {
    match address {
        Address::Web(address) => TcpStream::connect((address.host.as_str(), address.port)).await.is_ok(),
        Address::Unix(path) => UnixStream::connect(path).await.is_ok(),
    }
}

impl CommandSubject {
    /// Why its time is not accelerated, although it should be.
    #[must_use]
    pub fn in_real_time(&self) -> Option<String> {
        self.group().in_real_time()
    }

    /// Ends the server, by SIGTERM first.
    pub async fn stop(&self) {
        self.group().stop(&self.launcher.clock, PATIENCE).await;
    }

    fn group(&self) -> Arc<ProcessGroup> {
        Arc::clone(&self.group.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn start_again(&self, by: EndBy) -> Result<(), SubjectError> {
        let group = self.group();
        match by {
            EndBy::Terminate => group.stop(&self.launcher.clock, PATIENCE).await,
            EndBy::Kill => group.kill(&self.launcher.clock, PATIENCE).await,
        }
        let started = self.launcher.start_at(&self.spec).await?;
        *self.group.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(started);
        Ok(())
    }

    async fn start_beside(&self, within: Duration) -> Result<Option<ProcessExit>, SubjectError> {
        let (rival, clock) = (self.launcher.spawn(&self.spec)?, &self.launcher.clock);
        let deadline = clock.now() + within;
        while rival.ended().is_none() && clock.now() < deadline {
            clock.nap(POLL).await;
        }
        Ok(rival.ended())
    }
}

impl Launcher for CommandLauncher {
    fn launch(&self) -> Boxed<'_, Result<Arc<dyn Target>, SubjectError>> {
        Box::pin(async move { Ok(Arc::new(self.start().await?) as Arc<dyn Target>) })
    }
}

impl Target for CommandSubject {
    fn route(&self) -> &Route {
        &self.route
    }

    fn params(&self) -> &Bindings {
        &self.spec.params
    }

    fn restart(&self, by: EndBy) -> Boxed<'_, Result<(), SubjectError>> {
        Box::pin(self.start_again(by))
    }

    fn rival(&self, within: Duration) -> Boxed<'_, Result<Option<ProcessExit>, SubjectError>> {
        Box::pin(self.start_beside(within))
    }
}

impl SystemUnderTest for CommandSubject {
    fn process(&self) -> Option<&dyn Process> {
        Some(self)
    }

    fn output(&self) -> String {
        self.group().output.text()
    }
}

/// The process that currently runs.
impl Process for CommandSubject {
    fn terminate(&self) -> Result<(), SubjectError> {
        self.group().terminate()
    }

    fn memory(&self) -> Option<u64> {
        self.group().memory()
    }

    fn starved(&self) -> Option<Duration> {
        self.group().starved()
    }

    fn ended(&self) -> Option<ProcessExit> {
        self.group().ended()
    }
}
