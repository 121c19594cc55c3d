//! The shell of the rpc client: one loop around its core, its connection and its timer, and a handle for those who make calls.

mod driver;
mod wire;

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

use super::System;
use crate::client::backoff::Habit;
use crate::client::rpc::{CallError, Caller, Outcome};
use crate::client::{Action, Client, Ending};
use crate::net::clock;
use wire::{Happening, Wire};

/// Calls that wait for the loop to look at them; who makes more waits too.
const AHEAD: usize = 1024;
/// There are no heartbeats here: silence means nothing.
const NEVER: Duration = Duration::from_secs(1_000_000_000);

/// How a client runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The path of the daemon's socket.
    pub socket: PathBuf,
    /// How to come back after a loss.
    pub policy: Policy,
    /// The timing parameters. A client uses `connect_timeout` and `notify_deadline`.
    pub timing: Timing,
    /// The longest frame that is accepted, in bytes; at least 16 MiB (RPC-C9).
    pub max_frame: usize,
    /// What it makes of its policy.
    pub habit: Habit,
}

impl Options {
    /// The daemon at this socket; all else as the chapters have it.
    #[must_use]
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
            policy: Policy::RPC,
            timing: Timing::default(),
            max_frame: SMALLEST_LIMIT,
            habit: Habit::Kept,
        }
    }
}

/// Who wants to know what became of a call.
type Reply = Box<dyn FnOnce(Outcome) + Send>;

/// What is asked of the loop.
enum Ask {
    Call(Box<Message>, Reply),
    Stop,
}

/// A client that runs. When the last of its clones is dropped, it stops.
#[derive(Debug, Clone)]
pub struct Rpc {
    asks: mpsc::Sender<Ask>,
    is_up: watch::Receiver<bool>,
}

/// Starts a client on the runtime of the caller. `opening` is asked for each connection what to say of the session, with the present in ms
/// since the Unix epoch (RPC-C8); `tell` is told what happens, and must not block.
pub fn start(
    options: Options,
    opening: impl FnMut(u64) -> SessionStart + Send + 'static,
    tell: impl FnMut(Event) + Send + 'static,
) -> Rpc {
    let (asks, receiver) = mpsc::channel(AHEAD);
    let (up, is_up) = watch::channel(false);
    tokio::spawn(run(options, opening, receiver, up, tell, std::future::pending()));
    Rpc { asks, is_up }
}

impl Rpc {
    /// Makes a call: the message that answers it.
    ///
    /// # Errors
    /// At once where there is no connection (RPC-C5), and when it is lost before the answer has come (RPC-C4).
    pub async fn call(&self, message: Message) -> Outcome {
        let (sender, outcome) = oneshot::channel();
        let reply: Reply = Box::new(move |outcome| _ = sender.send(outcome));
        self.asks.send(Ask::Call(Box::new(message), reply)).await.map_err(|_| CallError::Stopped)?;
        outcome.await.unwrap_or(Err(CallError::Stopped))
    }

    /// Is done when the session is registered.
    ///
    /// # Errors
    /// Where the client has ended.
    pub async fn connected(&self) -> Result<(), CallError> {
        self.is_up.clone().wait_for(|is_up| *is_up).await.map(drop).map_err(|_| CallError::Stopped)
    }

    /// Stops the client (RECON-13). Calls under way fail.
    pub async fn stop(self) {
        if self.asks.send(Ask::Stop).await.is_ok() {
            self.asks.closed().await;
        }
    }
}

/// Runs a client to its end.
async fn run(
    options: Options,
    mut opening: impl FnMut(u64) -> SessionStart + Send + 'static,
    mut asks: mpsc::Receiver<Ask>,
    up: watch::Sender<bool>,
    tell: impl FnMut(Event),
    stop: impl Future<Output = ()>,
) -> Ending {
    let Options { socket, policy, mut timing, max_frame, habit } = options;
    timing.declare(Parameter::HeartbeatInterval, NEVER);
    let notify_deadline = timing.value(Parameter::NotifyDeadline);
    let opening = move || opening(clock::epoch_ms());
    let client = Client::new(Caller::new(opening), policy, timing, System, clock::instant()).with(habit);
    let mut shell = Shell { client, wire: Wire::new(socket, max_frame), tell };
    let mut stop = pin!(stop);
    let ending = loop {
        // Far away where nothing is due.
        let wake_at = shell.client.wake_at().unwrap_or_else(|| clock::instant() + Duration::from_secs(3600));
        let client = &mut shell.client;
        let actions = tokio::select! {
            () = &mut stop => client.stop(),
            happening = shell.wire.next(|| client.ask(|role, _| role.take_frames(), clock::instant()).0) => {
                shell.happened(happening)
            }
            ask = asks.recv() => match ask {
                Some(Ask::Call(message, reply)) => {
                    client.ask(|role, desk| role.call(*message, reply, desk), clock::instant()).1
                }
                Some(Ask::Stop) | None => client.stop(),
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
    // With some time left of the deadline for the process to end (RECON-13).
    let client = &mut shell.client;
    shell.wire.close(notify_deadline / 2, || client.ask(|role, _| role.take_frames(), clock::instant()).0).await;
    let last = shell.client.closed();
    shell.carry_out(last);
    shell.reply();
    ending
}

struct Shell<T> {
    client: Client<Caller<Reply>, System>,
    wire: Wire,
    tell: T,
}

impl<T: FnMut(Event)> Shell<T> {
    fn happened(&mut self, happening: Happening) -> Vec<Action> {
        let now = clock::instant();
        match happening {
            Happening::Opened => self.client.opened(now),
            Happening::Frame(frame) => self.client.binary(&frame, now),
            Happening::Lost => self.client.lost(None, now),
        }
    }

    /// How the client ends, if it does.
    fn carry_out(&mut self, actions: Vec<Action>) -> Option<Ending> {
        for action in actions {
            match action {
                Action::Connect => self.wire.connect(),
                Action::Abandon | Action::Leave => self.wire.drop_now(),
                Action::Report(event) => (self.tell)(event),
                // Of other families.
                Action::Show { .. } | Action::Session(_) | Action::Fetch(_) | Action::ForgetFetches => {}
                Action::End(ending) => return Some(ending),
            }
        }
        None
    }

    /// Tells callers what became of their calls.
    fn reply(&mut self) {
        let (outcomes, _) = self.client.ask(|role, _| role.take_outcomes(), clock::instant());
        outcomes.into_iter().for_each(|(reply, outcome)| reply(outcome));
    }
}
