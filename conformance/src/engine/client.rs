//! A client under test: its listener, the events of its driver, and the record of its attempts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use relayspec::driver::Event;
use serde_json::Value;

use super::attempts::AttemptLog;
use super::target::{OutputLine, ProcessExit, RunningClient, StartedClient};
use crate::clock::{Clock, Moment};
use crate::scenario::{Bindings, Term};
use crate::transport::{Connection, Listener};

/// A client that the scenario has started.
pub(super) struct ClientUnderTest {
    /// Its name in reports.
    pub(super) name: String,
    /// The client.
    pub(super) process: Arc<dyn RunningClient>,
    /// Where it connects.
    pub(super) listener: Listener,
    /// Its attempts.
    pub(super) attempts: SharedAttempts,
    /// How long it has for its first attempt.
    pub(super) patience: Duration,
    /// Connections that are kept open although the script does not use them.
    pub(super) kept: Vec<Connection>,
    /// Events that no step has taken.
    events: VecDeque<DriverEvent>,
    /// Whether standard output has ended.
    output_ended: bool,
}

/// The attempts of a client, shared with the observers of its connections.
#[derive(Debug, Clone)]
pub(super) struct SharedAttempts(Arc<Mutex<AttemptLog>>);

/// An event of a driver.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DriverEvent {
    /// When its line was read.
    pub(super) at: Moment,
    /// Its name.
    pub(super) name: String,
    /// The whole event.
    pub(super) value: Value,
}

/// A line of a client's standard output.
pub(super) enum DriverOutput {
    /// An event.
    Event(DriverEvent),
    /// A line that looks like an event and is invalid, and what is wrong with it.
    Invalid(OutputLine, String),
    /// Log output.
    Log,
}

/// More events than this are not kept.
const MAX_EVENTS: usize = 100_000;

impl SharedAttempts {
    pub(super) fn new(attempts: AttemptLog) -> Self {
        Self(Arc::new(Mutex::new(attempts)))
    }

    /// Accesses the attempts.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut AttemptLog) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientUnderTest {
    pub(super) fn new(name: String, started: StartedClient, attempts: SharedAttempts, patience: Duration) -> Self {
        let StartedClient { client: process, listener } = started;
        Self {
            name,
            process,
            listener,
            attempts,
            patience,
            kept: Vec::new(),
            events: VecDeque::new(),
            output_ended: false,
        }
    }

    /// How its process ended; `None` if it has not, or the runner has not started it.
    pub(super) fn ended(&self) -> Option<ProcessExit> {
        self.process.process()?.ended()
    }

    /// Takes the next event, or the next of a name.
    pub(super) fn take(&mut self, name: Option<&str>) -> Option<DriverEvent> {
        let at = self.events.iter().position(|event| name.is_none_or(|name| event.name == name))?;
        self.events.remove(at)
    }

    /// Takes the first event that matches.
    pub(super) fn take_matching(&mut self, term: &Term, variables: &Bindings) -> Option<Bindings> {
        let matching = |(at, event): (usize, &DriverEvent)| Some((at, term.matches(&event.value, variables).ok()?));
        let (at, bindings) = self.events.iter().enumerate().find_map(matching)?;
        self.events.remove(at);
        Some(bindings)
    }

    /// Discards the events that no step has taken.
    pub(super) fn discard_events(&mut self) {
        self.events.clear();
    }

    /// An event with one of these names that no step has taken.
    pub(super) fn pending(&self, names: &[String]) -> Option<&DriverEvent> {
        self.events.iter().find(|event| names.contains(&event.name))
    }

    /// The names of the events that no step has taken.
    pub(super) fn pending_names(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.name.as_str()).collect()
    }

    /// Waits for one more line until a moment; `None` if none came, or none can come any more.
    pub(super) async fn next_output(&mut self, clock: &Clock, until: Moment) -> Option<DriverOutput> {
        if self.output_ended {
            clock.sleep_until(until).await;
            return None;
        }
        match clock.within(until, self.process.line()).await {
            Some(Some(line)) => Some(self.parse(line)),
            Some(None) => {
                self.output_ended = true;
                None
            }
            None => None,
        }
    }

    fn parse(&mut self, line: OutputLine) -> DriverOutput {
        let text = match &line.text {
            Ok(text) => text,
            Err(error) => {
                let why = error.to_string();
                return DriverOutput::Invalid(line, why);
            }
        };
        match Event::read(text) {
            Ok(None) => DriverOutput::Log,
            Err(error) => DriverOutput::Invalid(line, error.to_string()),
            Ok(Some(event)) => {
                let value = serde_json::from_str(text).unwrap_or_default();
                let event = DriverEvent { at: line.at, name: event.name().to_owned(), value };
                if self.events.len() < MAX_EVENTS {
                    self.events.push_back(event.clone());
                }
                DriverOutput::Event(event)
            }
        }
    }
}
