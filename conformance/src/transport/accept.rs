//! Listens, and accepts every connection.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};

use super::port;
use crate::clock::Clock;

/// How many connections may wait to be accepted; the system may allow fewer. A SYN that finds no room is resent after 1 s.
const BACKLOG: u32 = 4096;

/// The pause after a failed accept, usually for lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens at an address; port 0 means any free port.
///
/// # Errors
/// If the address cannot be bound.
pub(crate) fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    port::bind(address, listening)
}

fn listening(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(unix)]
    socket.set_reuseaddr(true)?; // Elsewhere it would let two processes listen on one port.
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The next connection. Connections that ended before they were accepted are skipped.
pub(crate) async fn next<S, A, F: Future<Output = io::Result<(S, A)>>>(clock: &Clock, accept: impl Fn() -> F) -> S {
    loop {
        match accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => clock.nap(PAUSE).await,
        }
    }
}
