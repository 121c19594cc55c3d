//! What the engine needs of a subject. Who finds, starts and ends subjects implements these traits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use relayspec::driver::Params;
use relayspec::family::{Family, Travel};
use relayspec::reconnect::Policy;
use relayspec::timing::Timing;
use serde_json::{Value, json};

use crate::clock::Moment;
use crate::scenario::Bindings;
use crate::scenario::step::EndBy;
use crate::transport::{Listener, Route};

/// A future in a box.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is judged, whichever side it takes. Dropping the last reference ends what was started for it.
pub trait SystemUnderTest: Send + Sync {
    /// Its process, where the runner started it.
    fn process(&self) -> Option<&dyn Process>;

    /// What it printed last.
    fn output(&self) -> String;
}

/// A server under test that can be connected to.
pub trait Target: SystemUnderTest {
    /// How to reach it.
    fn route(&self) -> &Route;

    /// Ends its process and starts it again, by the same command and at the same address.
    ///
    /// # Errors
    /// Where it cannot be started again, or the runner has not started it.
    fn restart(&self, _by: EndBy) -> Boxed<'_, Result<(), String>> {
        Box::pin(std::future::ready(Err(NOT_STARTED.to_owned())))
    }

    /// Starts a second process by the same command at the same address: how it ended within this time, if it did.
    ///
    /// # Errors
    /// Where none can be started.
    fn rival(&self, _within: Duration) -> Boxed<'_, Result<Option<Ending>, String>> {
        Box::pin(std::future::ready(Err(NOT_STARTED.to_owned())))
    }
    /// What it declares of itself for scenarios to use.
    fn params(&self) -> &Bindings;
}

const NOT_STARTED: &str = "the runner has not started it";

/// The process of a subject.
pub trait Process: Send + Sync {
    /// Sends SIGTERM to the process and all that it has started.
    ///
    /// # Errors
    /// Where the system refuses.
    fn terminate(&self) -> Result<(), String>;

    /// The resident memory of the process and its descendants, in bytes; `None` where the system does not tell.
    fn memory(&self) -> Option<u64>;

    /// How long its threads have waited for a processor, in all; `None` where the system does not tell.
    fn starved(&self) -> Option<Duration>;

    /// How it ended, once it has.
    fn ended(&self) -> Option<Ending>;
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Its exit status; none where a signal ended it.
    pub code: Option<i32>,
    /// In words.
    pub description: String,
}

/// Starts a server for one scenario alone.
pub trait Launcher: Send + Sync {
    /// Starts it and waits until it can be connected to.
    fn launch(&self) -> Boxed<'_, Result<Arc<dyn Target>, String>>;
}

/// A client under test.
pub trait Client: SystemUnderTest {
    /// Writes a command of the driver protocol; false where nobody reads it any more.
    fn send_command(&self, line: String) -> bool;

    /// The next line that it has printed on standard output; `None` after the last. May be dropped and called again without loss.
    fn line(&self) -> Boxed<'_, Option<OutputLine>>;
}

/// A line on a client's standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputLine {
    /// When its end was read.
    pub at: Moment,
    /// The line, without its end; or what is wrong with it.
    pub text: Result<String, String>,
}

/// How a client is to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The path that it is to connect to.
    pub path: &'static str,
    /// How messages travel to there.
    pub travel: Travel,
    /// The id of the scenario.
    pub scenario: String,
    /// What is handed over, as the driver protocol has it.
    pub params: Value,
}

impl Call {
    /// The call that a client of a role gets in any case; nothing where its family has no endpoint for it.
    #[must_use]
    pub fn new(scenario: String, family: &Family, role: &str, timing: &Timing, policy: Policy) -> Option<Self> {
        let endpoint = family.endpoint_of(role)?;
        let params = Params { timing: timing.whole(), reconnect: Some(policy), ..Params::default() };
        let mut params = serde_json::to_value(&params).unwrap_or_default();
        for (name, text) in (family.welcome)(role).params {
            params[*name] = json!(text);
        }
        Some(Self { path: endpoint.path, travel: family.travel, scenario, params })
    }
}

/// A client that was started, and where it knocks.
pub struct Started {
    /// The client.
    pub client: Arc<dyn Client>,
    /// The port that it was told of.
    pub listener: Listener,
}

/// Starts clients.
pub trait Starter: Send + Sync {
    /// Starts one.
    fn start(&self, call: Call) -> Boxed<'_, Result<Started, String>>;

    /// Whether it speaks the driver protocol.
    fn has_driver(&self) -> bool;

    /// Whether all scenarios share one client, which then has a past: it was connected, and lost that connection.
    fn is_shared(&self) -> bool {
        false
    }

    /// A shared client does not come back: sees to it that the next start finds another.
    fn renew(&self) -> Boxed<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// What a part of a run judges.
#[derive(Clone)]
pub enum Subject {
    /// A server, and what starts others like it, where it is known by a command.
    Server {
        /// The server that all scenarios share.
        target: Arc<dyn Target>,
        /// Starts a server of its own for a scenario that needs one.
        launcher: Option<Arc<dyn Launcher>>,
    },
    /// A client.
    Client(Arc<dyn Starter>),
}
