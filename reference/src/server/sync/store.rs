//! What the sync server asks of the place where its chats last.

use relayspec::sync::{Lists, Message, Snapshot, Topic};

use crate::server::PeerId;

/// A place where projects, chats and messages last. It takes jobs at once, does them in the order in which they came, and says by
/// [`super::Server::done`] what came of each, in that order too. What it says was written is there again after the process was killed.
pub trait Store {
    /// Takes a job.
    fn submit(&mut self, ticket: Ticket, job: Job);
}

/// Whose a job is; it comes back with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Who has asked.
    pub peer: PeerId,
    /// The id of the request.
    pub id: String,
    /// What the job counts for until it is done, in bytes.
    pub cost: usize,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Read the lists that a client gets with its success.
    Lists,
    /// Read what is there.
    Snapshot(Topic),
    /// Nothing: it comes back behind what was asked before.
    Unsubscribe(Topic),
    /// Keep a message.
    Write {
        /// The id of the chat.
        chat: String,
        /// What the message says.
        content: String,
    },
}

/// What came of a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The lists.
    Lists(Lists),
    /// What is there now.
    Snapshot(Snapshot),
    /// What was asked before has been done.
    Unsubscribed(Topic),
    /// The message is kept.
    Written(Message),
}

/// What came of a job, or why nothing did, for a person.
pub type Result = std::result::Result<Outcome, &'static str>;
