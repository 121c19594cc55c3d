//! Violations between real peers: printed, counted, and turned into an exit status.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use conformance::proxy::{PeerViolation, TranscriptEntry, TranscriptEvent};
use conformance::report::safe;
use relayspec::requirement::{self, Level};

use super::status::ExitStatus;

/// How many columns a message may take.
const WIDTH: usize = 300;

/// The violations so far, and the traffic that was checked.
#[derive(Debug, Default)]
pub(super) struct Violations {
    connections: usize,
    messages: usize,
    /// The connections that could not be decoded, or not to their end.
    unread: usize,
    /// How often a role violated a requirement.
    counts: BTreeMap<(&'static str, String), usize>,
}

impl Violations {
    /// Counts a line of traffic.
    pub(super) fn count(&mut self, entry: &TranscriptEntry) {
        match &entry.event {
            TranscriptEvent::Opened(_) => self.connections += 1,
            TranscriptEvent::Client(message) | TranscriptEvent::Server(message) => {
                self.messages += usize::from(message.is_message());
            }
            TranscriptEvent::Gap(_) => self.unread += 1,
        }
    }

    /// Counts a violation, and describes it.
    pub(super) fn add(&mut self, connection: usize, at_ms: f64, violation: &PeerViolation) -> String {
        let PeerViolation { by, finding } = violation;
        let id = finding.requirement.clone().unwrap_or_default();
        let level = requirement::find(&id).map_or_else(String::new, |found| format!(" {}", found.level));
        let mut text = format!("{:9.3}  connection {connection}  the {by} violates {id}{level}: ", at_ms / 1e3);
        text.push_str(&safe(&finding.what, WIDTH));
        for (name, compared) in [("expected", &finding.expected), ("got", &finding.got)] {
            if let Some(compared) = compared {
                let _ = write!(text, "\n{:>20}  {}", name, safe(compared, WIDTH));
            }
        }
        *self.counts.entry((by, id)).or_default() += 1;
        text
    }

    /// The counts.
    pub(super) fn summary(&self) -> String {
        let total: usize = self.counts.values().sum();
        let mut text = format!("{} connections, {} messages, {total} violations", self.connections, self.messages);
        if self.unread > 0 {
            let _ = write!(text, "; {} connections not decoded to their end", self.unread);
        }
        for ((by, id), count) in &self.counts {
            let _ = write!(text, "\n  {count:>5} × {id} by the {by}");
        }
        text
    }

    /// Status 1 if a MUST was violated.
    pub(super) fn exit(&self) -> ExitStatus {
        let is_must = |id: &str| requirement::find(id).is_none_or(|found| found.level == Level::Must);
        if self.counts.keys().any(|(_, id)| is_must(id)) { ExitStatus::DoesNotConform } else { ExitStatus::Conforms }
    }
}
