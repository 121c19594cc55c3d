//! One client for all scenarios, one after the other: a process that stays warm, or any client that a person points at the address.
//!
//! The engine decides which scenario is next.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::Mutex;

use super::client::{ClientLauncher, ClientProcess, port};
use super::start_error::StartProblem;
use crate::clock::Clock;
use crate::engine::{
    Boxed, OutputLine, Process, RunningClient, StartOptions, StartedClient, Starter, SubjectError, SystemUnderTest,
};
use crate::transport::Listener;

/// Shows a person something while a run waits.
pub type Announce = Box<dyn Fn(&str) + Send + Sync>;

/// A client that all scenarios share.
pub struct SharedClient {
    address: SocketAddr,
    clock: Clock,
    /// Starts it; none if a person does.
    launcher: Option<ClientLauncher>,
    announce: Announce,
    state: Mutex<SharedClientState>,
}

#[derive(Default)]
struct SharedClientState {
    listener: Option<Listener>,
    process: Option<Arc<ClientProcess>>,
}

impl SharedClient {
    /// One process, which is restarted if it has ended.
    #[must_use]
    pub fn warm(launcher: ClientLauncher, clock: Clock, announce: Announce) -> Self {
        Self::new(super::client::LOOPBACK, Some(launcher), clock, announce)
    }

    /// Any client that connects to this address.
    #[must_use]
    pub fn attached(address: SocketAddr, clock: Clock, announce: Announce) -> Self {
        Self::new(address, None, clock, announce)
    }

    fn new(address: SocketAddr, launcher: Option<ClientLauncher>, clock: Clock, announce: Announce) -> Self {
        Self { address, clock, launcher, announce, state: Mutex::default() }
    }

    async fn take_turn(&self, call: StartOptions) -> Result<StartedClient, StartProblem> {
        let mut state = self.state.lock().await;
        let listener = match &state.listener {
            Some(listener) => listener.clone(),
            None => {
                let bound = Listener::bind(port(&call, self.address), self.clock.clone()).await;
                let listener = bound.map_err(|error| StartProblem::Listen(self.address, error))?;
                if self.launcher.is_none() {
                    let params = call.params.as_object().into_iter().flatten().filter(|(_, value)| value.is_string());
                    let params: Vec<_> = params.map(|(name, value)| format!("{name} {value}")).collect();
                    let with = if params.is_empty() { String::new() } else { format!(", with {}", params.join(", ")) };
                    (self.announce)(&format!("connect the client to {}{with}", listener.url(call.path)));
                }
                state.listener = Some(listener.clone());
                listener
            }
        };
        // Connections that were attempted between scenarios are dropped; the client has to retry.
        while listener.try_next().is_some() {}
        let is_gone = |process: &Arc<ClientProcess>| process.process().is_none_or(|process| process.ended().is_some());
        if let Some(launcher) = &self.launcher
            && state.process.as_ref().is_none_or(is_gone)
        {
            state.process = Some(Arc::new(launcher.launch_at(&listener, &call).await?));
        }
        let process = state.process.clone();
        if let Some(process) = &process {
            while process.line().now_or_never().flatten().is_some() {}
        }
        Ok(StartedClient { client: Arc::new(SharedClientHandle { process }), listener })
    }
}

impl Starter for SharedClient {
    fn start(&self, call: StartOptions) -> Boxed<'_, Result<StartedClient, SubjectError>> {
        Box::pin(async { Ok(self.take_turn(call).await?) })
    }

    fn has_driver(&self) -> bool {
        self.launcher.as_ref().is_some_and(ClientLauncher::has_driver)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn renew(&self) -> Boxed<'_, ()> {
        Box::pin(async {
            match &self.launcher {
                Some(_) => self.state.lock().await.process = None,
                None => (self.announce)("the client has not reconnected: restart or reload it"),
            }
        })
    }
}

impl fmt::Debug for SharedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedClient").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The client, for the duration of one scenario.
struct SharedClientHandle {
    process: Option<Arc<ClientProcess>>,
}

impl SystemUnderTest for SharedClientHandle {
    fn process(&self) -> Option<&dyn Process> {
        self.process.as_ref()?.process()
    }

    fn output(&self) -> String {
        self.process.as_ref().map(|process| process.output()).unwrap_or_default()
    }
}

impl RunningClient for SharedClientHandle {
    fn send_command(&self, line: String) -> bool {
        self.process.as_ref().is_some_and(|process| process.send_command(line))
    }

    fn line(&self) -> Boxed<'_, Option<OutputLine>> {
        match &self.process {
            Some(process) => process.line(),
            None => Box::pin(std::future::ready(None)),
        }
    }
}
