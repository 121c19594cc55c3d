//! TCP servers that tests script.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::peer::UpgradeRequest;

/// A server on a free loopback port. Dropping it ends it with its connections.
pub(crate) struct TcpServer {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl TcpServer {
    /// Serves each connection with `serve`, concurrently.
    pub(crate) async fn tcp<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream));
            }
        });
        Self { address, accepting }
    }

    /// Serves each WebSocket handshake with `serve`.
    pub(crate) async fn websocket<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(UpgradeRequest) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::tcp(move |stream| {
            let serve = serve.clone();
            async move {
                if let Some(request) = UpgradeRequest::read(stream).await {
                    serve(request).await;
                }
            }
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }
}

impl Drop for TcpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A port that refuses connections, and that no other process can bind while this lives.
pub(crate) struct RefusingPort(TcpSocket);

impl RefusingPort {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        Self(socket)
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.0.local_addr().expect("an address"))
    }
}
