//! Mutants of an rpc client.

mod connection;
mod lines;
mod table;

use std::future::pending;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use relayspec::rpc::Message;
use relayspec::timing::Parameter;

use super::daemon::DaemonProxyError;
use super::pass::{self, RpcLink, RpcMutant, locked};
use super::socket::{beside, listen};
use crate::client::Ending;
use crate::mutant::client::{ClientEffects, adjust, driver, position};
use crate::mutant::link::Flow;
use crate::mutant::{Mutant, SelectedMutant};
use crate::net::client::rpc::RpcClientOptions;

pub(crate) const MUTANTS: &[&[Mutant]] = &[table::OPENING, table::CALLS, table::DRIVER];

/// A proxy between an rpc client with a mutant and its daemon, user and system.
#[derive(Debug)]
pub struct RpcClientProxy(ClientEffects, Option<ClientListener>);

#[derive(Debug)]
struct ClientListener {
    mutant: &'static str,
    listener: UnixListener,
    /// The address for the client, and the daemon's.
    socket: PathBuf,
    daemon: PathBuf,
    state: Arc<Mutex<ClientState>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum SessionStatus {
    #[default]
    Away,
    /// `SessionStart` is not acknowledged yet.
    Opening,
    Open,
}

#[derive(Debug, Default)]
struct ClientState {
    up: SessionStatus,
    /// Calls without a connection, and those that were in flight on a lost one.
    missed: Vec<Message>,
    lost: Vec<Message>,
    waiting: usize,
    clings: bool,
    leaves: bool,
    /// The output for the client's user.
    voice: Option<lines::SharedOutput>,
}

impl ClientState {
    fn report(&mut self, line: &str) {
        _ = self.voice.as_mut().map(|voice| voice.write_all(line.as_bytes()).and_then(|()| voice.flush()));
    }
}

impl RpcClientProxy {
    /// Lets a client connect to the proxy, and applies the mutant's policy; fails without a free path for a socket.
    pub fn new(chosen: Option<SelectedMutant>, options: &mut RpcClientOptions) -> Result<Self, DaemonProxyError> {
        let Some(mutant) = chosen.map(|chosen| chosen.mutant.name) else { return Ok(Self(ClientEffects(None), None)) };
        // The folder of the daemon's socket is removed by its owner, even if this process is killed.
        let socket = beside(&options.socket, &format!(".{}", std::process::id()));
        let listener = listen(mutant, &socket).map_err(|source| DaemonProxyError { path: socket.clone(), source })?;
        let daemon = std::mem::replace(&mut options.socket, socket.clone());
        adjust(mutant, &mut options.policy, &mut options.timing, &mut options.deviation);
        if mutant == "patient-with-acks" {
            options.timing.declare(Parameter::ConnectTimeout, std::time::Duration::from_secs(3600));
        }
        Ok(Self(
            ClientEffects(chosen),
            Some(ClientListener { mutant, listener, socket, daemon, state: Arc::default() }),
        ))
    }

    /// The commands for the client.
    pub fn input(&self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        match &self.1 {
            Some(ClientListener { mutant, state, .. }) => {
                let (mutant, state) = (*mutant, Arc::clone(state));
                let hears = move |line: Vec<u8>| {
                    lines::note(mutant, &state, &line);
                    line
                };
                self.0.input(driver::CommandInput::new(input, hears))
            }
            None => self.0.input(input),
        }
    }

    /// The events of the client.
    pub fn output(&self, output: impl Write + Send + 'static) -> Box<dyn Write + Send> {
        match &self.1 {
            Some(ClientListener { mutant: "returns-at-first", state, .. }) => {
                let voice = lines::SharedOutput::new(output);
                locked(state).voice = Some(voice.clone());
                self.0.output(voice)
            }
            Some(ClientListener { mutant: "one-failure-twice", .. }) => {
                self.0.output(lines::RpcEventOutput::new(output))
            }
            _ => self.0.output(output),
        }
    }

    /// Completes when the client is to stop.
    pub fn stop<F: Future<Output = ()>>(&self, stopped: F) -> impl Future<Output = ()> + use<F> {
        let clinging = match &self.1 {
            Some(ClientListener { mutant: "clings-unregistered", state, .. }) => Some(Arc::clone(state)),
            _ => None,
        };
        let stopped = self.0.stop(stopped);
        async move {
            stopped.await;
            let Some(state) = clinging else { return };
            let is_unregistered = {
                let mut state = locked(&state);
                state.clings = state.up != SessionStatus::Open;
                state.clings
            };
            if is_unregistered {
                pending::<()>().await;
            }
        }
    }

    /// Runs a client; returns how it ended.
    pub async fn run(self, client: impl Future<Output = Ending>) -> Ending {
        let Self(effects, middle) = self;
        let Some(ClientListener { mutant, listener, socket, daemon, state }) = middle else { return client.await };
        let ending = pass::serve(listener, daemon.clone(), RpcClientMutant { mutant, state }, client).await;
        _ = std::fs::remove_file(socket);
        effects.ending(ending, || dial(&daemon))
    }
}

fn dial(daemon: &Path) {
    _ = std::os::unix::net::UnixStream::connect(daemon);
}

struct RpcClientMutant {
    mutant: &'static str,
    state: Arc<Mutex<ClientState>>,
}

impl RpcMutant for RpcClientMutant {
    fn talk(&self, number: usize) -> Option<Box<dyn RpcLink>> {
        let is_absent = matches!(position::read(self.mutant), ("absent-from-connection", from) if number >= from);
        if is_absent || self.mutant == "stays-away" && number > 1 {
            return None;
        }
        Some(Box::new(connection::ClientLink::new(self.mutant, Arc::clone(&self.state), number > 1)))
    }

    fn limit(&self, flow: Flow) -> usize {
        match (self.mutant, flow) {
            (_, Flow::In) | ("takes-any-length", _) => usize::MAX,
            ("small-limit", _) => 1 << 20,
            _ => 16 << 20,
        }
    }

    fn beside(&self, number: usize) -> usize {
        let is_doubled = position::read(self.mutant) == ("doubles-connection", number);
        usize::from(is_doubled || self.mutant == "parallel")
    }
}
