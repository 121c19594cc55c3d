//! Projects, chats and messages in SQLite.
//!
//! The file is in write-ahead mode, and transactions reach the system before they are answered: answered data survives the death of the
//! process. A power loss may cost the latest transactions but does not damage the file. The file is locked for one process, since the order of
//! its jobs is the order of the pushes.

use std::path::Path;
use std::time::Duration;

use relayspec::sync::{Chat, Lists, Message, ModelProfile, Project, Snapshot, Topic};
use rusqlite::{Connection, params};
use serde_json::json;

use crate::server::sync::{Job, JobOutcome, JobResult};

const TABLES: &str = "
    CREATE TABLE project (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
    CREATE TABLE chat (
        id TEXT PRIMARY KEY,
        project TEXT NOT NULL REFERENCES project (id),
        name TEXT NOT NULL
    ) STRICT;
    CREATE INDEX chat_of_project ON chat (project);
    CREATE TABLE message (
        chat TEXT NOT NULL REFERENCES chat (id),
        seq INTEGER NOT NULL,
        role TEXT NOT NULL,
        content TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX message_of_chat ON message (chat, seq);
";
/// The initial data.
const EXAMPLES: &str = "
    INSERT INTO project VALUES ('garden', 'Garden'), ('kitchen', 'Kitchen');
    INSERT INTO chat VALUES
        ('roses', 'garden', 'Roses'), ('tulips', 'garden', 'Tulips'), ('soup', 'kitchen', 'Soup');
";
/// The schema version stored in the file.
const VERSION: i64 = 1;
/// The role of messages that clients send.
const ROLE: &str = "user";
/// How long to wait for another process that has the file; it may be about to end.
const PATIENCE: Duration = Duration::from_secs(2);
const UNKNOWN_CHAT: &str = "No chat has this id.";
const UNKNOWN_PROJECT: &str = "No project has this id.";

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// SQLite failed.
    #[error("cannot use the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was made by another version of this program.
    #[error("the database has version {0}, but this program supports version {VERSION}")]
    Version(i64),
}

#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
}

impl Database {
    /// Opens a file, or a temporary database that ends with the process.
    pub(super) fn open(file: Option<&Path>) -> Result<Self, DatabaseError> {
        let connection = match file {
            Some(file) => Connection::open(file)?,
            None => Connection::open("")?, // A temporary file of SQLite.
        };
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let database = Self { connection };
        database.begin()?; // From here on the file is locked.
        match database.connection.pragma_query_value(None, "user_version", |row| row.get(0))? {
            VERSION => {}
            0 => {
                database.connection.execute_batch(TABLES)?;
                database.connection.execute_batch(EXAMPLES)?;
                database.connection.pragma_update(None, "user_version", VERSION)?;
            }
            other => return Err(DatabaseError::Version(other)),
        }
        database.commit()?;
        Ok(database)
    }

    pub(super) fn begin(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")
    }

    pub(super) fn commit(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("COMMIT")
    }

    /// Rolls back the transaction, if any.
    pub(super) fn roll_back(&self) {
        // Without a transaction there is nothing to roll back.
        _ = self.connection.execute_batch("ROLLBACK");
    }

    /// Runs a job within a transaction. Fails if the database does.
    pub(super) fn run(&self, job: Job) -> rusqlite::Result<JobResult> {
        Ok(match job {
            Job::Lists => Ok(JobOutcome::Lists(self.lists()?)),
            Job::Snapshot(topic) => self.snapshot(topic)?.map(JobOutcome::Snapshot),
            Job::Unsubscribe(topic) => Ok(JobOutcome::Unsubscribed(topic)),
            Job::Write { chat, content } => self.write(chat, content)?.map(JobOutcome::Written),
        })
    }

    fn lists(&self) -> rusqlite::Result<Lists> {
        let mut projects = self.connection.prepare_cached("SELECT id, name FROM project ORDER BY rowid")?;
        let projects = projects.query_map([], |row| Ok(Project { id: row.get(0)?, name: row.get(1)? }))?;
        Ok(Lists { projects: projects.collect::<Result<_, _>>()?, model_profiles: profiles() })
    }

    fn snapshot(&self, topic: Topic) -> rusqlite::Result<Result<Snapshot, &'static str>> {
        Ok(match topic {
            Topic::ModelProfiles => Ok(Snapshot::ModelProfiles(profiles())),
            Topic::Project(id) if !self.has_project(&id)? => Err(UNKNOWN_PROJECT),
            Topic::Project(id) => Ok(Snapshot::Project { chats: self.chats(&id)?, id }),
            Topic::Chat(id) if !self.has_chat(&id)? => Err(UNKNOWN_CHAT),
            Topic::Chat(id) => Ok(Snapshot::Chat { messages: self.messages(&id)?, id }),
        })
    }

    fn chats(&self, project: &str) -> rusqlite::Result<Vec<Chat>> {
        let mut chats = self.connection.prepare_cached("SELECT id, name FROM chat WHERE project = ? ORDER BY rowid")?;
        let chat =
            |row: &rusqlite::Row<'_>| Ok(Chat { id: row.get(0)?, project_id: project.to_owned(), name: row.get(1)? });
        chats.query_map([project], chat)?.collect()
    }

    fn messages(&self, chat: &str) -> rusqlite::Result<Vec<Message>> {
        let mut messages =
            self.connection.prepare_cached("SELECT seq, role, content FROM message WHERE chat = ? ORDER BY seq")?;
        let message = |row: &rusqlite::Row<'_>| {
            let seq = row.get(0)?;
            Ok(Message {
                id: message_id(chat, seq),
                chat_id: chat.to_owned(),
                role: row.get(1)?,
                content: row.get(2)?,
                seq,
            })
        };
        messages.query_map([chat], message)?.collect()
    }

    fn write(&self, chat: String, content: String) -> rusqlite::Result<Result<Message, &'static str>> {
        if !self.has_chat(&chat)? {
            return Ok(Err(UNKNOWN_CHAT));
        }
        let mut last = self.connection.prepare_cached("SELECT coalesce(max(seq), 0) FROM message WHERE chat = ?")?;
        let last: u32 = last.query_one([&chat], |row| row.get(0))?;
        let Some(seq) = last.checked_add(1) else { return Ok(Err("This chat is full.")) };
        let mut insert = self.connection.prepare_cached("INSERT INTO message VALUES (?, ?, ?, ?)")?;
        insert.execute(params![chat, seq, ROLE, content])?;
        Ok(Ok(Message { id: message_id(&chat, seq), chat_id: chat, role: ROLE.to_owned(), content, seq }))
    }

    /// Creates a chat; `None` if the project is unknown.
    pub(super) fn make_chat(&self, id: String, project_id: String, name: String) -> rusqlite::Result<Option<Chat>> {
        if !self.has_project(&project_id)? {
            return Ok(None);
        }
        self.connection.execute("INSERT INTO chat VALUES (?, ?, ?)", params![id, project_id, name])?;
        Ok(Some(Chat { id, project_id, name }))
    }

    fn has_project(&self, id: &str) -> rusqlite::Result<bool> {
        self.connection.prepare_cached("SELECT 1 FROM project WHERE id = ?")?.exists([id])
    }

    fn has_chat(&self, id: &str) -> rusqlite::Result<bool> {
        self.connection.prepare_cached("SELECT 1 FROM chat WHERE id = ?")?.exists([id])
    }
}

/// Unique, because a sequence number is unique within its chat.
fn message_id(chat: &str, seq: u32) -> String {
    format!("{chat}-{seq}")
}

fn profiles() -> Vec<ModelProfile> {
    let named = |id: &str, name: &str| {
        let members = [("id", id), ("name", name)].map(|(member, text)| (member.to_owned(), json!(text)));
        ModelProfile(members.into_iter().collect())
    };
    vec![named("small", "Small"), named("large", "Large")]
}
