//! Who stands between a reference and its peers, and has the mutant.

use std::io::Error;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::place::{Place, Side};
use super::{Chosen, after};
use crate::net::listener::{accept, bound};

/// How long what was said last may be on its way.
const LAST: Duration = Duration::from_secs(1);

/// Somebody between a reference and whoever connects to it.
#[derive(Debug)]
pub struct Middleman {
    listener: std::net::TcpListener,
    address: SocketAddr,
    chosen: Chosen,
    side: Side,
    patience: Duration,
}

/// The address cannot be listened at.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {0}")]
pub struct NoMiddleman(SocketAddr, #[source] Error);

impl Middleman {
    /// Listens.
    ///
    /// # Errors
    /// Where the address cannot be listened at.
    pub fn bind(listen: SocketAddr, chosen: Chosen) -> std::result::Result<Self, NoMiddleman> {
        let bind = || {
            let listener = bound(listen)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address, chosen, side: Side::Peers, patience: Duration::MAX })
        };
        bind().map_err(|error| NoMiddleman(listen, error))
    }

    /// The same for the public, which speaks plain HTTP.
    #[must_use]
    pub fn of_public(self) -> Self {
        Self { side: Side::Public, ..self }
    }

    /// How long a link that hurries waits for an answer.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Passes on what goes between whoever connects and the address behind, as long as this is done.
    pub async fn serve<T>(self, behind: SocketAddr, meanwhile: impl Future<Output = T>) -> T {
        let place = Arc::new(Place::new(self.chosen, self.side, self.patience, behind));
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
            // Whoever goes away in the midst of it is no mutant of ours.
            connections.spawn(async move { _ = place.pass(guest).await });
        };
        let last = timeout(LAST, async { while connections.join_next().await.is_some() {} });
        tokio::join!(last, after::stay(self.chosen, listener)).0.ok();
        done
    }
}
