//! A client under test in a story: the port that it knocks at, what its driver says, and the record of its attempts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use relayspec::driver::Event;
use serde_json::Value;

use super::attempts::Attempts;
use super::target::{Client, Ending, Line, Started};
use crate::clock::{Clock, Moment};
use crate::scenario::{Bindings, Term};
use crate::transport::{Connection, Listener};

/// A client that the story has started.
pub(super) struct Puppet {
    /// Its name in reports.
    pub(super) name: String,
    /// The client.
    pub(super) client: Arc<dyn Client>,
    /// Where it knocks.
    pub(super) listener: Listener,
    /// Its attempts.
    pub(super) record: Record,
    /// How long it has for its first attempt.
    pub(super) patience: Duration,
    /// Connections that are kept open without anybody in the script to speak on them.
    pub(super) kept: Vec<Connection>,
    /// Events that no step has looked at.
    events: VecDeque<Told>,
    /// Whether standard output has ended.
    silent: bool,
}

/// The attempts of a client, shared with those who see its connections end.
#[derive(Debug, Clone)]
pub(super) struct Record(Arc<Mutex<Attempts>>);

/// An event of a driver.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// When its line was read.
    pub(super) at: Moment,
    /// Its name.
    pub(super) name: String,
    /// The whole event.
    pub(super) event: Value,
}

/// What came on a client's standard output.
pub(super) enum Heard {
    /// An event.
    Event(Told),
    /// A line that should be an event and is none, and what is wrong with it.
    Wrong(Line, String),
    /// Nothing that matters.
    Log,
}

/// More events than this are not kept.
const MOST_EVENTS: usize = 100_000;

impl Record {
    pub(super) fn new(attempts: Attempts) -> Self {
        Self(Arc::new(Mutex::new(attempts)))
    }

    /// Does something with the attempts.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Attempts) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Puppet {
    pub(super) fn new(name: String, started: Started, record: Record, patience: Duration) -> Self {
        let Started { client, listener } = started;
        Self { name, client, listener, record, patience, kept: Vec::new(), events: VecDeque::new(), silent: false }
    }

    /// How its process ended, once it has; nothing where the runner has started none.
    pub(super) fn ended(&self) -> Option<Ending> {
        self.client.process()?.ended()
    }

    /// Takes the next event, or the next of a name.
    pub(super) fn take(&mut self, name: Option<&str>) -> Option<Told> {
        let at = self.events.iter().position(|told| name.is_none_or(|name| told.name == name))?;
        self.events.remove(at)
    }

    /// Takes the first event that matches.
    pub(super) fn take_matching(&mut self, term: &Term, variables: &Bindings) -> Option<Bindings> {
        let matching = |(at, told): (usize, &Told)| Some((at, term.matches(&told.event, variables).ok()?));
        let (at, bindings) = self.events.iter().enumerate().find_map(matching)?;
        self.events.remove(at);
        Some(bindings)
    }

    /// Forgets the events that no step has looked at.
    pub(super) fn forget(&mut self) {
        self.events.clear();
    }

    /// An event with one of these names that no step has looked at.
    pub(super) fn unseen(&self, names: &[String]) -> Option<&Told> {
        self.events.iter().find(|told| names.contains(&told.name))
    }

    /// The names of the events that no step has looked at.
    pub(super) fn waiting(&self) -> Vec<&str> {
        self.events.iter().map(|told| told.name.as_str()).collect()
    }

    /// Waits for one more line until a moment; `None` where none came, or none can come any more.
    pub(super) async fn listen(&mut self, clock: &Clock, until: Moment) -> Option<Heard> {
        if self.silent {
            clock.sleep_until(until).await;
            return None;
        }
        match clock.within(until, self.client.line()).await {
            Some(Some(line)) => Some(self.hear(line)),
            Some(None) => {
                self.silent = true;
                None
            }
            None => None,
        }
    }

    fn hear(&mut self, line: Line) -> Heard {
        let text = match &line.text {
            Ok(text) => text,
            Err(problem) => {
                let problem = problem.clone();
                return Heard::Wrong(line, problem);
            }
        };
        match Event::read(text) {
            Ok(None) => Heard::Log,
            Err(error) => {
                let problem = error.to_string();
                Heard::Wrong(line, problem)
            }
            Ok(Some(event)) => {
                let value = serde_json::from_str(text).unwrap_or_default();
                let told = Told { at: line.at, name: event.name().to_owned(), event: value };
                if self.events.len() < MOST_EVENTS {
                    self.events.push_back(told.clone());
                }
                Heard::Event(told)
            }
        }
    }
}
