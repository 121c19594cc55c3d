//! Between two real peers: forwards every byte as it came, and holds what passes against RFC 6455, the schemas and the order rules of the
//! family. Forwarding never waits for judging.

mod faults;
mod link;
mod record;
mod watch;
mod watcher;

pub use faults::Faults;
pub use record::{Line, NoTranscript, Open, Said, Seen, read_transcript};
pub use watch::{Peer, Violation, Watch, kind, role_of};

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use relayspec::family::Family;
use rustls::ClientConfig;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::lint::Schemas;
use crate::transport::{WebAddress, accept};

/// What all connections of a proxy share.
#[derive(Debug)]
pub struct Setup {
    /// Where the real server is.
    pub upstream: WebAddress,
    /// TLS, for `wss`.
    pub tls: Option<Arc<ClientConfig>>,
    /// The family that is spoken.
    pub family: &'static Family,
    /// What is done to connections on purpose.
    pub faults: Faults,
    /// The clock.
    pub clock: Clock,
    /// Compiled schemas.
    pub schemas: Arc<Schemas>,
}

/// Where it is told what happened, several things at once. While nobody asks, the judging waits, and the forwarding does not.
pub type Happenings = mpsc::Sender<Vec<Happening>>;

/// What happened on the connections of a proxy, in order.
#[derive(Debug)]
pub enum Happening {
    /// Something passed, or a connection began or ended.
    Line(Line),
    /// A peer did something that the law forbids.
    Violation {
        /// The number of the connection, counted from 1.
        connection: usize,
        /// When, in ms since the proxy began.
        at_ms: f64,
        /// What, and by whom.
        violation: Violation,
    },
    /// Something that a person should know, and that is nobody's fault.
    Note {
        /// The number of the connection.
        connection: usize,
        /// What.
        text: String,
    },
}

/// A proxy that listens.
#[derive(Debug)]
pub struct Proxy {
    listener: TcpListener,
    setup: Arc<Setup>,
}

impl Proxy {
    /// Listens at an address; port 0 stands for a free one.
    ///
    /// # Errors
    /// Where the system does not allow it.
    pub async fn bind(address: SocketAddr, setup: Setup) -> io::Result<Self> {
        Ok(Self { listener: accept::listener(address)?, setup: Arc::new(setup) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves connections until it is dropped; what has passed by then is still judged and told.
    pub async fn serve(self, happenings: Happenings) {
        let backlog = Arc::new(AtomicUsize::new(0));
        let mut links = tokio::task::JoinSet::new();
        let mut number = 0;
        loop {
            let client = accept::next(&self.setup.clock, || self.listener.accept()).await;
            number += 1;
            let _ = client.set_nodelay(true);
            links.spawn(link::carry(client, number, Arc::clone(&self.setup), Arc::clone(&backlog), happenings.clone()));
            while links.try_join_next().is_some() {}
        }
    }
}
