//! The shell of the tunnel's cloud: two ports, that of the agents, which is served as any relay's is, and that of the public.
//!
//! It moves bytes and keeps time; whom a request is for and what becomes of it is decided in [`crate::server::tunnel`].

mod answer;
mod gate;
mod patient;
mod public;
mod upload;

use std::net::SocketAddr;
use std::sync::Arc;

use relayspec::tunnel::LEAST_BODY;
use tokio::net::TcpListener;
use tracing::info;

use super::{BindError, Options, Server, System, listen};
use crate::server::tunnel::{Cloud, Limits};
use crate::tunnel::Tokens;
use gate::{Bounds, Gate, Reply};

/// How a cloud runs.
#[derive(Debug, Clone)]
pub struct TunnelOptions {
    /// The port of the agents. Of the timing a cloud also uses `auth_timeout` and `request_timeout`.
    pub agents: Options,
    /// Where the public is served; port 0 lets the system choose.
    pub public: SocketAddr,
    /// What agents authenticate with.
    pub tokens: Tokens,
    /// The largest body of a public request, in bytes; at least 16 MiB (TUN-24).
    pub max_body: usize,
    /// How many requests may be under way; beyond it the answer is 503.
    pub limits: Limits,
    /// How many bytes of request bodies may be kept for one agent, beside one body that goes ahead. Other uploads wait for room. With what a
    /// message takes besides, the default stays well below what a peer that does not read may cost (WIRE-11).
    pub max_unsent: usize,
    /// How many bytes of answers may be kept for public clients; those that find no room are dropped, and the client is told 503.
    pub max_unread: usize,
}

impl TunnelOptions {
    /// Any two ports of 127.0.0.1, the timing and the sizes of the chapter, 1,000 requests of one agent and 4,000 of all; 8 MiB of
    /// requests for one agent, 256 MiB of answers.
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

type Core = Cloud<System, Reply>;

/// A tunnel cloud that listens at both ports (chapter `tunnel`, role `cloud`).
#[derive(Debug)]
pub struct TunnelCloud {
    agents: Server<Core>,
    listener: TcpListener,
    public: SocketAddr,
    gate: Arc<Gate>,
}

impl TunnelCloud {
    /// Starts to listen. Agents and public clients wait until [`serve`](Self::serve) is called.
    ///
    /// # Errors
    /// Where an address cannot be listened at, or an option makes no sense.
    pub async fn bind(options: TunnelOptions) -> Result<Self, BindError> {
        let TunnelOptions { agents, public: address, tokens, max_body, limits, max_unsent, max_unread } = options;
        if max_body < LEAST_BODY {
            return Err(BindError::MaxBody { given: max_body, least: LEAST_BODY });
        }
        let timing = agents.timing.clone();
        let agents = Server::start(Cloud::new(System, tokens, &timing, limits), agents).await?;
        let listener = listen(address)?;
        let public = listener.local_addr().map_err(|source| BindError::Listen { address, source })?;
        let bounds = Bounds { max_body, max_unsent, max_unread: max_unread.max(max_body) };
        let gate = Arc::new(Gate::new(Arc::clone(&agents.shared.hub), &timing, bounds));
        Ok(Self { agents, listener, public, gate })
    }

    /// The address that agents connect to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.agents.local_addr()
    }

    /// The address that the public connects to.
    #[must_use]
    pub fn public_addr(&self) -> SocketAddr {
        self.public
    }

    /// Serves until the future is ready; then takes no further connection and no further request, lets those that are under way come
    /// to their end for a few seconds, closes each open connection with code 1001, and returns within 5 s (WIRE-08).
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self { agents, listener, public, gate } = self;
        info!(%public, "the tunnel cloud serves the public");
        let closing = agents.shared.closing.subscribe();
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let of_public = tokio::spawn(public::serve(listener, Arc::clone(&gate), stopped, closing));
        let clock = tokio::spawn(async move { gate.keep_time().await });
        let shutdown = async {
            shutdown.await;
            stop.send_replace(true);
        };
        agents.serve_and_drain(shutdown, async { _ = of_public.await }).await;
        clock.abort();
    }
}
