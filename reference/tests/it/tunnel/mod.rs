//! The tunnel with real sockets: a public client, the cloud, an agent, and a local server.

mod agent;
mod cloud;
mod fixtures;
mod local;
mod losses;
mod page;
mod public;
mod secrets;

use std::io::{empty, sink};
use std::net::SocketAddr;
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};
use relayspec_reference::client::Ending;
use relayspec_reference::tunnel::{Encoding, Token, Tokens};
use relayspec_reference::{ClientOptions, TunnelAgentOptions, TunnelCloud, TunnelOptions, User, tunnel_agent};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::soon;
use public::get;

const TOKEN: &str = "s3cret-of-the-tests";

struct TestCloud {
    agents: SocketAddr,
    public: SocketAddr,
    shutdown: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

fn timing(parameters: &[(Parameter, u64)]) -> Timing {
    let mut timing = Timing::default();
    for (parameter, millis) in parameters {
        timing.declare(*parameter, Duration::from_millis(*millis));
    }
    timing
}

fn options() -> TunnelOptions {
    TunnelOptions::new(Tokens::read(TOKEN).expect("a token"))
}

impl TestCloud {
    async fn start() -> Self {
        Self::serving(options()).await
    }

    async fn serving(options: TunnelOptions) -> Self {
        let cloud = TunnelCloud::bind(options).await.expect("free ports");
        let (shutdown, stop) = oneshot::channel();
        let (agents, public) = (cloud.local_addr(), cloud.public_addr());
        let task = tokio::spawn(cloud.serve(async move { _ = stop.await }));
        Self { agents, public, shutdown, task }
    }

    async fn is_served(&self) {
        soon("an agent that serves", async {
            while get(self.public, "/").await.status == 503 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

struct TestAgent {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Ending>,
}

impl TestAgent {
    fn start(cloud: SocketAddr, local: SocketAddr, encoding: Encoding) -> Self {
        Self::with(cloud, local, encoding, Timing::default())
    }

    fn with(cloud: SocketAddr, local: SocketAddr, encoding: Encoding, timing: Timing) -> Self {
        let local = format!("http://{local}").parse().expect("an origin");
        let agent = TunnelAgentOptions { token: Token::new(TOKEN), local, encoding };
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        Self { stop, task: tokio::spawn(tunnel_agent(client(cloud, timing), agent, empty(), sink(), stopped)) }
    }

    /// Ends the agent without a close, like a killed process.
    async fn kill(self) {
        self.task.abort();
        _ = self.task.await;
    }

    async fn stop(self) -> Ending {
        self.stop.send(()).expect("it runs");
        soon("the end of the agent", self.task).await.expect("no panic")
    }
}

fn client(cloud: SocketAddr, timing: Timing) -> ClientOptions {
    let address = format!("ws://{cloud}/tunnel").parse().expect("an address");
    let policy = Policy { base: Duration::from_millis(50), ..Policy::TUNNEL };
    let options = ClientOptions::new(address, policy, User::Person { ends_with_input: false });
    ClientOptions { timing, max_message: 24 << 20, ..options }
}

async fn tunnel(local: SocketAddr, encoding: Encoding) -> (TestCloud, TestAgent) {
    let cloud = TestCloud::start().await;
    let agent = TestAgent::start(cloud.agents, local, encoding);
    cloud.is_served().await;
    (cloud, agent)
}
