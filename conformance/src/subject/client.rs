//! Clients that the runner starts with a command, one process for each scenario.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use relayspec::driver::{PARAMS_VARIABLE, SCENARIO_VARIABLE, URL_PLACEHOLDER, URL_VARIABLE};
use relayspec::family::MessageFraming;
use tokio::sync::{Mutex, Semaphore};

use super::accelerate::Accelerator;
use super::guard::Guard;
use super::output::{self, LineReceiver};
use super::process::{ProcessGroup, SpawnOptions};
use super::start_error::{Readiness, StartError, StartProblem};
use super::template::ClientTemplate;
use crate::clock::Clock;
use crate::engine::{
    Boxed, OutputLine, Process, RunningClient, StartOptions, StartedClient, Starter, SubjectError, SystemUnderTest,
};
use crate::transport::{Listener, Port};

/// How long a client has to end after SIGTERM (chapter `driver`, "How a client is started").
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a client that has not connected yet is checked for having ended.
const POLL: Duration = Duration::from_millis(20);
/// A free port of the loopback interface.
pub(super) const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// How many clients start at once: each needs a core for it.
const STARTING: usize = 2;

/// Starts a process for each scenario.
#[derive(Debug)]
pub struct ClientLauncher {
    template: ClientTemplate,
    driver: bool,
    clock: Clock,
    guard: Option<Arc<Guard>>,
    accelerator: Option<Accelerator>,
    starting: Semaphore,
}

impl ClientLauncher {
    /// Starts clients with this command.
    #[must_use]
    pub fn new(
        template: ClientTemplate,
        driver: Driver,
        clock: Clock,
        guard: Option<Arc<Guard>>,
        accelerator: Option<Accelerator>,
    ) -> Self {
        let starting = Semaphore::new(STARTING);
        Self { template, driver: driver == Driver::Spoken, clock, guard, accelerator, starting }
    }

    async fn listener(&self, call: &StartOptions) -> Result<Listener, StartProblem> {
        Listener::bind(port(call, LOOPBACK), self.clock.clone()).await.map_err(StartProblem::Port)
    }

    /// Starts a client to see whether it connects at all, and ends it. If its time should be accelerated and is not, returns why.
    pub async fn try_out(&self, call: StartOptions, within: Duration) -> Result<Option<String>, StartError> {
        let listener = self.listener(&call).await?;
        let process = self.launch_at(&listener, &call).await?;
        let deadline = self.clock.now() + self.clock.real(within);
        loop {
            let glance = self.clock.now() + self.clock.real(POLL);
            if self.clock.within(glance, listener.next()).await.is_some() {
                // Once it connects, everything that the command starts is running.
                let group = process.group().filter(|_| self.accelerator.is_some());
                return Ok(group.and_then(ProcessGroup::in_real_time));
            }
            let (command, awaited) = (self.template.shown(), Readiness::Connecting);
            if let Some(ending) = process.process().and_then(|process| process.ended()) {
                // Its last output may still be on the way.
                self.clock.nap(POLL).await;
                let problem = StartProblem::Ended(command, awaited, ending.description);
                return Err(StartError { problem, output: process.output() });
            }
            if self.clock.now() > deadline {
                let problem = StartProblem::Timeout(command, awaited, within);
                return Err(StartError { problem, output: process.output() });
            }
        }
    }

    async fn launch(&self, call: StartOptions) -> Result<StartedClient, SubjectError> {
        let listener = self.listener(&call).await?;
        let process = self.launch_at(&listener, &call).await?;
        Ok(StartedClient { client: Arc::new(process), listener })
    }

    /// Starts a process that is to connect to this address.
    pub(super) async fn launch_at(
        &self,
        listener: &Listener,
        call: &StartOptions,
    ) -> Result<ClientProcess, StartProblem> {
        let _permit = self.starting.acquire().await;
        let url = listener.url(call.path);
        let words: Vec<_> = self.template.words.iter().map(|word| word.replace(URL_PLACEHOLDER, &url)).collect();
        let environment = [
            (URL_VARIABLE, url.clone()),
            (SCENARIO_VARIABLE, call.scenario.clone()),
            (PARAMS_VARIABLE, call.params.to_string()),
        ];
        let (line_sender, lines) = output::lines();
        let spawn = SpawnOptions {
            words: &words,
            folder: self.template.folder.as_deref(),
            guard: self.guard.clone(),
            environment: &environment,
            accelerator: self.accelerator.as_ref(),
            lines: self.driver.then(|| (self.clock.clone(), line_sender)),
        };
        // Starting a process blocks the thread, which tasks that wait for arrivals need.
        let group = tokio::task::block_in_place(|| ProcessGroup::start(spawn))?;
        // Clients that already run are served before the next one starts.
        tokio::task::yield_now().await;
        Ok(ClientProcess { group: Some(Arc::new(group)), lines: Mutex::new(lines), clock: self.clock.clone() })
    }
}

/// Where to listen for a client: at this address, unless its messages do not travel by WebSocket.
pub(super) fn port(call: &StartOptions, address: SocketAddr) -> Port {
    match call.travel {
        MessageFraming::WebSocket => Port::Tcp(address),
        MessageFraming::LengthPrefixed => Port::Unix,
    }
}

/// Whether a client speaks the driver protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// Yes.
    Spoken,
    /// No.
    None,
}

impl Starter for ClientLauncher {
    fn start(&self, call: StartOptions) -> Boxed<'_, Result<StartedClient, SubjectError>> {
        Box::pin(self.launch(call))
    }

    fn has_driver(&self) -> bool {
        self.driver
    }
}

/// A client process. Dropping it ends its whole process group, by SIGTERM first, in the background.
#[derive(Debug)]
pub(super) struct ClientProcess {
    group: Option<Arc<ProcessGroup>>,
    lines: Mutex<LineReceiver>,
    clock: Clock,
}

impl ClientProcess {
    fn group(&self) -> Option<&ProcessGroup> {
        self.group.as_deref()
    }
}

impl Drop for ClientProcess {
    fn drop(&mut self) {
        let Some(group) = self.group.take() else { return };
        let clock = self.clock.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { group.stop(&clock, PATIENCE).await });
        }
    }
}

impl SystemUnderTest for ClientProcess {
    fn process(&self) -> Option<&dyn Process> {
        self.group().map(|group| group as &dyn Process)
    }

    fn output(&self) -> String {
        self.group().map(|group| group.output.text()).unwrap_or_default()
    }
}

impl RunningClient for ClientProcess {
    fn send_command(&self, line: String) -> bool {
        self.group().is_some_and(|group| group.send_command(line))
    }

    fn line(&self) -> Boxed<'_, Option<OutputLine>> {
        Box::pin(async { self.lines.lock().await.next().await })
    }
}
