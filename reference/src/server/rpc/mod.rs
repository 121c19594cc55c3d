//! The daemon of the rpc family, without sockets and files: frames go in, answers and records of the journal come out.
//!
//! Whoever drives it writes the records before the answers: what is acknowledged is kept (RPC-13).

mod journal;
mod sessions;

pub use journal::Damaged;

use relayspec::rpc::{Frame, Message, Request, Response, SESSIONS};

use sessions::Sessions;

/// A journal is not written anew before it has so many bytes.
const SMALLEST_REWRITE: usize = 4 << 20;

/// A daemon.
#[derive(Debug, Default)]
pub struct Daemon {
    sessions: Sessions,
    /// Records that are to be written.
    records: Vec<u8>,
    /// The length of the journal, the records included, in bytes.
    length: usize,
    /// From this length on it is written anew.
    rewrite_at: usize,
}

/// What is to become of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writing {
    /// These bytes belong behind what is there.
    Append(Vec<u8>),
    /// These bytes take the place of all that is there.
    Replace(Vec<u8>),
}

impl Daemon {
    /// The daemon that had written this journal. Its first writing takes the journal's place.
    ///
    /// # Errors
    /// Where a record of it is damaged; a piece of one at its end is no damage.
    pub fn restore(journal: &[u8]) -> Result<Self, Damaged> {
        let mut daemon = Self::default();
        journal::read(journal, |message| _ = daemon.sessions.take(message))?;
        Ok(daemon)
    }

    /// Answers a frame (RPC-01).
    pub fn answer(&mut self, frame: Frame, out: &mut Vec<u8>) {
        let Frame { id, message } = frame;
        let message = match message {
            Message::Request(request) => Message::Response(self.asked(request)),
            told => {
                if self.sessions.take(&told) {
                    let before = self.records.len();
                    journal::write(told, &mut self.records);
                    self.length += self.records.len() - before;
                }
                Message::Ack
            }
        };
        Frame { id, message }.encode_to(out);
    }

    fn asked(&self, request: Request) -> Response {
        let content = match &*request.query {
            SESSIONS => self.sessions.told(&request.session_id, &request.scope),
            _ => String::new(),
        };
        Response { request_id: request.request_id, content, is_streaming: false, is_final: true }
    }

    /// What has to be written before any answer goes out, if anything.
    pub fn writing(&mut self) -> Option<Writing> {
        if self.records.is_empty() && self.rewrite_at > 0 {
            return None;
        }
        if self.length < self.rewrite_at {
            return Some(Writing::Append(std::mem::take(&mut self.records)));
        }
        self.records = Vec::new();
        let mut whole = Vec::new();
        self.sessions.messages().for_each(|message| journal::write(message, &mut whole));
        self.length = whole.len();
        self.rewrite_at = SMALLEST_REWRITE.max(2 * whole.len());
        Some(Writing::Replace(whole))
    }
}

#[cfg(test)]
mod tests;
