//! The sans-I/O core of the rpc daemon: frames go in, answers and journal records come out.
//!
//! The shell writes the records before the answers, so that acknowledged state survives (RPC-13).

mod journal;
mod sessions;

pub(crate) use journal::DamagedJournal;

use relayspec::rpc::{Frame, Message, Request, Response, SESSIONS};

use sessions::SessionTable;

/// The least size of a journal that is compacted, in bytes.
const SMALLEST_REWRITE: usize = 4 << 20;

#[derive(Debug, Default)]
pub(crate) struct DaemonCore {
    sessions: SessionTable,
    records: Vec<u8>,
    /// The length of the journal including `records`, in bytes.
    length: usize,
    /// The length at which the journal is compacted.
    rewrite_at: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JournalWrite {
    Append(Vec<u8>),
    Replace(Vec<u8>),
}

impl DaemonCore {
    /// Restores the daemon that wrote this journal. Its first write replaces the journal.
    pub(crate) fn restore(journal: &[u8]) -> Result<Self, DamagedJournal> {
        let mut daemon = Self::default();
        journal::read(journal, |message| _ = daemon.sessions.take(message))?;
        Ok(daemon)
    }

    /// Answers a frame (RPC-01).
    pub(crate) fn answer(&mut self, frame: Frame, out: &mut Vec<u8>) {
        let Frame { id, message } = frame;
        let message = match message {
            Message::Request(request) => Message::Response(self.asked(request)),
            notification => {
                if self.sessions.take(&notification) {
                    let before = self.records.len();
                    journal::write(notification, &mut self.records);
                    self.length += self.records.len() - before;
                }
                Message::Ack
            }
        };
        Frame { id, message }.encode_to(out);
    }

    fn asked(&self, request: Request) -> Response {
        let content = match &*request.query {
            SESSIONS => self.sessions.summaries(&request.session_id, &request.scope),
            _ => String::new(),
        };
        Response { request_id: request.request_id, content, is_streaming: false, is_final: true }
    }

    /// What must be written before any answer is sent, if anything.
    pub(crate) fn journal_write(&mut self) -> Option<JournalWrite> {
        if self.records.is_empty() && self.rewrite_at > 0 {
            return None;
        }
        if self.length < self.rewrite_at {
            return Some(JournalWrite::Append(std::mem::take(&mut self.records)));
        }
        self.records = Vec::new();
        let mut whole = Vec::new();
        self.sessions.messages().for_each(|message| journal::write(message, &mut whole));
        self.length = whole.len();
        self.rewrite_at = SMALLEST_REWRITE.max(2 * whole.len());
        Some(JournalWrite::Replace(whole))
    }
}

#[cfg(test)]
mod tests;
