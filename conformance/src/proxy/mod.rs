//! A proxy between two real peers: forwards every byte unchanged, and checks the traffic of both against RFC 6455, the schemas and the
//! order rules of the family. Forwarding never waits for checking.

mod checker;
mod event;
mod fault_injection;
mod link;
mod setup;
mod transcript;
mod watcher;

pub use checker::{ConnectionChecker, PeerViolation, message_name, role_of};
pub use event::{ProxyEvent, ProxyEvents};
pub use fault_injection::FaultInjection;
pub use setup::ProxySetup;
pub use transcript::{
    TranscriptEntry, TranscriptError, TranscriptEvent, TranscriptHeader, TranscriptMessage, TranscriptProblem,
    read_transcript,
};

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::net::TcpListener;

use crate::transport::accept;

/// A proxy that listens.
#[derive(Debug)]
pub struct Proxy {
    listener: TcpListener,
    setup: Arc<ProxySetup>,
}

impl Proxy {
    /// Listens on an address; port 0 stands for a free one.
    ///
    /// # Errors
    /// If the system does not allow it.
    pub async fn bind(address: SocketAddr, setup: ProxySetup) -> io::Result<Self> {
        Ok(Self { listener: accept::listener(address)?, setup: Arc::new(setup) })
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// If the system does not know.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves connections until it is dropped; what was forwarded by then is still checked and reported.
    pub async fn serve(self, events: ProxyEvents) {
        let backlog = Arc::new(AtomicUsize::new(0));
        let mut links = tokio::task::JoinSet::new();
        let mut number = 0;
        loop {
            let client = accept::next(&self.setup.clock, || self.listener.accept()).await;
            number += 1;
            let _ = client.set_nodelay(true);
            links.spawn(link::forward(client, number, Arc::clone(&self.setup), Arc::clone(&backlog), events.clone()));
            while links.try_join_next().is_some() {}
        }
    }
}
