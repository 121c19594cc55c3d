//! The shell of the clients: one loop around a core, its connection, its user and its timer.
//!
//! The shell moves bytes and keeps time; what the protocol speaks of is decided in [`crate::client`].

mod dial;
mod input;
mod output;
mod person;
mod wire;

pub use dial::{Address, NoAddress};

use std::io::{Read, Write};
use std::pin::pin;
use std::time::Duration;

use relayspec::driver::{Command, Event};
use relayspec::pairing::JoinCode;
use relayspec::reconnect::Policy;
use relayspec::text::Uuid;
use relayspec::timing::{Parameter, Timing};
use tokio::sync::mpsc;
use tokio::time::{sleep_until, timeout};

use super::clock;
use crate::client::backoff::Dice;
use crate::client::pairing::{Host, Viewer};
use crate::client::{Action, Client, Ending, Role};
use input::Input;
use output::Output;
use wire::{Happening, Wire};

/// How a client runs.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientOptions {
    /// Where to connect.
    pub address: Address,
    /// How to come back after a loss.
    pub policy: Policy,
    /// The timing parameters. A client uses `connect_timeout`, `notify_deadline`, `heartbeat_interval` and `heartbeat_timeout`.
    pub timing: Timing,
    /// The largest message that is accepted, in bytes as encoded; at least 1 MiB (WIRE-07).
    pub max_message: usize,
    /// Who is at the other side.
    pub user: User,
}

/// Who uses a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// A person, or a program that knows nothing of the driver protocol: what comes is written as it is, what is given is sent line by
    /// line.
    Person {
        /// Whether the end of the input is the end of the client, once all was sent; otherwise it means nothing.
        ends_with_input: bool,
    },
    /// A driver (chapter `driver`).
    Driver,
}

/// Runs a host of the pairing family until it has given up or is told to stop: by the driver, or by `stop`.
pub async fn pairing_host(
    options: ClientOptions,
    client_id: Option<Uuid>,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    run(Host::new(client_id), options, input, output, stop).await
}

/// Runs a viewer of the pairing family until it has given up or is told to stop: by the driver, or by `stop`.
pub async fn pairing_viewer(
    options: ClientOptions,
    code: JoinCode,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    run(Viewer::new(code), options, input, output, stop).await
}

async fn run<R: Role>(
    role: R,
    options: ClientOptions,
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    stop: impl Future<Output = ()>,
) -> Ending {
    let ClientOptions { address, policy, timing, max_message, user } = options;
    let notify_deadline = timing.value(Parameter::NotifyDeadline);
    let shell = Shell {
        client: Client::new(role, policy, timing, System, clock::instant()),
        wire: Wire::new(address, max_message, notify_deadline),
        input: input::start(input),
        output: Output::start(output),
        user,
    };
    shell.run(notify_deadline, stop).await
}

/// The operating system's randomness.
#[derive(Debug)]
struct System;

impl Dice for System {
    fn swing(&mut self) -> f64 {
        let mut bytes = [0; 4];
        // Without randomness there is no jitter.
        if getrandom::fill(&mut bytes).is_err() {
            return 0.0;
        }
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

struct Shell<R> {
    client: Client<R, System>,
    wire: Wire,
    input: mpsc::Receiver<Input>,
    output: Output,
    user: User,
}

impl<R: Role> Shell<R> {
    async fn run(mut self, notify_deadline: Duration, stop: impl Future<Output = ()>) -> Ending {
        let mut stop = pin!(stop);
        let mut input_ended = false;
        let ending = loop {
            // Far away where nothing is due.
            let wake_at = self.client.wake_at().unwrap_or_else(|| clock::instant() + Duration::from_secs(3600));
            let holds = !self.output.has_room();
            let listens = !input_ended && self.output.has_room_for_answers() && !self.waits_for_network();
            if holds {
                self.client.heard(clock::instant());
            }
            let client = &mut self.client;
            let actions = tokio::select! {
                () = &mut stop => self.client.stop(),
                happening = self.wire.next(holds, || client.next_message()) => self.happened(happening),
                piece = self.input.recv(), if listens => match piece {
                    Some(Input::Line(line)) => self.line(&line),
                    Some(Input::Unreadable(why)) => self.client.refuse("INVALID_COMMAND", why),
                    Some(Input::End) | None => {
                        input_ended = true;
                        if self.user == (User::Person { ends_with_input: true }) {
                            self.client.end_when_sent();
                        }
                        self.client.sent()
                    }
                },
                () = sleep_until(wake_at.into()) => self.client.tick(clock::instant()),
                () = self.output.written(), if holds => Vec::new(),
            };
            if let Some(ending) = self.carry_out(actions) {
                break ending;
            }
        };
        // With some time left of the deadline for the process to end (RECON-13).
        let client = &mut self.client;
        self.wire.close(notify_deadline / 2, || client.next_message()).await;
        let last = self.client.closed();
        self.carry_out(last);
        _ = timeout(notify_deadline / 4, self.output.drained()).await;
        ending
    }

    /// A person who gives more than the network takes can wait; a driver cannot, who may be about to say `stop`.
    fn waits_for_network(&self) -> bool {
        matches!(self.user, User::Person { .. }) && self.client.is_busy()
    }

    fn happened(&mut self, happening: Happening) -> Vec<Action> {
        let now = clock::instant();
        match happening {
            Happening::Opened => self.client.opened(now),
            Happening::Text(text) => self.client.text(&text, now),
            Happening::Binary(bytes) => self.client.binary(&bytes, now),
            Happening::Heard => {
                self.client.heard(now);
                Vec::new()
            }
            Happening::Sent => self.client.sent(),
            Happening::Lost => self.client.lost(now),
        }
    }

    fn line(&mut self, line: &str) -> Vec<Action> {
        let now = clock::instant();
        match self.user {
            User::Driver if line.trim().is_empty() => Vec::new(),
            User::Driver => self.client.line(line, now),
            User::Person { .. } if self.client.wants_code() => {
                self.client.command(Command::Join { code: line.trim().to_owned() }, now)
            }
            User::Person { .. } => self.client.command(Command::Send { id: None, payload: line.into() }, now),
        }
    }

    /// How the client ends, if it does.
    fn carry_out(&mut self, actions: Vec<Action>) -> Option<Ending> {
        for action in actions {
            match action {
                Action::Connect => self.wire.connect(),
                Action::Abandon => self.wire.drop_now(),
                Action::Report(event) => self.report(event),
                Action::End(ending) => return Some(ending),
            }
        }
        None
    }

    fn report(&self, event: Event) {
        let line = match self.user {
            User::Driver => event.encode() + "\n",
            User::Person { .. } => match person::told(event) {
                person::Told::Output(text) => text,
                person::Told::Notice(notice) => return person::notify(&notice),
            },
        };
        self.output.write(line.into_bytes());
    }
}
