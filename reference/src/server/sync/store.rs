//! The durable store behind the sync server.

use relayspec::sync::{Lists, Message, Snapshot, Topic};

use crate::server::PeerId;

/// A durable store of projects, chats and messages. It accepts jobs at once, runs them in order, and reports each result to
/// [`super::SyncServerCore::done`] in the same order. What it reports as written survives the death of the process.
pub trait Store {
    /// Queues a job.
    fn submit(&mut self, ticket: Ticket, job: Job);
}

/// The request behind a job; comes back with its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The client.
    pub peer: PeerId,
    /// The id of the request.
    pub id: String,
    /// The cost of the owed answer, in bytes.
    pub cost: usize,
}

/// A job of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Read the lists that a client gets on success.
    Lists,
    /// Read a snapshot.
    Snapshot(Topic),
    /// Do nothing; the result marks a place in the order.
    Unsubscribe(Topic),
    /// Store a message.
    Write {
        /// The id of the chat.
        chat: String,
        /// The text.
        content: String,
    },
}

/// The result of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum JobOutcome {
    /// The lists.
    Lists(Lists),
    /// The snapshot.
    Snapshot(Snapshot),
    /// All earlier jobs are done.
    Unsubscribed(Topic),
    /// The message is stored.
    Written(Message),
}

/// The result of a job, or why it failed, for people.
pub type JobResult = Result<JobOutcome, &'static str>;
