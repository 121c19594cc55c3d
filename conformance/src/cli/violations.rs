//! Violations that were seen between real peers: how they are told, counted, and turned into an exit status.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use conformance::proxy::{Line, Seen, Violation};
use conformance::report::safe;
use relayspec::requirement::{self, Level};

use super::exit::Exit;

/// The columns that a message may take.
const WIDTH: usize = 300;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Violations {
    connections: usize,
    messages: usize,
    /// The connections that could not be read, or not to their end.
    unread: usize,
    /// How often a role broke a requirement.
    counts: BTreeMap<(&'static str, String), usize>,
}

impl Violations {
    /// Something passed.
    pub(super) fn line(&mut self, line: &Line) {
        match &line.seen {
            Seen::Opened(_) => self.connections += 1,
            Seen::Client(said) | Seen::Server(said) => self.messages += usize::from(said.is_message()),
            Seen::Gap(_) => self.unread += 1,
        }
    }

    /// Counts a violation; how it is told.
    pub(super) fn add(&mut self, connection: usize, at_ms: f64, violation: &Violation) -> String {
        let Violation { by, finding } = violation;
        let id = finding.requirement.clone().unwrap_or_default();
        let level = requirement::find(&id).map_or_else(String::new, |found| format!(" {}", found.level));
        let mut told = format!("{:9.3}  connection {connection}  the {by} breaks {id}{level}: ", at_ms / 1e3);
        told.push_str(&safe(&finding.what, WIDTH));
        for (name, text) in [("expected", &finding.expected), ("got", &finding.got)] {
            if let Some(text) = text {
                let _ = write!(told, "\n{:>20}  {}", name, safe(text, WIDTH));
            }
        }
        *self.counts.entry((by, id)).or_default() += 1;
        told
    }

    /// All of it in a few words.
    pub(super) fn summary(&self) -> String {
        let total: usize = self.counts.values().sum();
        let mut told = format!("{} connections, {} messages, {total} violations", self.connections, self.messages);
        if self.unread > 0 {
            let _ = write!(told, "; not read to their end: {} connections", self.unread);
        }
        for ((by, id), count) in &self.counts {
            let _ = write!(told, "\n  {count:>5} × {id} by the {by}");
        }
        told
    }

    /// 1 where a MUST was broken.
    pub(super) fn exit(&self) -> Exit {
        let is_must = |id: &str| requirement::find(id).is_none_or(|found| found.level == Level::Must);
        if self.counts.keys().any(|(_, id)| is_must(id)) { Exit::DoesNotConform } else { Exit::Conforms }
    }
}
