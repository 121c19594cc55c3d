//! The shell of the servers: accept, serve, shut down. The clients' shell is in [`client`].
//!
//! The shell moves bytes and keeps time; protocol decisions are taken in [`crate::server`]. Each connection is one task: [`handshake`], then
//! [`connection`], then [`closing`]. Tasks share the core through the [`hub`], and pass data directly through each other's [`mailbox`].

pub(crate) mod client;

mod bodies;
mod clock;
mod closing;
mod connection;
mod handshake;
mod http;
mod hub;
pub(crate) mod listener;
mod mailbox;
mod message_queue;
pub(crate) mod rpc;
mod strict;
mod sync;
mod system;
mod tunnel;

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use relayspec::pairing::CLOSE_GOING_AWAY;
use relayspec::timing::Timing;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{error, info, warn};

use crate::server::{ServerCore, pairing, terminal};
use closing::Close;
use hub::Hub;

use listener::{accept, listen};
pub use sync::{DatabaseError, SyncOptions, SyncServer};
pub use system::SystemRandom;
pub use tunnel::{TunnelCloud, TunnelOptions};

/// How long connections may take to close at shutdown; with everything else below the 5 s of WIRE-08.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(4500);

/// The part of it that requests in flight may take.
const DRAIN_LIMIT: Duration = Duration::from_millis(3500);

/// The options of a WebSocket server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The timing parameters. All servers use `heartbeat_interval`, `heartbeat_timeout` and `notify_deadline`; a pairing relay also
    /// `code_lifetime` and `code_retention`, a terminal relay `auth_timeout`.
    pub timing: Timing,
    /// The largest accepted message, in bytes as encoded; at least 1 MiB (WIRE-07).
    pub max_message: usize,
}
impl Default for Options {
    /// Any port of 127.0.0.1, default timing, messages of up to 2 MiB.
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 0).into(), timing: Timing::default(), max_message: 2 << 20 }
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be bound.
    #[error("cannot listen on {address}")]
    Listen {
        /// The requested address.
        address: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The limit for messages is too low (WIRE-07).
    #[error("a message limit of {given} bytes is below the required minimum of {least}")]
    MaxMessage {
        /// The requested limit, in bytes.
        given: usize,
        /// The lowest permitted limit, in bytes.
        least: usize,
    },
    /// The limit for bodies is too low (TUN-24).
    #[error("a body limit of {given} bytes is below the required minimum of {least}")]
    MaxBody {
        /// The requested limit, in bytes.
        given: usize,
        /// The lowest permitted limit, in bytes.
        least: usize,
    },
    /// The database of a sync server cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The system has no random bytes, hence there would be no codes (PAIR-14).
    #[error("the system has no random bytes")]
    Entropy(#[from] crate::server::entropy::NoEntropy),
}

/// A listening pairing relay (chapter `pairing`, role `relay`).
pub type PairingRelay = WebSocketServer<pairing::PairingRelayCore<SystemRandom>>;

/// A listening terminal relay (chapter `terminal`, role `relay`).
pub type TerminalRelay = WebSocketServer<terminal::TerminalRelayCore<SystemRandom>>;

/// A listening server.
#[derive(Debug)]
pub struct WebSocketServer<C> {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<ServerShared<C>>,
}

#[derive(Debug)]
struct ServerShared<C> {
    hub: Arc<Hub<C>>,
    timing: Timing,
    max_message: usize,
    /// True from the start of the shutdown.
    closing: watch::Sender<bool>,
}

impl PairingRelay {
    /// Starts to listen. Connections wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// If the address cannot be bound, or an option is invalid.
    pub async fn bind(options: Options) -> Result<Self, BindError> {
        let core = pairing::PairingRelayCore::new(SystemRandom, &options.timing);
        Self::start(core, options).await
    }
}

impl TerminalRelay {
    /// Starts to listen. Connections wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// If the address cannot be bound, or an option is invalid.
    pub async fn bind(options: Options) -> Result<Self, BindError> {
        Self::start(terminal::TerminalRelayCore::new(SystemRandom), options).await
    }
}

impl<C: ServerCore> WebSocketServer<C> {
    async fn start(core: C, options: Options) -> Result<Self, BindError> {
        let Options { listen: address, timing, max_message } = options;
        if max_message < C::LEAST_MESSAGE {
            return Err(BindError::MaxMessage { given: max_message, least: C::LEAST_MESSAGE });
        }
        let hub = Arc::new(Hub::new(core)?);
        let listener = listen(address)?;
        let address = listener.local_addr().map_err(|source| BindError::Listen { address, source })?;
        Ok(Self {
            listener,
            address,
            shared: Arc::new(ServerShared { hub, timing, max_message, closing: watch::Sender::new(false) }),
        })
    }

    /// The address, with the port that the system chose.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` resolves, then stops accepting, closes each open connection with code 1001, and returns within 5 s
    /// (WIRE-08).
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        self.serve_and_drain(shutdown, ready(())).await;
    }

    /// As [`serve`](Self::serve), but waits for `drained` between the last accepted connection and the closing of all.
    async fn serve_and_drain(self, shutdown: impl Future<Output = ()>, drained: impl Future<Output = ()>) {
        let Self { listener, address, shared } = self;
        info!(%address, "the {} is listening", C::NAME);
        let mut shutdown = pin!(shutdown);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                stream = accept(&listener) => {
                    connections.spawn(connection::serve(stream, Arc::clone(&shared)));
                }
                Some(ended) = connections.join_next() => report(ended),
            }
        }
        drop(listener);
        let limit = Instant::now() + SHUTDOWN_LIMIT;
        info!(connections = connections.len(), "the {} shuts down", C::NAME);
        _ = timeout(DRAIN_LIMIT, drained).await;
        shared.closing.send_replace(true);
        shared.hub.close_all(Close { code: CLOSE_GOING_AWAY, reason: "The server shuts down" });
        let all_gone = async {
            while let Some(ended) = connections.join_next().await {
                report(ended);
            }
        };
        if timeout_at(limit, all_gone).await.is_err() {
            warn!(connections = connections.len(), "connections that would not close are aborted");
            connections.shutdown().await;
        }
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        error!(%error, "the task of a connection panicked");
    }
}
