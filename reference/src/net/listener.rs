//! Listening, and taking every connection that comes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tracing::{debug, warn};

use super::BindError;

/// How many connections wait until they are taken; the system may allow fewer. A SYN that finds no room is sent again after 1 s:
/// the system's default of 128 makes a crowd that comes at once wait that long.
const BACKLOG: i32 = 4096;

/// The pause after the operating system refused a connection, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens at an address; port 0 lets the system choose.
///
/// # Errors
/// Where the system does not allow it.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, BindError> {
    let listener = bound(address).and_then(TcpListener::from_std);
    listener.map_err(|source| BindError::Listen { address, source })
}

/// The same, before there is a runtime.
///
/// # Errors
/// Where the system does not allow it.
pub(crate) fn bound(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    rustix::net::listen(&listener, BACKLOG)?;
    Ok(listener)
}

/// The next connection. Where the system has no room for one, waits rather than asks again and again.
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {
                debug!(%error, "a connection was gone before it was accepted");
            }
            Err(error) => {
                warn!(%error, "no connection can be accepted for the moment");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
