//! Listening, and accepting connections.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tracing::{debug, warn};

use super::options::BindError;

/// The accept backlog; the system may allow less. A SYN beyond it is retried after 1 s, and the system's default of 128 would delay a burst
/// of connections that long.
const BACKLOG: i32 = 4096;

/// The pause after a failed accept, usually for lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens on an address; port 0 lets the system choose.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, BindError> {
    let listener = bound(address).and_then(TcpListener::from_std);
    listener.map_err(|source| BindError::Listen { address, source })
}

/// The same without a runtime.
pub(crate) fn bound(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}

/// Accepts the next connection. Pauses after a failure instead of spinning.
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                debug!(%error, "a connection was lost before it was accepted");
            }
            Err(error) => {
                warn!(%error, "cannot accept connections for now");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
