//! The shell of the relays: accept, serve, shut down. (That of the clients is in [`client`].)
//!
//! The shell moves bytes and keeps time; what the protocol speaks of is decided in [`crate::server`]. Each connection is one
//! task: [`handshake`], then [`connection`], then [`closing`]. Tasks meet in [`hub`], which is asked for what needs the state of
//! the relay, and in each other's [`mailbox`], where `data` goes directly.

pub(crate) mod client;

mod bodies;
mod clock;
mod closing;
mod connection;
mod handshake;
mod hub;
mod letters;
pub(crate) mod listener;
mod mailbox;
pub(crate) mod rpc;
mod strict;
mod sync;
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

use crate::server::{Core, pairing, terminal};
use closing::Close;
use hub::Hub;
pub use hub::System;
use listener::{accept, listen};
pub use sync::{DatabaseError, SyncOptions, SyncServer};
pub use tunnel::{TunnelCloud, TunnelOptions};

/// How long connections may take to close when the relay shuts down; with what else there is to do, less than 5 s (WIRE-08).
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(4500);

/// How much of that what is under way has to come to its end.
const DRAIN_LIMIT: Duration = Duration::from_millis(3500);

/// How a relay runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The timing parameters. All relays use `heartbeat_interval`, `heartbeat_timeout` and `notify_deadline`; a pairing relay
    /// `code_lifetime` and `code_retention` too, and a terminal relay `auth_timeout`.
    pub timing: Timing,
    /// The largest message that is accepted, in bytes as encoded; at least 1 MiB (WIRE-07).
    pub max_message: usize,
}

impl Default for Options {
    /// Any port of 127.0.0.1, the timing of the chapter, messages of up to 2 MiB.
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 0).into(), timing: Timing::default(), max_message: 2 << 20 }
    }
}

/// Why a relay cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be listened at.
    #[error("cannot listen at {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The limit for messages is below what every relay has to accept (WIRE-07).
    #[error("a limit of {given} bytes for messages is below {least}, which every server of the family has to accept")]
    MaxMessage {
        /// The limit that was asked for, in bytes.
        given: usize,
        /// The least that it may be, in bytes.
        least: usize,
    },
    /// The limit for bodies is below what every cloud has to accept (TUN-24).
    #[error("a limit of {given} bytes for bodies is below {least}, which every cloud has to accept")]
    MaxBody {
        /// The limit that was asked for, in bytes.
        given: usize,
        /// The least that it may be, in bytes.
        least: usize,
    },
    /// The database of a sync server cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The thread of the database cannot be started.
    #[error("no thread can be started")]
    Thread(#[source] io::Error),
    /// The system gives no random bytes, so there would be no codes (PAIR-14).
    #[error("the system gives no random bytes")]
    Entropy(#[from] crate::server::entropy::NoEntropy),
}

/// A pairing relay that listens (chapter `pairing`, role `relay`).
pub type PairingRelay = Server<pairing::Relay<System>>;

/// A terminal relay that listens (chapter `terminal`, role `relay`).
pub type TerminalRelay = Server<terminal::Relay<System>>;

/// A relay that listens.
#[derive(Debug)]
pub struct Server<C> {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared<C>>,
}

/// What all connections share.
#[derive(Debug)]
struct Shared<C> {
    hub: Arc<Hub<C>>,
    timing: Timing,
    max_message: usize,
    /// True once the relay shuts down.
    closing: watch::Sender<bool>,
}

impl PairingRelay {
    /// Starts to listen. Connections wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// Where the address cannot be listened at, or an option makes no sense.
    pub async fn bind(options: Options) -> Result<Self, BindError> {
        let core = pairing::Relay::new(System, &options.timing);
        Self::start(core, options).await
    }
}

impl TerminalRelay {
    /// Starts to listen. Connections wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// Where the address cannot be listened at, or an option makes no sense.
    pub async fn bind(options: Options) -> Result<Self, BindError> {
        Self::start(terminal::Relay::new(System), options).await
    }
}

impl<C: Core> Server<C> {
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
            shared: Arc::new(Shared { hub, timing, max_message, closing: watch::Sender::new(false) }),
        })
    }

    /// The address that the relay listens at, with the port that the system chose.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the future is ready; then takes no further connection, closes each open one with code 1001, and returns
    /// within 5 s, when all of them are gone (WIRE-08).
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        self.serve_and_drain(shutdown, ready(())).await;
    }

    /// The same; between the last connection that is taken and the closing of all it waits for a future.
    async fn serve_and_drain(self, shutdown: impl Future<Output = ()>, drained: impl Future<Output = ()>) {
        let Self { listener, address, shared } = self;
        info!(%address, "the {} listens", C::NAME);
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
        shared.hub.close_all(Close { code: CLOSE_GOING_AWAY, reason: "The relay shuts down" });
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
