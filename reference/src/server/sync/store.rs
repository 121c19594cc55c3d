//! The durable store behind the sync server.

use relayspec::sync::{Lists, Message, Snapshot, Topic};

use crate::server::PeerId;

/// A durable store of projects, chats and messages. It accepts jobs at once, runs them in order, and reports each result to
/// [`super::SyncServerCore::done`] in the same order. What it reports as written survives the death of the process.
pub(crate) trait Store {
    fn submit(&mut self, ticket: Ticket, job: Job);
}

/// The request behind a job; comes back with its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub peer: PeerId,
    pub id: String,
    /// The cost of the owed answer, in bytes.
    pub cost: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Job {
    /// Read the lists that a client gets on success.
    Lists,
    Snapshot(Topic),
    /// Do nothing; the result marks a place in the order.
    Unsubscribe(Topic),
    Write {
        chat: String,
        content: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JobOutcome {
    Lists(Lists),
    Snapshot(Snapshot),
    /// All earlier jobs are done.
    Unsubscribed(Topic),
    Written(Message),
}

pub(crate) type JobResult = Result<JobOutcome, &'static str>;
