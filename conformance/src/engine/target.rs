//! What the engine needs of a subject. The code that finds, starts and ends subjects implements these traits.

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::str::Utf8Error;
use std::sync::Arc;
use std::time::Duration;

use relayspec::driver::Params;
use relayspec::family::{Family, MessageFraming};
use relayspec::reconnect::Policy;
use relayspec::timing::Timing;
use serde_json::{Value, json};

use crate::clock::Moment;
use crate::scenario::Bindings;
use crate::scenario::step::EndBy;
use crate::transport::{Listener, Route};

/// A future in a box.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a subject could not be started, restarted or signalled.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// Only the processes that the runner started can be restarted.
    #[error("the runner did not start it")]
    NotStartedByRunner,
    /// Its process has no id, or the system refuses the signal.
    #[error("cannot send the signal: {0}")]
    Signal(#[source] io::Error),
    /// It cannot be started.
    #[error("{0}")]
    Start(#[source] Box<dyn Error + Send + Sync>),
}

/// A server or client under test. Dropping the last reference ends what was started for it.
pub trait SystemUnderTest: Send + Sync {
    /// Its process, if the runner started it.
    fn process(&self) -> Option<&dyn Process>;

    /// The end of what it printed.
    fn output(&self) -> String;
}

/// A server under test that can be connected to.
pub trait Target: SystemUnderTest {
    /// How to reach it.
    fn route(&self) -> &Route;

    /// Ends its process and starts it again with the same command at the same address.
    ///
    /// # Errors
    /// If it cannot be started again, or the runner did not start it.
    fn restart(&self, _by: EndBy) -> Boxed<'_, Result<(), SubjectError>> {
        Box::pin(std::future::ready(Err(SubjectError::NotStartedByRunner)))
    }

    /// Starts a second process with the same command at the same address: how it ended within this time, if it did.
    ///
    /// # Errors
    /// If it cannot be started.
    fn rival(&self, _within: Duration) -> Boxed<'_, Result<Option<ProcessExit>, SubjectError>> {
        Box::pin(std::future::ready(Err(SubjectError::NotStartedByRunner)))
    }

    /// The values that it declares for scenarios to use.
    fn params(&self) -> &Bindings;
}

/// The process of a subject.
pub trait Process: Send + Sync {
    /// Sends SIGTERM to the process and its descendants.
    ///
    /// # Errors
    /// If the system refuses.
    fn terminate(&self) -> Result<(), SubjectError>;

    /// The resident memory of the process and its descendants, in bytes; `None` if unknown.
    fn memory(&self) -> Option<u64>;

    /// How long its threads have waited for a processor in total; `None` if unknown.
    fn starved(&self) -> Option<Duration>;

    /// How it ended, if it has.
    fn ended(&self) -> Option<ProcessExit>;
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessExit {
    /// Its exit status; none if a signal ended it.
    pub code: Option<i32>,
    /// A description, such as `exit status: 7`.
    pub description: String,
}

/// Starts a server for a single scenario.
pub trait Launcher: Send + Sync {
    /// Starts it and waits until it accepts connections.
    ///
    /// # Errors
    /// If it does not start in time.
    fn launch(&self) -> Boxed<'_, Result<Arc<dyn Target>, SubjectError>>;
}

/// A client under test.
pub trait RunningClient: SystemUnderTest {
    /// Writes a command of the driver protocol; false if its standard input is closed.
    fn send_command(&self, line: String) -> bool;

    /// The next line of its standard output; `None` after the last. Cancel-safe.
    fn line(&self) -> Boxed<'_, Option<OutputLine>>;
}

/// A line on a client's standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// When its end was read.
    pub at: Moment,
    /// The line without its line feed, or what is wrong with it.
    pub text: Result<String, OutputLineError>,
}

/// What is wrong with a line of output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutputLineError {
    /// It is too long to be kept.
    #[error("a line of {bytes} bytes; the limit is {limit}")]
    TooLong {
        /// Its length, in bytes.
        bytes: usize,
        /// The longest line that is kept, in bytes.
        limit: usize,
    },
    /// It is not UTF-8.
    #[error("a line that is not UTF-8: {0}")]
    NotUtf8(#[source] Utf8Error),
    /// An event without its line feed.
    #[error("an unfinished line: {0}")]
    Unfinished(String),
}

/// How a client is to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct StartOptions {
    /// The path to connect to.
    pub path: &'static str,
    /// How messages travel.
    pub travel: MessageFraming,
    /// The id of the scenario.
    pub scenario: String,
    /// The params of the driver protocol.
    pub params: Value,
}

impl StartOptions {
    /// The default call for a client of a role; `None` if its family has no endpoint for that role.
    #[must_use]
    pub fn new(scenario: String, family: &Family, role: &str, timing: &Timing, policy: Policy) -> Option<Self> {
        let endpoint = family.endpoint_of(role)?;
        let params = Params { timing: timing.whole(), reconnect: Some(policy), ..Params::default() };
        let mut params = serde_json::to_value(&params).unwrap_or_default();
        for (name, text) in (family.opening)(role).params {
            params[*name] = json!(text);
        }
        Some(Self { path: endpoint.path, travel: family.framing, scenario, params })
    }
}

/// A client that was started, and the listener it connects to.
pub struct StartedClient {
    /// The client.
    pub client: Arc<dyn RunningClient>,
    /// Where it connects.
    pub listener: Listener,
}

/// Starts clients.
pub trait Starter: Send + Sync {
    /// Starts one.
    ///
    /// # Errors
    /// If it cannot be started.
    fn start(&self, call: StartOptions) -> Boxed<'_, Result<StartedClient, SubjectError>>;

    /// Whether it speaks the driver protocol.
    fn has_driver(&self) -> bool;

    /// Whether all scenarios share one client, which may then have lost an earlier connection.
    fn is_shared(&self) -> bool {
        false
    }

    /// Replaces a shared client that does not reconnect.
    fn renew(&self) -> Boxed<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// What a part of a run tests.
#[derive(Clone)]
pub enum Subject {
    /// A server.
    Server {
        /// The server that all scenarios share.
        target: Arc<dyn Target>,
        /// Starts a dedicated server for a scenario that needs one, if the server has a command.
        launcher: Option<Arc<dyn Launcher>>,
    },
    /// A client.
    Client(Arc<dyn Starter>),
}
