//! What a protocol role adds to the client core, and what it can ask of it.
//!
//! A role handles the messages of its family. It knows nothing of attempts and delays, it only reports success or failure.

use std::time::Instant;

use relayspec::driver::{Command, Event};
use relayspec::wire::DecodeError;
use tracing::info;

use super::action::{ClientAction, Outgoing};
use super::fetch::Fetched;
use super::queue::OutgoingQueue;

/// The largest message that every receiver must accept (WIRE-07), in bytes. Larger ones are refused: they would cost the connection.
pub(crate) const LARGEST_MESSAGE: usize = 1 << 20;
/// The most messages of the role itself that may wait.
const MOST_OWN_MESSAGES: usize = 1000;
/// The most unsent bytes of the user; further messages are refused.
const MOST_USER_BYTES: usize = 32 << 20;

/// A protocol role of a client.
pub(crate) trait ClientRole {
    /// The connection is open, or a [`Transition::Retry`] is due on it.
    fn greet(&mut self, ctx: &mut ClientContext);

    fn text(&mut self, text: &str, ctx: &mut ClientContext);

    fn binary(&mut self, bytes: &[u8], ctx: &mut ClientContext);

    /// The user gave a command other than `stop`.
    fn command(&mut self, command: Command, ctx: &mut ClientContext);

    /// A person typed a line, or keys in raw mode.
    fn typed(&mut self, bytes: &[u8], ctx: &mut ClientContext);

    fn written(&mut self, _session_id: &str, _bytes: Vec<u8>, _ctx: &mut ClientContext) {}

    /// Drops the user's messages that the role still holds, and returns their number.
    fn forget(&mut self) -> usize {
        0
    }

    /// Whether the output of a terminal session is visible to a person.
    fn shows(&self, _session_id: &str) -> bool {
        true
    }

    /// Whether the role pings the server itself; otherwise the core pings a silent server.
    fn has_heartbeat(&self) -> bool {
        false
    }

    /// When [`tick`](Self::tick) is next due; a role with a heartbeat is asked only while a connection is open.
    fn wake_at(&self) -> Option<Instant> {
        None
    }

    /// Time has passed; a role with a heartbeat is called only while a connection is open.
    fn tick(&mut self, _ctx: &mut ClientContext) {}

    fn sent(&mut self, _ctx: &mut ClientContext) {}

    fn fetched(&mut self, _key: u64, _fetched: Fetched, _ctx: &mut ClientContext) {}

    /// The connection is lost; returns whether to reconnect.
    fn comes_back(&mut self, close_code: Option<u16>, ctx: &mut ClientContext) -> bool;
}

/// What a role wants to happen to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transition {
    None,
    /// The family's own success: the user's messages may be sent, and the next loss starts with the first delay (RECON-04).
    Succeed,
    /// Stay connected without an attempt.
    Rest,
    /// Start an attempt on this connection.
    Attempt,
    /// The attempt failed: retry by the policy, on this connection if it is still open.
    Retry,
    /// Reconnect at the user's request.
    Reconnect,
    /// The server is gone: drop the connection, which counts as lost.
    Abandon,
    GiveUp,
    Stop,
}

/// What a role acts on: collects its actions, messages and transition.
#[derive(Debug)]
pub(crate) struct ClientContext {
    pub(super) actions: Vec<ClientAction>,
    pub(super) now: Instant,
    /// Messages of the role, dropped with the connection.
    pub(super) own_messages: OutgoingQueue,
    /// Messages of the user, kept across losses (PAIR-H4).
    pub(super) user_messages: OutgoingQueue,
    /// Whether the user's messages may be sent.
    pub(super) may_send: bool,
    pub(super) is_open: bool,
    pub(super) transition: Transition,
}

impl ClientContext {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            actions: Vec::new(),
            now,
            own_messages: OutgoingQueue::default(),
            user_messages: OutgoingQueue::default(),
            may_send: false,
            is_open: false,
            transition: Transition::None,
        }
    }

    pub(super) fn act(&mut self, action: ClientAction) {
        self.actions.push(action);
    }

    pub(super) fn report(&mut self, event: Event) {
        self.act(ClientAction::Report(event));
    }

    /// Reports that the client refuses something of the user's.
    pub(super) fn refuse(&mut self, code: &str, message: impl Into<String>) {
        self.report(Event::Error { code: code.to_owned(), message: message.into() });
    }

    /// Refuses a command that this client does not know (DRV-03).
    pub(super) fn unsupported(&mut self, command: &Command) {
        self.report(Event::Unsupported { command: command.name().to_owned() });
    }

    /// Sends a message of the role on this connection, before the user's. Does nothing without a connection.
    pub(super) fn send(&mut self, message: Outgoing) {
        if self.own_messages.len() < MOST_OWN_MESSAGES {
            self.answer(message);
        } else if self.is_open {
            self.refuse("TOO_MUCH", "The network is stalled: this was not sent.");
        }
    }

    /// Answers the server. Never refused: a server that takes too few answers is not read.
    pub(super) fn answer(&mut self, message: Outgoing) {
        if self.is_open {
            self.own_messages.push(message);
        }
    }

    /// Sends a message before all that wait.
    pub(super) fn send_first(&mut self, message: Outgoing) {
        if self.is_open {
            self.own_messages.push_front(message);
        }
    }

    /// Queues a message of the user: sent as soon as it may be.
    pub(super) fn give(&mut self, message: Outgoing) {
        if message.len() > LARGEST_MESSAGE {
            self.refuse("TOO_LARGE", "A message has at most 1 MiB: this was not sent.");
        } else if self.user_messages.push_within(MOST_USER_BYTES, message).is_err() {
            self.refuse("TOO_MUCH", "Too many unsent messages: this was not sent.");
        }
    }

    /// Stops sending the user's messages and reports those that wait, plus `held` ones of the role, as not sent.
    pub(super) fn send_back(&mut self, held: usize, why: &str) {
        self.may_send = false;
        let count = held + self.user_messages.clear();
        if count > 0 {
            self.refuse("NOT_SENT", format!("{why}: {count} of your messages were not sent."));
        }
    }

    /// Asks for a transition, which follows once the current event is handled.
    pub(super) fn transit(&mut self, transition: Transition) {
        match transition {
            Transition::Succeed => self.may_send = true,
            Transition::Rest | Transition::Retry => self.may_send = false,
            _ => {}
        }
        self.transition = transition;
    }
}

/// Ignores an invalid message, but for the log.
pub(super) fn ignore_invalid(peer: &str, error: &DecodeError) {
    // Truncated: an error may quote a value of any length.
    let why: String = error.to_string().chars().take(200).collect();
    info!(%why, "the {peer} sent an invalid message, which is ignored");
}
