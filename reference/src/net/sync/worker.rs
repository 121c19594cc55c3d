//! The database thread: runs waiting jobs in one transaction, and passes their results to the core once they are durable.
//!
//! A thread, since disks are slow and would block the runtime. The queue is bounded by its producers: a client that is owed much is not read.

use std::io;
use std::sync::Weak;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use relayspec::sync::{Chat, ResourceUpdate};
use tokio::sync::oneshot;
use tracing::error;

use super::database::Database;
use crate::net::hub::Hub;
use crate::server::sync::{self, Job, Store, SyncServerCore, Ticket};

/// The most jobs in one transaction, so that the first ones need not wait for all.
const MOST_AT_ONCE: usize = 256;
/// The answer if the database fails.
const FAILED: &str = "The server cannot use its database.";

#[derive(Debug, Clone)]
pub(super) struct JobSender(Sender<Work>);

#[derive(Debug)]
enum Work {
    Job(Ticket, Job),
    Chat { id: String, project: String, name: String, made: oneshot::Sender<ChatResult> },
}

/// A new chat, or `None` if the project is unknown.
pub(super) type ChatResult = Result<Option<Chat>, &'static str>;
enum FinishedWork {
    Job(Ticket, sync::JobResult),
    Chat(ChatResult, oneshot::Sender<ChatResult>),
}

impl Store for JobSender {
    fn submit(&mut self, ticket: Ticket, job: Job) {
        // If the thread is gone, the server is about to end.
        _ = self.0.send(Work::Job(ticket, job));
    }
}

impl JobSender {
    pub(super) fn channel() -> (Self, JobQueue) {
        let (sender, receiver) = mpsc::channel();
        (Self(sender), JobQueue(receiver))
    }

    pub(super) async fn make_chat(&self, id: String, project: String, name: String) -> ChatResult {
        let (made, result) = oneshot::channel();
        _ = self.0.send(Work::Chat { id, project, name, made });
        result.await.unwrap_or(Err(FAILED))
    }
}

#[derive(Debug)]
pub(super) struct JobQueue(Receiver<Work>);

impl JobQueue {
    pub(super) fn start(
        self,
        database: Database,
        hub: Weak<Hub<SyncServerCore<JobSender>>>,
    ) -> io::Result<JoinHandle<()>> {
        thread::Builder::new().name("database".to_owned()).spawn(move || {
            while let Ok(first) = self.0.recv() {
                let others = self.0.try_iter().take(MOST_AT_ONCE - 1);
                let works: Vec<_> = std::iter::once(first).chain(others).collect();
                let done = run_all(&database, works);
                if let Some(hub) = hub.upgrade() {
                    pass_on(&hub, done);
                }
            }
        })
    }
}

/// Runs everything in one transaction. If that fails, no result is reported as success.
fn run_all(database: &Database, works: Vec<Work>) -> Vec<FinishedWork> {
    let mut failure = database.begin().err();
    let mut done = Vec::with_capacity(works.len());
    for work in works {
        done.push(match work {
            Work::Job(ticket, job) => {
                let result = if failure.is_none() { database.run(job) } else { Ok(Err(FAILED)) };
                FinishedWork::Job(ticket, note_failure(result, &mut failure).and_then(|result| result))
            }
            Work::Chat { id, project, name, made } => {
                let result = match failure {
                    None => database.make_chat(id, project, name),
                    Some(_) => Ok(None),
                };
                FinishedWork::Chat(note_failure(result, &mut failure), made)
            }
        });
    }
    if failure.is_none() {
        failure = database.commit().err();
    }
    let Some(failure) = failure else { return done };
    error!(%failure, "the database failed");
    database.roll_back();
    let failed = |done| match done {
        FinishedWork::Job(ticket, _) => FinishedWork::Job(ticket, Err(FAILED)),
        FinishedWork::Chat(_, made) => FinishedWork::Chat(Err(FAILED), made),
    };
    done.into_iter().map(failed).collect()
}

fn note_failure<T>(result: rusqlite::Result<T>, failure: &mut Option<rusqlite::Error>) -> Result<T, &'static str> {
    result.map_err(|error| {
        failure.get_or_insert(error);
        FAILED
    })
}

fn pass_on(hub: &Hub<SyncServerCore<JobSender>>, done: Vec<FinishedWork>) {
    let mut replies = Vec::new();
    hub.update(|core, actions| {
        for done in done {
            match done {
                FinishedWork::Job(ticket, result) => core.done(ticket, result, actions),
                FinishedWork::Chat(made, reply) => {
                    if let Ok(Some(chat)) = &made {
                        core.push(ResourceUpdate::Chat { of: chat.project_id.clone(), chat: chat.clone() }, actions); // SYNC-21
                    }
                    replies.push((reply, made));
                }
            }
        }
    });
    for (reply, made) in replies {
        // The requester may be gone.
        _ = reply.send(made);
    }
}
