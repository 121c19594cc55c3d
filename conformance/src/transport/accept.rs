//! Listening, and taking every connection that comes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};

use super::port;
use crate::clock::Clock;

/// How many connections wait until they are taken; the system may allow fewer. A SYN that finds no room is sent again after 1 s.
const BACKLOG: u32 = 4096;

/// The pause after the system refused a connection, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens at an address; port 0 stands for a free one.
///
/// # Errors
/// Where the system does not allow it.
pub(crate) fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    port::bind(address, listening)
}

fn listening(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(unix)]
    socket.set_reuseaddr(true)?; // Elsewhere it would allow two to listen at one port.
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The next connection. One that was gone before it was taken is passed over.
pub(crate) async fn next<S, A, F: Future<Output = io::Result<(S, A)>>>(clock: &Clock, accept: impl Fn() -> F) -> S {
    loop {
        match accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => clock.nap(PAUSE).await,
        }
    }
}
