//! The servers: bind, accept, shut down.

use std::future::ready;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use relayspec::pairing::CLOSE_GOING_AWAY;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{error, info, warn};

use super::closing::Close;
use super::connection;
use super::hub::Hub;
use super::listener::{accept, listen};
use super::options::{BindError, Options};
use super::shared::ServerShared;
use super::system::SystemRandom;
use crate::server::{ServerCore, pairing, terminal};

/// How long connections may take to close at shutdown; with everything else below the 5 s of WIRE-08.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(4500);

/// The part of it that requests in flight may take.
const DRAIN_LIMIT: Duration = Duration::from_millis(3500);

/// A listening pairing relay (chapter `pairing`, role `relay`).
pub type PairingRelay = WebSocketServer<pairing::PairingRelayCore<SystemRandom>>;

/// A listening terminal relay (chapter `terminal`, role `relay`).
pub type TerminalRelay = WebSocketServer<terminal::TerminalRelayCore<SystemRandom>>;

/// A listening server.
#[derive(Debug)]
pub struct WebSocketServer<C> {
    listener: TcpListener,
    address: SocketAddr,
    pub(super) shared: Arc<ServerShared<C>>,
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
    pub(super) async fn start(core: C, options: Options) -> Result<Self, BindError> {
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
    pub(super) async fn serve_and_drain(self, shutdown: impl Future<Output = ()>, drained: impl Future<Output = ()>) {
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

pub(super) fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        error!(%error, "the task of a connection panicked");
    }
}
