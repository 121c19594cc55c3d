//! The shell of the clients: one loop around a core, its connection, its user and its timer.
//!
//! The shell moves bytes and keeps time; what the protocol speaks of is decided in [`crate::client`].

mod dial;
mod front;
mod input;
mod local;
mod output;
mod person;
mod raw;
pub(crate) mod rpc;
mod shells;
mod start;
mod trust;
mod wire;

pub use dial::{Address, NoAddress};
pub use raw::RawMode;
pub use start::{TunnelAgent, pairing_host, pairing_viewer, sync_client, terminal_host, terminal_viewer, tunnel_agent};
pub use trust::{NoTrust, Trust};

use std::pin::pin;
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};
use tokio::time::{sleep_until, timeout};

use super::clock;
use crate::client::backoff::{Dice, Habit};
use crate::client::{Action, Client, Ending, Role};
use front::{Front, Pace, Said};
use wire::{Happening, Wire};

/// How a client runs.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Where to connect.
    pub address: Address,
    /// Whose certificates are good, where the address is one with TLS.
    pub trust: Trust,
    /// How to come back after a loss.
    pub policy: Policy,
    /// The timing parameters. A client uses `connect_timeout`, `notify_deadline`, `heartbeat_interval` and `heartbeat_timeout`;
    /// a sync client `subscribe_timeout` and `request_timeout` too.
    pub timing: Timing,
    /// The largest message that is accepted, in bytes as encoded; at least 1 MiB (WIRE-07).
    pub max_message: usize,
    /// Who is at the other side.
    pub user: User,
    /// What it makes of its policy.
    pub habit: Habit,
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

struct Shell<R, F> {
    client: Client<R, System>,
    wire: Wire,
    front: F,
    ends_with_input: bool,
}

async fn run<R: Role, F: Front>(role: R, front: F, options: ClientOptions, stop: impl Future<Output = ()>) -> Ending {
    let ClientOptions { address, trust, policy, timing, max_message, user, habit } = options;
    let notify_deadline = timing.value(Parameter::NotifyDeadline);
    let shell = Shell {
        client: Client::new(role, policy, timing, System, clock::instant()).with(habit),
        wire: Wire::new(address, trust, max_message, notify_deadline),
        front,
        ends_with_input: user == User::Person { ends_with_input: true },
    };
    shell.run(notify_deadline, stop).await
}

impl<R: Role, F: Front> Shell<R, F> {
    async fn run(mut self, notify_deadline: Duration, stop: impl Future<Output = ()>) -> Ending {
        let mut stop = pin!(stop);
        let ending = loop {
            // Far away where nothing is due.
            let wake_at = self.client.wake_at().unwrap_or_else(|| clock::instant() + Duration::from_secs(3600));
            let output = self.front.output();
            let holds = !output.has_room() || self.client.is_congested();
            let listens = output.has_room_for_answers() && !(self.front.can_wait() && self.client.is_busy());
            if holds {
                self.client.heard(clock::instant());
            }
            let written = output.written();
            let client = &mut self.client;
            self.front.set_pace(if client.has_enough_to_say() { Pace::Held } else { Pace::Free });
            let actions = tokio::select! {
                () = &mut stop => self.client.stop(),
                happening = self.wire.next(holds, || client.next_message()) => self.happened(happening),
                said = self.front.next(), if listens => self.said(said),
                () = sleep_until(wake_at.into()) => self.client.tick(clock::instant()),
                () = written, if holds => Vec::new(),
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
        _ = timeout(notify_deadline / 4, self.front.output().drained()).await;
        ending
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
            Happening::Sent => self.client.sent(now),
            Happening::Lost { close_code } => self.client.lost(close_code, now),
        }
    }

    fn said(&mut self, said: Said) -> Vec<Action> {
        let now = clock::instant();
        match said {
            Said::Line(line) if line.trim().is_empty() => Vec::new(),
            Said::Line(line) => self.client.line(&line, now),
            Said::Typed(bytes) => self.client.typed(&bytes, now),
            Said::Command(command) => self.client.command(command, now),
            Said::Written { session_id, bytes } => self.client.written(&session_id, bytes, now),
            Said::Fetched(fetched) => {
                let told = fetched.into_iter().map(|done| self.client.fetched(done.key, done.fetched, now));
                told.flatten().collect()
            }
            Said::Unreadable(why) => self.client.refuse("INVALID_COMMAND", why),
            Said::End => {
                if self.ends_with_input {
                    return self.client.end_when_sent();
                }
                Vec::new()
            }
        }
    }

    /// How the client ends, if it does.
    fn carry_out(&mut self, actions: Vec<Action>) -> Option<Ending> {
        for action in actions {
            match action {
                Action::Connect => self.wire.connect(),
                Action::Abandon => self.wire.drop_now(),
                Action::Leave => self.wire.leave(),
                Action::Report(event) => self.front.tell(event),
                Action::Show { session_id, bytes } => self.show(&session_id, bytes),
                Action::Session(change) => self.front.change(change),
                Action::Fetch(fetch) => self.front.fetch(*fetch),
                Action::ForgetFetches => self.front.forget_fetches(),
                Action::End(ending) => return Some(ending),
            }
        }
        None
    }

    fn show(&mut self, session_id: &str, bytes: Vec<u8>) {
        // A person sees one session at a time.
        if !self.front.can_wait() || self.client.shows(session_id) {
            self.front.show(session_id, bytes);
        }
    }
}
