//! The state in which steps are executed: of a scenario, or of one iteration inside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Mutex, OwnedSemaphorePermit};

use super::barrier::Barrier;
use super::client::ClientUnderTest;
use super::connection_state::ConnectionState;
use super::failure::Stop;
use super::scenario_run::ScenarioRun;
use super::target::Subject;
use crate::clock::Clock;
use crate::outcome::By;
use crate::scenario::Bindings;
use crate::transport::Side;
use crate::transport::http::{Exchange, HttpServer};

/// The state in which steps are executed.
pub(super) struct Executor {
    pub(super) run: Arc<ScenarioRun>,
    pub(super) connections: BTreeMap<String, Arc<Mutex<ConnectionState>>>,
    /// Connections that it opened itself.
    pub(super) own_connections: Vec<String>,
    pub(super) clients: BTreeMap<String, Arc<Mutex<ClientUnderTest>>>,
    /// Clients that it started itself.
    pub(super) own_clients: Vec<String>,
    /// HTTP servers of the script.
    pub(super) servers: BTreeMap<String, Arc<HttpServer>>,
    /// HTTP servers that it opened itself.
    pub(super) own_servers: Vec<String>,
    /// HTTP requests sent by either side.
    pub(super) exchanges: BTreeMap<String, Arc<Mutex<Exchange>>>,
    pub(super) variables: Bindings,
    /// The suffix of names in reports: `#3` in the third iteration.
    pub(super) iteration: String,
    pub(super) barrier: Option<Arc<Barrier>>,
    /// The permit of an iteration, until it first meets the others.
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

impl Executor {
    pub(super) fn new(run: Arc<ScenarioRun>) -> Self {
        let declared = run.target().map(|target| target.params().clone()).unwrap_or_default();
        let needed = |name: &String| Some((name.clone(), declared.get(name)?.clone()));
        let variables = run.scenario.script.params.iter().filter_map(needed).collect();
        Self {
            run,
            connections: BTreeMap::new(),
            own_connections: Vec::new(),
            clients: BTreeMap::new(),
            own_clients: Vec::new(),
            servers: BTreeMap::new(),
            own_servers: Vec::new(),
            exchanges: BTreeMap::new(),
            variables,
            iteration: String::new(),
            barrier: None,
            permit: None,
        }
    }

    /// The executor of an iteration: it sees all that this one has, and keeps what it adds.
    pub(super) fn iteration(&self, number: usize, barrier: &Arc<Barrier>) -> Self {
        Self {
            run: Arc::clone(&self.run),
            connections: self.connections.clone(),
            own_connections: Vec::new(),
            clients: self.clients.clone(),
            own_clients: Vec::new(),
            servers: self.servers.clone(),
            own_servers: Vec::new(),
            exchanges: self.exchanges.clone(),
            variables: self.variables.clone(),
            iteration: format!("{}#{number}", self.iteration),
            barrier: Some(Arc::clone(barrier)),
            permit: None,
        }
    }

    pub(super) fn connection(&self, name: &str) -> Result<Arc<Mutex<ConnectionState>>, Stop> {
        find(&self.connections, "connection", name)
    }

    pub(super) fn client(&self, name: &str) -> Result<Arc<Mutex<ClientUnderTest>>, Stop> {
        find(&self.clients, "client", name)
    }

    pub(super) fn server(&self, name: &str) -> Result<Arc<HttpServer>, Stop> {
        find(&self.servers, "server", name)
    }

    pub(super) fn exchange(&self, name: &str) -> Result<Arc<Mutex<Exchange>>, Stop> {
        find(&self.exchanges, "request", name)
    }

    /// The name of a connection in reports: an iteration's connections carry its number.
    pub(super) fn full_name(&self, name: &str) -> String {
        format!("{name}{}", self.iteration)
    }

    /// The side that the runner takes.
    pub(super) fn side(&self) -> Side {
        match self.run.subject {
            Subject::Server { .. } => Side::Client,
            Subject::Client(_) => Side::Server,
        }
    }

    /// Whether messages travel as frames on a Unix stream socket.
    pub(super) fn is_framed(&self) -> bool {
        self.run.scenario.family.is_framed()
    }

    /// Adds what the runner does to the transcript.
    pub(super) fn log(&self, name: &str, what: impl Into<String>) {
        self.run.transcript.add(self.clock().now(), name, By::Runner, what.into());
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.run.context.clock
    }
}

fn find<T>(all: &BTreeMap<String, Arc<T>>, kind: &str, name: &str) -> Result<Arc<T>, Stop> {
    all.get(name).map(Arc::clone).ok_or_else(|| Stop::Internal(format!("unknown {kind} `{name}`")))
}
