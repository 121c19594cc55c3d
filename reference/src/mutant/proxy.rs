//! The proxy between a mutant and its peers.

use std::io::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connections::{ProxyConnections, ProxySide};
use super::{SelectedMutant, after};
use crate::net::listener::{accept, bound};

/// The time for the last bytes to arrive.
const LAST: Duration = Duration::from_secs(1);

/// A proxy between a reference and its peers.
#[derive(Debug)]
pub struct MutantProxy {
    listener: std::net::TcpListener,
    address: SocketAddr,
    chosen: SelectedMutant,
    side: ProxySide,
    patience: Duration,
}

/// The proxy cannot listen on the address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {0}")]
pub struct MutantProxyError(SocketAddr, #[source] Error);

impl MutantProxy {
    /// Listens on an address; fails if that is not possible.
    pub fn bind(listen: SocketAddr, chosen: SelectedMutant) -> std::result::Result<Self, MutantProxyError> {
        let bind = || {
            let listener = bound(listen)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address, chosen, side: ProxySide::Peers, patience: Duration::MAX })
        };
        bind().map_err(|error| MutantProxyError(listen, error))
    }

    /// The same for the public, which uses plain HTTP.
    #[must_use]
    pub fn of_public(self) -> Self {
        Self { side: ProxySide::Public, ..self }
    }

    /// Sets the connect time-out, for mutants that enforce it.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Forwards between clients and the target until the given future completes.
    pub async fn serve<T>(self, behind: SocketAddr, meanwhile: impl Future<Output = T>) -> T {
        let place = Arc::new(ProxyConnections::new(self.chosen, self.side, self.patience, behind));
        let mut connections = JoinSet::new();
        let mut meanwhile = pin!(meanwhile);
        let Ok(listener) = TcpListener::from_std(self.listener) else { return meanwhile.await };
        let done = loop {
            while connections.try_join_next().is_some() {}
            let guest = tokio::select! {
                done = &mut meanwhile => break done,
                guest = accept(&listener) => guest,
            };
            let place = Arc::clone(&place);
            // Errors of single connections are not reported.
            connections.spawn(async move { _ = place.pass(guest).await });
        };
        let last = timeout(LAST, async { while connections.join_next().await.is_some() {} });
        tokio::join!(last, after::stay(self.chosen, listener)).0.ok();
        done
    }
}
