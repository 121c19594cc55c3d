//! What one kind of client adds to all clients, and what it may ask for meanwhile.
//!
//! A role knows its family's messages. It knows nothing of attempts and delays: it says when there was success, and what became of a
//! code.

use std::time::Instant;

use relayspec::driver::{Command, Event};

use super::outbox::Outbox;
use super::tunnel::{Fetch, Fetched};
use super::words::Words;
use super::{Action, Change, Outgoing, refusal};

/// The largest message that every receiver accepts (WIRE-07), in bytes. Larger ones are not sent: they would cost the connection.
pub const LARGEST_MESSAGE: usize = 1 << 20;
/// Messages of the role itself that may wait; a user who asks for more is refused.
const MOST_WORDS: usize = 1000;

/// One kind of client.
pub trait Role {
    /// The connection is open. Also called again on the same connection where [`Desk::try_again`] was asked for.
    fn greet(&mut self, desk: &mut Desk);

    /// A text message has come.
    fn text(&mut self, text: &str, desk: &mut Desk);

    /// A binary message has come.
    fn binary(&mut self, bytes: &[u8], desk: &mut Desk);

    /// The user wants something other than to stop.
    fn command(&mut self, command: Command, desk: &mut Desk);

    /// A person has typed something: a line, or what a terminal in raw mode gives.
    fn typed(&mut self, bytes: &[u8], desk: &mut Desk);

    /// A program has written something into a terminal session.
    fn written(&mut self, _session_id: &str, _bytes: Vec<u8>, _desk: &mut Desk) {}

    /// Forgets what the user gave and the role still keeps, and says how many messages that were.
    fn forget(&mut self) -> usize {
        0
    }

    /// Whether a person sees what comes of a terminal session.
    fn shows(&self, _session_id: &str) -> bool {
        true
    }

    /// Whether the role pings the server itself; otherwise a silent server is pinged for it.
    fn has_heartbeat(&self) -> bool {
        false
    }

    /// The next moment at which [`tick`](Self::tick) has something to do; asked of a role with a heartbeat while a connection is open.
    fn wake_at(&self) -> Option<Instant> {
        None
    }

    /// Time has passed; told to a role with a heartbeat while a connection is open.
    fn tick(&mut self, _desk: &mut Desk) {}

    /// All that was said is with the network.
    fn sent(&mut self, _desk: &mut Desk) {}

    /// Something came of a local request.
    fn fetched(&mut self, _key: u64, _fetched: Fetched, _desk: &mut Desk) {}

    /// The connection is lost, by a Close frame with this code or otherwise. Whether the client comes back by itself.
    fn comes_back(&mut self, close_code: Option<u16>, desk: &mut Desk) -> bool;
}

/// What is to become of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// As before.
    Same,
    /// The family's own success.
    Success,
    /// Nothing to try for the moment.
    Rest,
    /// Something to try at once, on this connection.
    Attempt,
    /// Failed, to be tried again by the policy, on this connection if it is still there.
    TryAgain,
    /// To be tried on another connection, at the user's wish.
    Anew,
    /// The server is not there any more.
    Lost,
    /// No further attempt.
    GiveUp,
    /// The user wants to end.
    Stop,
}

/// Where a role leaves what it wants.
#[derive(Debug)]
pub struct Desk {
    pub(super) actions: Vec<Action>,
    /// When what is handled now has happened.
    pub(super) now: Instant,
    /// Of this connection: forgotten with it.
    pub(super) words: Words,
    /// Of the user: kept over losses.
    pub(super) outbox: Outbox,
    /// Whether what the user gives may be sent.
    pub(super) may_send: bool,
    pub(super) is_open: bool,
    pub(super) course: Course,
}

impl Desk {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            actions: Vec::new(),
            now,
            words: Words::default(),
            outbox: Outbox::default(),
            may_send: false,
            is_open: false,
            course: Course::Same,
        }
    }

    /// When what is handled now has happened.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Tells the user.
    pub fn report(&mut self, event: Event) {
        self.actions.push(Action::Report(event));
    }

    /// Hands bytes of a terminal session to the user.
    pub fn show(&mut self, session_id: String, bytes: Vec<u8>) {
        self.actions.push(Action::Show { session_id, bytes });
    }

    /// Tells the user that something of theirs is refused by the client itself.
    pub fn refuse(&mut self, code: &str, message: impl Into<String>) {
        self.report(refusal(code, message));
    }

    /// Says something on this connection, before what the user gives; where there is none, nothing.
    pub fn say(&mut self, message: Outgoing) {
        if !self.is_open {
            return;
        }
        if self.words.len() < MOST_WORDS {
            self.words.push(message);
        } else {
            self.refuse("TOO_MUCH", "The network takes nothing: this was not sent.");
        }
    }

    /// Answers the server on this connection. Where it takes too little of that, it is not read: so nothing is refused.
    pub fn answer(&mut self, message: Outgoing) {
        if self.is_open {
            self.words.push(message);
        }
    }

    /// Says something on this connection, before all that waits.
    pub fn urge(&mut self, message: Outgoing) {
        if self.is_open {
            self.words.urge(message);
        }
    }

    /// Has a local request made.
    pub fn fetch(&mut self, fetch: Fetch) {
        self.actions.push(Action::Fetch(Box::new(fetch)));
    }

    /// Has all local requests that are under way given up.
    pub fn forget_fetches(&mut self) {
        self.actions.push(Action::ForgetFetches);
    }

    /// Sends something of the user's: now, or as soon as it may be sent.
    pub fn give(&mut self, message: Outgoing) {
        if message.len() > LARGEST_MESSAGE {
            self.refuse("TOO_LARGE", "A message has at most 1 MiB: this was not sent.");
        } else if self.outbox.push(message).is_err() {
            self.refuse("TOO_MUCH", "Too much waits to be sent already: this was not sent.");
        }
    }

    /// The family's own success: what the user gives may be sent, and the next loss begins the delays afresh (RECON-04).
    pub fn succeed(&mut self) {
        self.may_send = true;
        self.course = Course::Success;
    }

    /// From now on nothing of the user's may be sent. What waits is given back to them, with so many messages that the role had kept.
    pub fn send_back(&mut self, kept: usize, why: &str) {
        self.may_send = false;
        let count = kept + self.outbox.clear();
        if count > 0 {
            self.refuse("NOT_SENT", format!("{why}: {count} of what you gave was not sent."));
        }
    }

    /// The connection stays, and there is nothing to try.
    pub fn rest(&mut self) {
        self.may_send = false;
        self.course = Course::Rest;
    }

    /// Something new is tried on this connection.
    pub fn attempt(&mut self) {
        self.course = Course::Attempt;
    }

    /// What was tried failed, and is to be tried again by the policy.
    pub fn try_again(&mut self) {
        self.may_send = false;
        self.course = Course::TryAgain;
    }

    /// No further attempt is to follow.
    pub fn give_up(&mut self) {
        self.course = Course::GiveUp;
    }

    /// The server is not there any more: the connection is dropped, and counts as lost.
    pub fn abandon(&mut self) {
        self.course = Course::Lost;
    }

    /// Leaves this connection for another one, because the user wants something else.
    pub fn anew(&mut self) {
        self.course = Course::Anew;
    }

    /// The user wants to end.
    pub fn stop(&mut self) {
        self.course = Course::Stop;
    }

    /// Has a terminal session opened or closed.
    pub fn change(&mut self, change: Change) {
        self.actions.push(Action::Session(change));
    }

    /// Whether the connection is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The command is not for this client (DRV-03).
    pub fn unsupported(&mut self, command: &Command) {
        self.report(Event::Unsupported { command: command.name().to_owned() });
    }
}
