//! The shell of the clients: one loop around a core, its connection, its user and its timer.
//!
//! The shell moves bytes and keeps time; protocol decisions are taken in [`crate::client`].

mod connection;
mod dial;
mod frontend;
mod input;
mod local;
mod output;
mod raw;
mod render;
pub(crate) mod rpc;
mod shells;
mod start;
mod trust;

pub use dial::{Address, InvalidAddress};
pub use raw::RawMode;
pub use start::{
    TunnelAgentOptions, pairing_host, pairing_viewer, sync_client, terminal_host, terminal_viewer, tunnel_agent,
};
pub use trust::{Trust, TrustError};

use std::pin::pin;
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};
use tokio::time::{sleep_until, timeout};

use super::clock;
use super::system::SystemRandom;
use crate::client::backoff::PolicyDeviation;
use crate::client::{ClientAction, ClientCore, ClientRole, Ending};
use connection::{ClientConnection, ConnectionEvent};
use frontend::{FetchDelivery, Frontend, FrontendEvent};

/// The options of a WebSocket client.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The endpoint.
    pub address: Address,
    /// The trusted certificates, for `wss`.
    pub trust: Trust,
    /// The reconnection policy.
    pub policy: Policy,
    /// The timing parameters. A client uses `connect_timeout`, `notify_deadline`, `heartbeat_interval` and `heartbeat_timeout`; a sync client
    /// also `subscribe_timeout` and `request_timeout`.
    pub timing: Timing,
    /// The largest accepted message, in bytes as encoded; at least 1 MiB (WIRE-07).
    pub max_message: usize,
    /// The user.
    pub user: User,
    /// A deliberate deviation from the policy.
    pub deviation: PolicyDeviation,
}

impl ClientOptions {
    /// Default timing, public certificate authorities, messages of up to 2 MiB.
    #[must_use]
    pub fn new(address: Address, policy: Policy, user: User) -> Self {
        let (trust, timing) = (Trust::default(), Timing::default());
        Self { address, trust, policy, timing, max_message: 2 << 20, user, deviation: PolicyDeviation::None }
    }
}

/// The user of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// A person, or a program without the driver protocol: data is written as it is, and input is sent line by line.
    Person {
        /// Whether the client stops at the end of input, once all is sent; otherwise the end of input is ignored.
        ends_with_input: bool,
    },
    /// A driver (chapter `driver`).
    Driver,
}

struct ClientShell<R, F> {
    client: ClientCore<R, SystemRandom>,
    connection: ClientConnection,
    frontend: F,
    ends_with_input: bool,
}

async fn run<R: ClientRole, F: Frontend>(
    role: R,
    frontend: F,
    options: ClientOptions,
    stop: impl Future<Output = ()>,
) -> Ending {
    let ClientOptions { address, trust, policy, timing, max_message, user, deviation } = options;
    let notify_deadline = timing.value(Parameter::NotifyDeadline);
    let shell = ClientShell {
        client: ClientCore::new(role, policy, timing, SystemRandom, clock::instant()).with(deviation),
        connection: ClientConnection::new(address, trust, max_message, notify_deadline),
        frontend,
        ends_with_input: user == User::Person { ends_with_input: true },
    };
    shell.run(notify_deadline, stop).await
}

impl<R: ClientRole, F: Frontend> ClientShell<R, F> {
    async fn run(mut self, notify_deadline: Duration, stop: impl Future<Output = ()>) -> Ending {
        let mut stop = pin!(stop);
        let ending = loop {
            // Far away if nothing is due.
            let wake_at = self.client.wake_at().unwrap_or_else(|| clock::instant() + Duration::from_secs(3600));
            let output = self.frontend.output();
            let holds = !output.has_room() || self.client.is_congested();
            let listens = output.has_room_for_answers() && !(self.frontend.can_wait() && self.client.is_busy());
            if holds {
                self.client.received(clock::instant());
            }
            let written = output.written();
            let client = &mut self.client;
            let delivery =
                if client.should_defer_fetches() { FetchDelivery::Deferred } else { FetchDelivery::Immediate };
            self.frontend.set_delivery(delivery);
            let actions = tokio::select! {
                () = &mut stop => self.client.stop(),
                event = self.connection.next(holds, || client.next_message()) => self.connection_event(event),
                event = self.frontend.next(), if listens => self.frontend_event(event),
                () = sleep_until(wake_at.into()) => self.client.tick(clock::instant()),
                () = written, if holds => Vec::new(),
            };
            if let Some(ending) = self.carry_out(actions) {
                break ending;
            }
        };
        // Leaves part of the deadline for the process to end (RECON-13).
        let client = &mut self.client;
        self.connection.close(notify_deadline / 2, || client.next_message()).await;
        let last = self.client.closed();
        self.carry_out(last);
        _ = timeout(notify_deadline / 4, self.frontend.output().drained()).await;
        ending
    }

    fn connection_event(&mut self, event: ConnectionEvent) -> Vec<ClientAction> {
        let now = clock::instant();
        match event {
            ConnectionEvent::Opened => self.client.opened(now),
            ConnectionEvent::Text(text) => self.client.text(&text, now),
            ConnectionEvent::Binary(bytes) => self.client.binary(&bytes, now),
            ConnectionEvent::ControlFrame => {
                self.client.received(now);
                Vec::new()
            }
            ConnectionEvent::Sent => self.client.sent(now),
            ConnectionEvent::Lost { close_code } => self.client.lost(close_code, now),
        }
    }

    fn frontend_event(&mut self, event: FrontendEvent) -> Vec<ClientAction> {
        let now = clock::instant();
        match event {
            FrontendEvent::Line(line) if line.trim().is_empty() => Vec::new(),
            FrontendEvent::Line(line) => self.client.line(&line, now),
            FrontendEvent::Typed(bytes) => self.client.typed(&bytes, now),
            FrontendEvent::Command(command) => self.client.command(command, now),
            FrontendEvent::Written { session_id, bytes } => self.client.written(&session_id, bytes, now),
            FrontendEvent::Fetched(fetched) => {
                let results = fetched.into_iter().map(|done| self.client.fetched(done.key, done.fetched, now));
                results.flatten().collect()
            }
            FrontendEvent::Unreadable(why) => self.client.refuse("INVALID_COMMAND", why),
            FrontendEvent::End => {
                if self.ends_with_input {
                    return self.client.end_when_sent();
                }
                Vec::new()
            }
        }
    }

    /// Carries out actions; returns the ending, if any.
    fn carry_out(&mut self, actions: Vec<ClientAction>) -> Option<Ending> {
        for action in actions {
            match action {
                ClientAction::Connect => self.connection.connect(),
                ClientAction::Abandon => self.connection.drop_now(),
                ClientAction::Leave => self.connection.leave(),
                ClientAction::Report(event) => self.frontend.report(event),
                ClientAction::Show { session_id, bytes } => self.show(&session_id, bytes),
                ClientAction::Session(change) => self.frontend.change(change),
                ClientAction::Fetch(fetch) => self.frontend.fetch(*fetch),
                ClientAction::ForgetFetches => self.frontend.forget_fetches(),
                ClientAction::End(ending) => return Some(ending),
            }
        }
        None
    }

    fn show(&mut self, session_id: &str, bytes: Vec<u8>) {
        // A person sees one session at a time.
        if !self.frontend.can_wait() || self.client.shows(session_id) {
            self.frontend.show(session_id, bytes);
        }
    }
}
