//! Servers and clients with real sockets: what only the shells can get wrong. Decisions of the cores are tested in the cores.

mod client;
mod clients;
mod conversation;
mod heartbeat;
mod http;
mod pressure;
mod rpc;
mod sync;
mod terminal;
mod tunnel;
mod violations;

use std::net::SocketAddr;
use std::time::Duration;

use relayspec::timing::{Parameter, Timing};
use relayspec_reference::{Options, PairingRelay};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A time-out that is longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct TestRelay {
    address: SocketAddr,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl TestRelay {
    async fn start() -> Self {
        Self::with(&[]).await
    }

    async fn with(parameters: &[(Parameter, Duration)]) -> Self {
        let mut timing = Timing::default();
        for (parameter, value) in parameters {
            timing.declare(*parameter, *value);
        }
        Self::serving(Options { timing, ..Options::default() }).await
    }

    async fn at(listen: SocketAddr) -> Self {
        Self::serving(Options { listen, ..Options::default() }).await
    }

    async fn serving(options: Options) -> Self {
        let relay = PairingRelay::bind(options).await.expect("a free port");
        let (shutdown, stop) = oneshot::channel();
        let address = relay.local_addr();
        let task = tokio::spawn(relay.serve(async move { _ = stop.await }));
        Self { address, shutdown, task }
    }
}

/// The output of the future; panics if it takes too long.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what}: not in time"))
}
