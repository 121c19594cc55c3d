//! Servers that the runner starts by a command.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use tokio::net::{TcpStream, UnixStream};

use super::accelerate::Accelerator;
use super::guard::Guard;
use super::process::{ProcessGroup, SpawnOptions};
use super::template::{LaunchSpec, ServerTemplate};
use crate::clock::Clock;
use crate::engine::{Boxed, Ending, Launcher, SystemUnderTest, Process, Target};
use crate::scenario::Bindings;
use crate::scenario::step::EndBy;
use crate::transport::{Address, Route};

/// How long a server has to end by itself after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks whether a server listens.
const GLANCE: Duration = Duration::from_millis(5);

/// How long the last output of a process that has ended may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Starts servers by a template.
#[derive(Debug, Clone)]
pub struct CommandLauncher {
    /// The command.
    pub template: ServerTemplate,
    /// TLS, for `wss` URLs.
    pub tls: Option<Arc<ClientConfig>>,
    /// How long a server has to begin to listen.
    pub ready_within: Duration,
    /// The clock.
    pub clock: Clock,
    /// Ends the servers where this process is killed.
    pub guard: Option<Arc<Guard>>,
    /// Makes time pass faster for them.
    pub accelerator: Option<Accelerator>,
}

/// A server that was started by a command. It is ended with its whole process group when it is dropped.
#[derive(Debug)]
pub struct CommandSubject {
    route: Route,
    /// The process, or the one that was started in its place.
    group: Mutex<Arc<ProcessGroup>>,
    launcher: CommandLauncher,
    place: LaunchSpec,
    params: Bindings,
}

/// Why a server could not be started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotStarted {
    /// What went wrong.
    pub problem: String,
    /// What the server printed last.
    pub output: String,
}

impl From<String> for NotStarted {
    fn from(problem: String) -> Self {
        Self { problem, output: String::new() }
    }
}

/// Both in one text, for those who have one place for it.
impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)?;
        match self.output.trim() {
            "" => Ok(()),
            output => write!(f, "; it printed:\n{output}"),
        }
    }
}

impl CommandLauncher {
    /// Starts a server and waits until it accepts connections, at every port that its command names.
    ///
    /// # Errors
    /// Where it cannot be started, ends at once, or does not listen in time; with what it printed.
    pub async fn start(&self) -> Result<CommandSubject, NotStarted> {
        let place = self.template.place()?;
        let group = Mutex::new(Arc::new(self.start_at(&place).await?));
        let route = Route { address: place.address.clone(), tls: self.tls.clone() };
        let params = place.params.clone();
        Ok(CommandSubject { route, group, launcher: self.clone(), place, params })
    }

    fn spawn(&self, place: &LaunchSpec) -> Result<ProcessGroup, String> {
        ProcessGroup::start(SpawnOptions {
            words: &place.words,
            folder: self.template.folder(),
            guard: self.guard.clone(),
            accelerator: self.accelerator.as_ref(),
            ..SpawnOptions::default()
        })
    }

    async fn start_at(&self, place: &LaunchSpec) -> Result<ProcessGroup, NotStarted> {
        let group = self.spawn(place)?;
        let (shown, address) = (self.template.shown(), &place.address);
        let deadline = self.clock.now() + self.clock.real(self.ready_within);
        let mut unready: Vec<Address> = place.others.iter().cloned().chain([address.clone()]).collect();
        while let Some(at) = unready.last() {
            let connected = self.clock.within(deadline, listens(at)).await.unwrap_or(false);
            let ended = group.ended();
            // Where the process is gone, it is somebody else who listens.
            if connected && ended.is_none() {
                unready.pop();
                continue;
            }
            let problem = match ended {
                Some(ending) => format!("`{shown}` ended before it listened on {at} ({})", ending.description),
                None if self.clock.now() > deadline => {
                    format!("`{shown}` did not listen on {at} within {} s", self.ready_within.as_secs_f64())
                }
                None => {
                    self.clock.nap(GLANCE).await;
                    continue;
                }
            };
            self.last_words(&group).await;
            return Err(NotStarted { problem, output: group.output.text() });
        }
        Ok(group)
    }

    /// Waits for what a process that has ended printed last. Not for long: others may hold its streams open.
    async fn last_words(&self, group: &ProcessGroup) {
        let until = self.clock.now() + self.clock.real(LAST_WORDS);
        while group.ended().is_some() && !group.output.is_complete() && self.clock.now() < until {
            self.clock.nap(GLANCE).await;
        }
    }
}

/// Whether somebody listens at an address.
async fn listens(address: &Address) -> bool {
    match address {
        Address::Web(address) => TcpStream::connect((address.host.as_str(), address.port)).await.is_ok(),
        Address::Unix(path) => UnixStream::connect(path).await.is_ok(),
    }
}

impl CommandSubject {
    /// Why time does not pass faster for it, though it should.
    #[must_use]
    pub fn in_real_time(&self) -> Option<String> {
        self.group().in_real_time()
    }

    /// Ends the server in an orderly way.
    pub async fn stop(&self) {
        self.group().stop(&self.launcher.clock, PATIENCE).await;
    }

    fn group(&self) -> Arc<ProcessGroup> {
        Arc::clone(&self.group.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn start_again(&self, by: EndBy) -> Result<(), String> {
        let group = self.group();
        match by {
            EndBy::Terminate => group.stop(&self.launcher.clock, PATIENCE).await,
            EndBy::Kill => group.kill(&self.launcher.clock, PATIENCE).await,
        }
        let started = self.launcher.start_at(&self.place).await.map_err(|error| error.to_string())?;
        *self.group.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(started);
        Ok(())
    }

    async fn start_beside(&self, within: Duration) -> Result<Option<Ending>, String> {
        let (rival, clock) = (self.launcher.spawn(&self.place)?, &self.launcher.clock);
        let deadline = clock.now() + within;
        while rival.ended().is_none() && clock.now() < deadline {
            clock.nap(GLANCE).await;
        }
        Ok(rival.ended())
    }
}

impl Launcher for CommandLauncher {
    fn launch(&self) -> Boxed<'_, Result<Arc<dyn Target>, String>> {
        let told = |error: NotStarted| error.to_string();
        Box::pin(async move { self.start().await.map(|subject| Arc::new(subject) as Arc<dyn Target>).map_err(told) })
    }
}

impl Target for CommandSubject {
    fn route(&self) -> &Route {
        &self.route
    }

    fn params(&self) -> &Bindings {
        &self.params
    }

    fn restart(&self, by: EndBy) -> Boxed<'_, Result<(), String>> {
        Box::pin(self.start_again(by))
    }

    fn rival(&self, within: Duration) -> Boxed<'_, Result<Option<Ending>, String>> {
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

/// The process that runs at the moment.
impl Process for CommandSubject {
    fn terminate(&self) -> Result<(), String> {
        self.group().terminate()
    }

    fn memory(&self) -> Option<u64> {
        self.group().memory()
    }

    fn starved(&self) -> Option<Duration> {
        self.group().starved()
    }

    fn ended(&self) -> Option<Ending> {
        self.group().ended()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_printed_follows_the_problem() {
        let told = |output: &str| NotStarted { output: output.to_owned(), ..NotStarted::from("it ended".to_owned()) };
        assert_eq!(told("\n").to_string(), "it ended");
        assert_eq!(told("no such port\n").to_string(), "it ended; it printed:\nno such port");
    }
}
