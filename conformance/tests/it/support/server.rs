//! Servers that a test writes down: anything that listens at TCP.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::peer::Request;

/// A server on a free port of the loopback interface. It ends with its connections when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Serves each connection by `serve`, side by side.
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

    /// Serves each WebSocket handshake by `serve`.
    pub(crate) async fn websocket<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(Request) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::tcp(move |stream| {
            let serve = serve.clone();
            async move {
                if let Some(request) = Request::read(stream).await {
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

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A port that refuses connections and is nobody else's as long as this lives.
pub(crate) struct Nobody(TcpSocket);

impl Nobody {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        Self(socket)
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.0.local_addr().expect("an address"))
    }
}
