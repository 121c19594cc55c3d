//! The end of a connection: the last frames, and a TCP close that does not destroy them.

use std::time::Duration;

use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::letters::Letters;
use super::strict::Strict;

/// How long a peer that goes on sending is read after the last frame to it.
const LINGER_TIME: Duration = Duration::from_secs(3);
/// How long it may send nothing before it counts as having stopped.
const LINGER_PAUSE: Duration = Duration::from_secs(1);
/// How much is read, in bytes.
const LINGER_BYTES: usize = 64 << 20;
/// The buffer that it is read into, in bytes.
const LINGER_BUFFER: usize = 4 << 10;

/// How the relay closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close {
    /// The close code (RFC 6455, section 7.4).
    pub(super) code: u16,
    /// The reason; at most 123 bytes.
    pub(super) reason: &'static str,
}

/// Writes what is left and a Close frame, and closes the TCP connection. A peer that has not taken all of it after `limit`
/// does without.
pub(super) async fn close(mut socket: WebSocketStream<Strict>, mut letters: Letters, close: Close, limit: Duration) {
    let frame = CloseFrame { code: close.code.into(), reason: Utf8Bytes::from_static(close.reason) };
    let last_words = async {
        while let Some(letter) = letters.pop() {
            socket.feed(letter).await?;
        }
        socket.flush().await?;
        socket.send(Message::Close(Some(frame))).await
    };
    if let Ok(Ok(())) = timeout(limit, last_words).await {
        linger(socket.into_inner().into_inner()).await;
    }
}

/// Writes the answer to the peer's Close frame, which tungstenite has ready, and closes the TCP connection at once (WIRE-05).
pub(super) async fn answer(mut socket: WebSocketStream<Strict>, limit: Duration) {
    if let Ok(Ok(()) | Err(Error::ConnectionClosed)) = timeout(limit, socket.flush()).await {
        linger(socket.into_inner().into_inner()).await;
    }
}

/// Closes a TCP connection behind the last bytes that were written.
///
/// The peer learns of it at once. But as long as it sends, it is read, within bounds: closing a socket with unread input makes
/// the system send a reset, which may destroy the last bytes on their way (RFC 9293, section 3.10.4; RFC 2525, section 2.17).
pub(super) async fn linger(mut tcp: TcpStream) {
    if tcp.shutdown().await.is_err() {
        return;
    }
    let drain = async {
        let mut buffer = vec![0; LINGER_BUFFER];
        let mut left = LINGER_BYTES;
        while let Ok(Ok(read @ 1..)) = timeout(LINGER_PAUSE, tcp.read(&mut buffer)).await {
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    };
    _ = timeout(LINGER_TIME, drain).await;
}
