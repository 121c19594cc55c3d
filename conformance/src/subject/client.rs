//! Clients that the runner starts by a command, one process for each scenario.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use relayspec::driver::{PARAMS_VARIABLE, SCENARIO_VARIABLE, URL_PLACEHOLDER, URL_VARIABLE};
use relayspec::family::Travel;
use relayspec::timing::Written;
use tokio::sync::{Mutex, Semaphore};

use super::accelerate::Accelerator;
use super::command::NotStarted;
use super::guard::Guard;
use super::output::{self, LineReceiver};
use super::process::{ProcessGroup, SpawnOptions};
use crate::clock::Clock;
use crate::engine::{Boxed, Call, Client, OutputLine, SystemUnderTest, Process, Started, Starter};
use crate::transport::{Listener, Port};

/// How long a client has to end by itself after SIGTERM (chapter `driver`, "How a client is started").
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is looked whether a client that does not connect still runs.
const GLANCE: Duration = Duration::from_millis(20);
/// A free port of the loopback interface.
pub(super) const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// How many clients are being started at once: a process that starts needs a core.
const STARTING: usize = 2;

/// The command of a client, with `{url}` where the address is to stand, if it does not read it from its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTemplate {
    words: Vec<String>,
    folder: Option<PathBuf>,
}

impl ClientTemplate {
    /// Reads a command line as a POSIX shell would split it; no shell runs it.
    ///
    /// # Errors
    /// Where quotes are left open, or there is nothing to run.
    pub fn new(command: &str) -> Result<Self, String> {
        Self::of_words(shell_words::split(command).map_err(|error| format!("the command: {error}"))?)
    }

    /// The command that consists of these words.
    ///
    /// # Errors
    /// Where there is nothing to run.
    pub fn of_words(words: Vec<String>) -> Result<Self, String> {
        if words.first().is_none_or(String::is_empty) {
            return Err("the command is empty: write it behind `--`, as `-- node client.js {url}`".to_owned());
        }
        Ok(Self { words, folder: None })
    }

    /// The same, run in this folder instead of the current one.
    #[must_use]
    pub fn in_folder(self, folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned), ..self }
    }

    /// The command, as reports show it.
    #[must_use]
    pub fn shown(&self) -> String {
        shell_words::join(&self.words)
    }
}

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
    /// What starts clients by this command; `driver` where they speak the driver protocol.
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

    async fn listener(&self, call: &Call) -> Result<Listener, String> {
        let bound = Listener::bind(port(call, LOOPBACK), self.clock.clone()).await;
        bound.map_err(|error| format!("no port is free: {error}"))
    }

    /// Starts one to see whether it connects at all, and ends it. Where time should pass faster for it and does not: why.
    ///
    /// # Errors
    /// Where it cannot be started, ends, or does not connect in time.
    pub async fn try_out(&self, call: Call, within: Duration) -> Result<Option<String>, NotStarted> {
        let failed = |problem: String, output: String| Err(NotStarted { problem, output });
        let listener = self.listener(&call).await?;
        let process = self.launch_at(&listener, &call).await?;
        let deadline = self.clock.now() + self.clock.real(within);
        loop {
            let glance = self.clock.now() + self.clock.real(GLANCE);
            if self.clock.within(glance, listener.next()).await.is_some() {
                // Now that it knocks, whatever the command starts is there.
                let group = process.group().filter(|_| self.accelerator.is_some());
                return Ok(group.and_then(ProcessGroup::in_real_time));
            }
            let shown = self.template.shown();
            if let Some(ending) = process.process().and_then(|process| process.ended()) {
                // What it printed last may still be on the way.
                self.clock.nap(GLANCE).await;
                let problem = format!("`{shown}` ended before it connected ({})", ending.description);
                return failed(problem, process.output());
            }
            if self.clock.now() > deadline {
                let problem = format!("`{shown}` did not connect within {}", Written(within));
                return failed(problem, process.output());
            }
        }
    }

    async fn launch(&self, call: Call) -> Result<Started, String> {
        let listener = self.listener(&call).await?;
        let process = self.launch_at(&listener, &call).await?;
        Ok(Started { client: Arc::new(process), listener })
    }

    /// Starts a process that is to connect to this address.
    pub(super) async fn launch_at(&self, listener: &Listener, call: &Call) -> Result<ClientProcess, String> {
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
        // Starting a process takes the thread for a while, and who waits for an arrival needs it.
        let group = tokio::task::block_in_place(|| ProcessGroup::start(spawn))?;
        // Those that run already are served before the next one is started.
        tokio::task::yield_now().await;
        Ok(ClientProcess { group: Some(Arc::new(group)), lines: Mutex::new(lines), clock: self.clock.clone() })
    }
}

/// Where a client is to knock: at this address, unless its messages travel otherwise.
pub(super) fn port(call: &Call, address: SocketAddr) -> Port {
    match call.travel {
        Travel::WebSocket => Port::Tcp(address),
        Travel::Framed => Port::Unix,
    }
}

/// Whether a client speaks the driver protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// It does.
    Spoken,
    /// It does not.
    None,
}

impl Starter for ClientLauncher {
    fn start(&self, call: Call) -> Boxed<'_, Result<Started, String>> {
        Box::pin(self.launch(call))
    }

    fn has_driver(&self) -> bool {
        self.driver
    }
}

/// A client that was started. It is ended with its whole process group when it is dropped: by SIGTERM first, in the background.
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

impl Client for ClientProcess {
    fn send_command(&self, line: String) -> bool {
        self.group().is_some_and(|group| group.send_command(line))
    }

    fn line(&self) -> Boxed<'_, Option<OutputLine>> {
        Box::pin(async { self.lines.lock().await.next().await })
    }
}
