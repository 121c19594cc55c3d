//! Projects, chats and messages in SQLite.
//!
//! A file is in write-ahead mode, and its transactions are handed to the system before anybody is told of them: what was answered is there
//! again after the process was killed. The system itself is trusted: after a loss of power the latest transactions may be missing, the file
//! is whole all the same. One process has a file for itself, since the order of its jobs is the order of what is pushed.

use std::path::Path;
use std::time::Duration;

use relayspec::sync::{Chat, Lists, Message, ModelProfile, Project, Snapshot, Topic};
use rusqlite::{Connection, params};
use serde_json::json;

use crate::server::sync::{Job, Outcome};

/// What the tables look like.
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
/// What a new database begins with.
const EXAMPLES: &str = "
    INSERT INTO project VALUES ('garden', 'Garden'), ('kitchen', 'Kitchen');
    INSERT INTO chat VALUES
        ('roses', 'garden', 'Roses'), ('tulips', 'garden', 'Tulips'), ('soup', 'kitchen', 'Soup');
";
/// The version of the tables, in the file.
const VERSION: i64 = 1;
/// Who says what a client sends.
const ROLE: &str = "user";
/// How long another process that has the file is waited for; it may be about to end.
const PATIENCE: Duration = Duration::from_secs(2);
const UNKNOWN_CHAT: &str = "No chat has this id.";
const UNKNOWN_PROJECT: &str = "No project has this id.";

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// What SQLite says.
    #[error("the database cannot be used: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Another version of this program made it.
    #[error("the database has version {0}, and this program knows version {VERSION}")]
    Version(i64),
}

/// A database that is open.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
}

/// What came of a job, why nothing did, or what is wrong with the database.
type Done = Result<Result<Outcome, &'static str>, rusqlite::Error>;

impl Database {
    /// Opens a file, or without one a database that nobody else sees and that is gone with the process.
    pub(super) fn open(file: Option<&Path>) -> Result<Self, DatabaseError> {
        let connection = match file {
            Some(file) => Connection::open(file)?,
            None => Connection::open("")?, // A temporary file of SQLite's own.
        };
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let database = Self { connection };
        database.begin()?; // From here on the file is this process's own.
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

    /// Begins a transaction that may write.
    pub(super) fn begin(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")
    }

    /// Ends it: what was written lasts.
    pub(super) fn commit(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch("COMMIT")
    }

    /// Ends it, if there is one, and forgets what was written.
    pub(super) fn give_up(&self) {
        // Without a transaction there is nothing to forget.
        _ = self.connection.execute_batch("ROLLBACK");
    }

    /// Does a job within a transaction.
    pub(super) fn perform(&self, job: Job) -> Done {
        Ok(match job {
            Job::Lists => Ok(Outcome::Lists(self.lists()?)),
            Job::Snapshot(topic) => self.snapshot(topic)?.map(Outcome::Snapshot),
            Job::Unsubscribe(topic) => Ok(Outcome::Unsubscribed(topic)),
            Job::Write { chat, content } => self.write(chat, content)?.map(Outcome::Written),
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

    /// Makes a chat, unless there is no such project.
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

/// What no other message is called: its chat and its number.
fn message_id(chat: &str, seq: u32) -> String {
    format!("{chat}-{seq}")
}

/// The models that this example would offer, if it had any.
fn profiles() -> Vec<ModelProfile> {
    let named = |id: &str, name: &str| {
        let members = [("id", id), ("name", name)].map(|(member, text)| (member.to_owned(), json!(text)));
        ModelProfile(members.into_iter().collect())
    };
    vec![named("small", "Small"), named("large", "Large")]
}
