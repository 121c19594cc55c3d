//! Requests without an answer, sent or waiting, with their deadlines (SYNC-C5).

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use relayspec::sync::{Send, Subscribe, ToServer, Topic, Unsubscribe};

/// The most requests without an answer; further ones are refused.
const MOST: usize = 500;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingRequest {
    /// The user's id for it; `None` if the client itself asks.
    pub(super) user: Option<String>,
    pub(super) operation: Operation,
    pub(super) deadline: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    Subscribe(Topic),
    Unsubscribe(Topic),
    Send { chat: String, content: String },
}

impl PendingRequest {
    pub(super) fn subscribes_to(&self, topic: &Topic) -> bool {
        matches!(&self.operation, Operation::Subscribe(own) if own == topic)
    }

    pub(super) fn message(&self, id: String) -> ToServer {
        match self.operation.clone() {
            Operation::Subscribe(topic) => Subscribe { id, topic }.into(),
            Operation::Unsubscribe(topic) => Unsubscribe { id, topic }.into(),
            Operation::Send { chat, content } => Send { id, resource_id: chat, message: content }.into(),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct PendingRequests {
    last_id: u64,
    /// Sent on this connection, by wire id.
    open: BTreeMap<String, PendingRequest>,
    /// To be sent once connected.
    waiting: VecDeque<PendingRequest>,
}

impl PendingRequests {
    /// An unused id (SYNC-C2).
    pub(super) fn draw_id(&mut self) -> String {
        self.last_id += 1;
        self.last_id.to_string()
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.open.len() + self.waiting.len() >= MOST
    }

    pub(super) fn wait(&mut self, request: PendingRequest) {
        self.waiting.push_back(request);
    }

    pub(super) fn asked(&mut self, id: String, request: PendingRequest) {
        self.open.insert(id, request);
    }

    pub(super) fn answered(&mut self, id: &str) -> Option<PendingRequest> {
        self.open.remove(id)
    }

    pub(super) fn take_waiting(&mut self) -> VecDeque<PendingRequest> {
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn take_open(&mut self) -> impl Iterator<Item = PendingRequest> + use<> {
        std::mem::take(&mut self.open).into_values()
    }

    pub(super) fn will_subscribe_to(&self, topic: &Topic) -> bool {
        self.waiting.iter().any(|request| request.subscribes_to(topic))
    }

    pub(super) fn withdraw(&mut self, which: impl Fn(&PendingRequest) -> bool) -> Vec<PendingRequest> {
        let (withdrawn, left): (Vec<_>, Vec<_>) = self.take_waiting().into_iter().partition(|request| which(request));
        self.waiting = left.into();
        withdrawn
    }

    pub(super) fn overdue(&mut self, now: Instant) -> Vec<PendingRequest> {
        let mut overdue = self.withdraw(|request| request.deadline <= now);
        let late: Vec<_> = self.open.iter().filter(|(_, one)| one.deadline <= now).map(|(id, _)| id.clone()).collect();
        overdue.extend(late.iter().filter_map(|id| self.open.remove(id)));
        overdue
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.open.values().chain(&self.waiting).map(|request| request.deadline).min()
    }

    /// Drops the waiting requests, and returns their number.
    pub(super) fn forget(&mut self) -> usize {
        self.take_waiting().len()
    }
}
