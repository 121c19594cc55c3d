//! The thread that has the database: it does what waits in one transaction, and tells the core when that lasts.
//!
//! A thread, since a disk takes its time, and nobody else is to wait meanwhile. What waits is bounded by those who ask: a client to which
//! much is owed is not read.

use std::io;
use std::sync::Weak;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use relayspec::sync::{Chat, ResourceUpdate};
use tokio::sync::oneshot;
use tracing::error;

use super::database::Database;
use crate::net::hub::Hub;
use crate::server::sync::{self, Job, Server, Store, Ticket};

/// So many jobs are done in one transaction at most: those who asked first should not wait for those who ask last.
const MOST_AT_ONCE: usize = 256;
/// What clients are told where the database fails.
const FAILED: &str = "The server cannot use its database.";

/// Where jobs for the thread are left.
#[derive(Debug, Clone)]
pub(super) struct Jobs(Sender<Work>);

#[derive(Debug)]
enum Work {
    Job(Ticket, Job),
    Chat { id: String, project: String, name: String, made: oneshot::Sender<Made> },
}

/// A chat that was made; none where there is no such project; or why nothing was made.
pub(super) type Made = Result<Option<Chat>, &'static str>;

/// What came of a piece of work.
enum Done {
    Job(Ticket, sync::Result),
    Chat(Made, oneshot::Sender<Made>),
}

impl Store for Jobs {
    fn submit(&mut self, ticket: Ticket, job: Job) {
        // Without the thread the server is about to end.
        _ = self.0.send(Work::Job(ticket, job));
    }
}

impl Jobs {
    /// Where jobs are left, and where the thread finds them.
    pub(super) fn channel() -> (Self, Waiting) {
        let (sender, receiver) = mpsc::channel();
        (Self(sender), Waiting(receiver))
    }

    /// Makes a chat.
    pub(super) async fn make_chat(&self, id: String, project: String, name: String) -> Made {
        let (made, told) = oneshot::channel();
        _ = self.0.send(Work::Chat { id, project, name, made });
        told.await.unwrap_or(Err(FAILED))
    }
}

/// Jobs that wait.
#[derive(Debug)]
pub(super) struct Waiting(Receiver<Work>);

impl Waiting {
    /// Starts the thread. It ends when nobody can leave a job any more.
    pub(super) fn start(self, database: Database, hub: Weak<Hub<Server<Jobs>>>) -> io::Result<JoinHandle<()>> {
        thread::Builder::new().name("database".to_owned()).spawn(move || {
            while let Ok(first) = self.0.recv() {
                let others = self.0.try_iter().take(MOST_AT_ONCE - 1);
                let works: Vec<_> = std::iter::once(first).chain(others).collect();
                let done = perform_all(&database, works);
                if let Some(hub) = hub.upgrade() {
                    tell(&hub, done);
                }
            }
        })
    }
}

/// Does all in one transaction, so that they cost one. Nobody is told of what does not last.
fn perform_all(database: &Database, works: Vec<Work>) -> Vec<Done> {
    let mut failure = database.begin().err();
    let mut done = Vec::with_capacity(works.len());
    for work in works {
        done.push(match work {
            Work::Job(ticket, job) => {
                let result = if failure.is_none() { database.perform(job) } else { Ok(Err(FAILED)) };
                Done::Job(ticket, noted(result, &mut failure).and_then(|result| result))
            }
            Work::Chat { id, project, name, made } => {
                let result = match failure {
                    None => database.make_chat(id, project, name),
                    Some(_) => Ok(None),
                };
                Done::Chat(noted(result, &mut failure), made)
            }
        });
    }
    if failure.is_none() {
        failure = database.commit().err();
    }
    let Some(failure) = failure else { return done };
    error!(%failure, "the database fails");
    database.give_up();
    let failed = |done| match done {
        Done::Job(ticket, _) => Done::Job(ticket, Err(FAILED)),
        Done::Chat(_, made) => Done::Chat(Err(FAILED), made),
    };
    done.into_iter().map(failed).collect()
}

/// Keeps the first failure.
fn noted<T>(result: rusqlite::Result<T>, failure: &mut Option<rusqlite::Error>) -> Result<T, &'static str> {
    result.map_err(|error| {
        failure.get_or_insert(error);
        FAILED
    })
}

fn tell(hub: &Hub<Server<Jobs>>, done: Vec<Done>) {
    let mut replies = Vec::new();
    hub.tell(|core, actions| {
        for done in done {
            match done {
                Done::Job(ticket, result) => core.done(ticket, result, actions),
                Done::Chat(made, reply) => {
                    if let Ok(Some(chat)) = &made {
                        core.push(ResourceUpdate::Chat { of: chat.project_id.clone(), chat: chat.clone() }, actions); // SYNC-21
                    }
                    replies.push((reply, made));
                }
            }
        }
    });
    for (reply, made) in replies {
        // Whoever has asked may be gone.
        _ = reply.send(made);
    }
}
