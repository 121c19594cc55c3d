//! The shell of the rpc client: one loop around its core, its connection and its timer, and a handle for callers.

mod connection;
mod driver;

pub use driver::rpc_client;

use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use relayspec::driver::Event;
use relayspec::reconnect::Policy;
use relayspec::rpc::{Message, SMALLEST_LIMIT, SessionStart};
use relayspec::timing::{Parameter, Timing};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep_until;

use crate::client::backoff::PolicyDeviation;
use crate::client::rpc::{CallError, CallResult, Caller};
use crate::client::{ClientAction, ClientCore, Ending};
use crate::net::clock;
use crate::net::system::SystemRandom;
use connection::{DaemonConnection, DaemonEvent};

/// Queued calls; further callers wait.
const AHEAD: usize = 1024;
/// Disables heartbeats: silence means nothing here.
const NEVER: Duration = Duration::from_secs(1_000_000_000);

/// The options of an rpc client.
#[derive(Debug, Clone)]
pub struct RpcClientOptions {
    /// The path of the daemon's socket.
    pub socket: PathBuf,
    /// The reconnection policy.
    pub policy: Policy,
    /// The timing parameters. A client uses `connect_timeout` and `notify_deadline`.
    pub timing: Timing,
    /// The longest accepted frame, in bytes; at least 16 MiB (RPC-C9).
    pub max_frame: usize,
    /// A deliberate deviation from the policy.
    pub deviation: PolicyDeviation,
}

impl RpcClientOptions {
    /// The defaults of the chapters, for the daemon at this socket.
    #[must_use]
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            policy: Policy::RPC,
            timing: Timing::default(),
            max_frame: SMALLEST_LIMIT,
            deviation: PolicyDeviation::None,
        }
    }
}

type ReplyFn = Box<dyn FnOnce(CallResult) + Send>;

enum RpcCommand {
    Call(Box<Message>, ReplyFn),
    Stop,
}

/// A running client. It stops when its last clone is dropped.
#[derive(Debug, Clone)]
pub struct RpcHandle {
    commands: mpsc::Sender<RpcCommand>,
    is_up: watch::Receiver<bool>,
}

/// Starts a client on the current runtime. `opening` describes the session anew for each connection, given the time in ms since the Unix epoch
/// (RPC-C8); `report` receives events and must not block.
pub fn start(
    options: RpcClientOptions,
    opening: impl FnMut(u64) -> SessionStart + Send + 'static,
    report: impl FnMut(Event) + Send + 'static,
) -> RpcHandle {
    let (commands, receiver) = mpsc::channel(AHEAD);
    let (up, is_up) = watch::channel(false);
    tokio::spawn(run(options, opening, receiver, up, report, std::future::pending()));
    RpcHandle { commands, is_up }
}

impl RpcHandle {
    /// Makes a call, and returns its answer.
    ///
    /// # Errors
    /// At once without a connection (RPC-C5), or when it is lost before the answer (RPC-C4).
    pub async fn call(&self, message: Message) -> CallResult {
        let (sender, outcome) = oneshot::channel();
        let reply: ReplyFn = Box::new(move |outcome| _ = sender.send(outcome));
        self.commands.send(RpcCommand::Call(Box::new(message), reply)).await.map_err(|_| CallError::Stopped)?;
        outcome.await.unwrap_or(Err(CallError::Stopped))
    }

    /// Resolves when the session is registered.
    ///
    /// # Errors
    /// If the client has ended.
    pub async fn connected(&self) -> Result<(), CallError> {
        self.is_up.clone().wait_for(|is_up| *is_up).await.map(drop).map_err(|_| CallError::Stopped)
    }

    /// Stops the client (RECON-13). Calls in flight fail.
    pub async fn stop(self) {
        if self.commands.send(RpcCommand::Stop).await.is_ok() {
            self.commands.closed().await;
        }
    }
}

async fn run(
    options: RpcClientOptions,
    mut opening: impl FnMut(u64) -> SessionStart + Send + 'static,
    mut commands: mpsc::Receiver<RpcCommand>,
    up: watch::Sender<bool>,
    report: impl FnMut(Event),
    stop: impl Future<Output = ()>,
) -> Ending {
    let RpcClientOptions { socket, policy, mut timing, max_frame, deviation } = options;
    timing.declare(Parameter::HeartbeatInterval, NEVER);
    let notify_deadline = timing.value(Parameter::NotifyDeadline);
    let opening = move || opening(clock::epoch_ms());
    let client = ClientCore::new(Caller::new(opening), policy, timing, SystemRandom, clock::instant()).with(deviation);
    let mut shell = RpcShell { client, connection: DaemonConnection::new(socket, max_frame), report };
    let mut stop = pin!(stop);
    let ending = loop {
        // Far away if nothing is due.
        let wake_at = shell.client.wake_at().unwrap_or_else(|| clock::instant() + Duration::from_secs(3600));
        let client = &mut shell.client;
        let actions = tokio::select! {
            () = &mut stop => client.stop(),
            event = shell.connection.next(|| client.ask(|role, _| role.take_frames(), clock::instant()).0) => {
                shell.connection_event(event)
            }
            command = commands.recv() => match command {
                Some(RpcCommand::Call(message, reply)) => {
                    client.ask(|role, ctx| role.call(*message, reply, ctx), clock::instant()).1
                }
                Some(RpcCommand::Stop) | None => client.stop(),
            },
            () = sleep_until(wake_at.into()) => client.tick(clock::instant()),
        };
        let ending = shell.carry_out(actions);
        shell.reply();
        _ = up.send_if_modified(|is_up| std::mem::replace(is_up, shell.client.is_up()) != *is_up);
        if let Some(ending) = ending {
            break ending;
        }
    };
    // Leaves part of the deadline for the process to end (RECON-13).
    let client = &mut shell.client;
    shell.connection.close(notify_deadline / 2, || client.ask(|role, _| role.take_frames(), clock::instant()).0).await;
    let last = shell.client.closed();
    shell.carry_out(last);
    shell.reply();
    ending
}

struct RpcShell<T> {
    client: ClientCore<Caller<ReplyFn>, SystemRandom>,
    connection: DaemonConnection,
    report: T,
}

impl<T: FnMut(Event)> RpcShell<T> {
    fn connection_event(&mut self, event: DaemonEvent) -> Vec<ClientAction> {
        let now = clock::instant();
        match event {
            DaemonEvent::Opened => self.client.opened(now),
            DaemonEvent::Frame(frame) => self.client.binary(&frame, now),
            DaemonEvent::Lost => self.client.lost(None, now),
        }
    }

    /// Carries out actions; returns the ending, if any.
    fn carry_out(&mut self, actions: Vec<ClientAction>) -> Option<Ending> {
        for action in actions {
            match action {
                ClientAction::Connect => self.connection.connect(),
                ClientAction::Abandon | ClientAction::Leave => self.connection.drop_now(),
                ClientAction::Report(event) => (self.report)(event),
                // Not of this family.
                ClientAction::Show { .. }
                | ClientAction::Session(_)
                | ClientAction::Fetch(_)
                | ClientAction::ForgetFetches => {}
                ClientAction::End(ending) => return Some(ending),
            }
        }
        None
    }

    fn reply(&mut self) {
        let (outcomes, _) = self.client.ask(|role, _| role.take_outcomes(), clock::instant());
        outcomes.into_iter().for_each(|(reply, outcome)| reply(outcome));
    }
}
