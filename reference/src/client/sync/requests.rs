//! What a client has asked for or still has to ask for, with the time by which an answer has to come (SYNC-C5).

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use relayspec::sync::{Send, Subscribe, ToServer, Topic, Unsubscribe};

/// So many requests may wait for their answers; a user who asks for more is refused.
const MOST: usize = 500;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// What the user calls it; none where the client itself asks.
    pub(super) user: Option<String>,
    pub(super) wish: Wish,
    /// When it is answered too late.
    pub(super) deadline: Instant,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    Subscribe(Topic),
    Unsubscribe(Topic),
    Send {
        /// The id of the chat.
        chat: String,
        /// What the message says.
        content: String,
    },
}

impl Request {
    /// What the user calls it, where it subscribes.
    pub(super) fn subscribes_to(&self, topic: &Topic) -> bool {
        matches!(&self.wish, Wish::Subscribe(own) if own == topic)
    }

    /// It as a message.
    pub(super) fn message(&self, id: String) -> ToServer {
        match self.wish.clone() {
            Wish::Subscribe(topic) => Subscribe { id, topic }.into(),
            Wish::Unsubscribe(topic) => Unsubscribe { id, topic }.into(),
            Wish::Send { chat, content } => Send { id, resource_id: chat, message: content }.into(),
        }
    }
}

/// All requests that have no answer.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last_id: u64,
    /// Asked on this connection, by the id that went over the wire.
    open: BTreeMap<String, Request>,
    /// To be asked when there is a connection.
    waiting: VecDeque<Request>,
}

impl Requests {
    /// An id that no request has had (SYNC-C2).
    pub(super) fn draw_id(&mut self) -> String {
        self.last_id += 1;
        self.last_id.to_string()
    }

    /// Whether there are so many that no further one is taken.
    pub(super) fn are_too_many(&self) -> bool {
        self.open.len() + self.waiting.len() >= MOST
    }

    pub(super) fn wait(&mut self, request: Request) {
        self.waiting.push_back(request);
    }

    pub(super) fn asked(&mut self, id: String, request: Request) {
        self.open.insert(id, request);
    }

    /// The request with this id, which is answered; none where it is not open, or is no more.
    pub(super) fn answered(&mut self, id: &str) -> Option<Request> {
        self.open.remove(id)
    }

    /// What waits, oldest first.
    pub(super) fn take_waiting(&mut self) -> VecDeque<Request> {
        std::mem::take(&mut self.waiting)
    }

    /// What was asked on a connection that is lost.
    pub(super) fn take_open(&mut self) -> impl Iterator<Item = Request> + use<> {
        std::mem::take(&mut self.open).into_values()
    }

    /// Whether a subscription waits to be asked for.
    pub(super) fn will_subscribe_to(&self, topic: &Topic) -> bool {
        self.waiting.iter().any(|request| request.subscribes_to(topic))
    }

    /// Takes what waits and fulfils a condition.
    pub(super) fn withdraw(&mut self, which: impl Fn(&Request) -> bool) -> Vec<Request> {
        let (withdrawn, left): (Vec<_>, Vec<_>) = self.take_waiting().into_iter().partition(|request| which(request));
        self.waiting = left.into();
        withdrawn
    }

    /// Takes what was not answered in time.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<Request> {
        let mut overdue = self.withdraw(|request| request.deadline <= now);
        let late: Vec<_> = self.open.iter().filter(|(_, one)| one.deadline <= now).map(|(id, _)| id.clone()).collect();
        overdue.extend(late.iter().filter_map(|id| self.open.remove(id)));
        overdue
    }

    /// When the next one is answered too late.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.open.values().chain(&self.waiting).map(|request| request.deadline).min()
    }

    /// Forgets what waits, and says how much that was.
    pub(super) fn forget(&mut self) -> usize {
        self.take_waiting().len()
    }
}
