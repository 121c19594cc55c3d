//! Observes the connections of one scenario: writes the transcript, lints what the subject sends, and records the course of attempts.

use std::sync::Arc;

use relayspec::family::Family;
use serde_json::Value;

use super::client::SharedAttempts;
use super::describe::{describe, describe_sent, packed};
use super::recorder::Recorder;
use super::transcript::Transcript;
use crate::clock::Moment;
use crate::lint::ConnectionLint;
use crate::outcome::{By, Finding};
use crate::transport::encode::CLOSE;
use crate::transport::{Arrival, Observer, OutFrame};

/// The observer of one connection.
pub(super) struct ConnectionObserver {
    pub(super) name: String,
    pub(super) transcript: Arc<Transcript>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) lint: ConnectionLint,
    /// The attempt that became the connection, if a client is under test.
    pub(super) attempt: Option<AcceptedAttempt>,
}

/// An attempt that was accepted, whose further course is recorded.
pub(super) struct AcceptedAttempt {
    pub(super) attempts: SharedAttempts,
    pub(super) index: usize,
    /// The family, and the name of the message that completes its opening.
    pub(super) success: (&'static Family, Option<String>),
}

impl AcceptedAttempt {
    fn sent(&self, at: Moment, frame: &OutFrame, messages: &[Value]) {
        if frame.opcode == CLOSE {
            self.end(at, &describe_sent(frame, None));
        }
        let (family, success) = &self.success;
        let name = |message| (family.naming.name)(message);
        if messages.iter().filter_map(name).any(|name| success.as_deref() == Some(name)) {
            self.attempts.with(|attempts| attempts.succeed(self.index));
        }
    }

    fn received(&self, at: Moment, arrival: &Arrival) {
        if let Arrival::Close { .. } | Arrival::End(_) = arrival {
            let how = format!("the client's {}", describe(arrival, None));
            self.attempts.with(|attempts| attempts.end(self.index, at, &how));
        }
    }

    fn end(&self, at: Moment, how: &str) {
        self.attempts.with(|attempts| attempts.end(self.index, at, how));
    }
}

impl Observer for ConnectionObserver {
    fn sent(&mut self, at: Moment, frame: &OutFrame) {
        let messages = self.lint.sent(frame);
        if let Some(attempt) = &self.attempt {
            attempt.sent(at, frame, &messages);
        }
        let add = |what| self.transcript.add(at, &self.name, By::Runner, what);
        // One write can complete several frames of a stream.
        match messages.len() {
            0 | 1 => add(describe_sent(frame, self.lint.outgoing_packing())),
            _ => messages.iter().for_each(|message| add(packed(message))),
        }
    }

    fn received(&mut self, at: Moment, arrival: &Arrival) {
        self.transcript.add(at, &self.name, By::Subject, describe(arrival, self.lint.incoming_packing()));
        if let Some(attempt) = &self.attempt {
            attempt.received(at, arrival);
        }
        for finding in self.lint.received(arrival) {
            let at_ms = Some(self.transcript.ms(at));
            self.recorder.lint(Finding { connection: Some(self.name.clone()), at_ms, ..finding });
        }
    }
}
