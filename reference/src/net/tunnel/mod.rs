//! The shell of the tunnel's cloud: one port for agents, served like any server's, and one for the public.
//!
//! Which agent serves a request, and its outcome, are decided in [`crate::server::tunnel`].

mod answer;
mod dispatcher;
mod public;
mod upload;

use std::net::SocketAddr;
use std::sync::Arc;

use relayspec::tunnel::LEAST_BODY;
use tokio::net::TcpListener;
use tracing::info;

use super::listener::listen;
use super::options::{BindError, Options};
use super::server::WebSocketServer;
use super::system::SystemRandom;
use crate::server::tunnel::{Limits, TunnelCloudCore};
use crate::tunnel::Tokens;
use dispatcher::{BodyLimits, CloudCore, Dispatcher};

/// The options of a cloud.
#[derive(Debug, Clone)]
pub struct TunnelOptions {
    /// The agents' port. A cloud also uses the timing parameters `auth_timeout` and `request_timeout`.
    pub agents: Options,
    /// The public address; port 0 lets the system choose.
    pub public: SocketAddr,
    /// The accepted tokens.
    pub tokens: Tokens,
    /// The largest body of a public request, in bytes; at least 16 MiB (TUN-24).
    pub max_body: usize,
    /// The most requests in flight; further ones get 503.
    pub limits: Limits,
    /// The most bytes of unsent request bodies for one agent, besides one body that may exceed it. Other uploads wait for room. The default,
    /// with the overhead of messages, stays well below what a peer that does not read may cost (WIRE-11).
    pub max_unsent: usize,
    /// The most bytes of unread answers. An answer that finds no room is dropped, and its client gets 503.
    pub max_unread: usize,
}

impl TunnelOptions {
    /// Any two ports of 127.0.0.1, default timing and sizes, 1,000 requests in flight at one agent and 4,000 in total, 8 MiB of unsent
    /// requests for one agent, 256 MiB of unread answers.
    #[must_use]
    pub fn new(tokens: Tokens) -> Self {
        Self {
            agents: Options { max_message: 24 << 20, ..Options::default() },
            public: ([127, 0, 0, 1], 0).into(),
            tokens,
            max_body: LEAST_BODY,
            limits: Limits { of_all: 4000, of_one: 1000 },
            max_unsent: 8 << 20,
            max_unread: 256 << 20,
        }
    }
}

/// A tunnel cloud that listens on both ports (chapter `tunnel`, role `cloud`).
#[derive(Debug)]
pub struct TunnelCloud {
    agents: WebSocketServer<CloudCore>,
    listener: TcpListener,
    public: SocketAddr,
    dispatcher: Arc<Dispatcher>,
}

impl TunnelCloud {
    /// Starts to listen. Agents and public clients wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// If an address cannot be bound, or an option is invalid.
    pub async fn bind(options: TunnelOptions) -> Result<Self, BindError> {
        let TunnelOptions { agents, public: address, tokens, max_body, limits, max_unsent, max_unread } = options;
        if max_body < LEAST_BODY {
            return Err(BindError::MaxBody { given: max_body, least: LEAST_BODY });
        }
        let timing = agents.timing.clone();
        let agents =
            WebSocketServer::start(TunnelCloudCore::new(SystemRandom, tokens, &timing, limits), agents).await?;
        let listener = listen(address)?;
        let public = listener.local_addr().map_err(|source| BindError::Listen { address, source })?;
        let limits = BodyLimits { max_body, max_unsent, max_unread: max_unread.max(max_body) };
        let dispatcher = Arc::new(Dispatcher::new(Arc::clone(&agents.shared.hub), &timing, limits));
        Ok(Self { agents, listener, public, dispatcher })
    }

    /// The agents' address.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.agents.local_addr()
    }

    /// The public address.
    #[must_use]
    pub fn public_addr(&self) -> SocketAddr {
        self.public
    }

    /// Serves until `shutdown` resolves; then accepts no further connection or request, gives requests in flight a few seconds, closes each open
    /// connection with code 1001, and returns within 5 s (WIRE-08).
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { agents, listener, public, dispatcher } = self;
        info!(%public, "the tunnel cloud serves the public");
        let closing = agents.shared.closing.subscribe();
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let of_public = tokio::spawn(public::serve(listener, Arc::clone(&dispatcher), stopped, closing));
        let clock = tokio::spawn(async move { dispatcher.keep_time().await });
        let shutdown = async {
            shutdown.await;
            stop.send_replace(true);
        };
        agents.serve_and_drain(shutdown, async { _ = of_public.await }).await;
        clock.abort();
    }
}
