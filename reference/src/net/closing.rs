//! The end of a connection: the last frames, and a TCP close that does not destroy them.

use std::time::Duration;

use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::message_queue::MessageQueue;
use super::strict::StrictStream;

/// How long a peer that keeps sending is read after the last frame.
const LINGER_TIME: Duration = Duration::from_secs(3);
/// How long a pause means that it has stopped sending.
const LINGER_PAUSE: Duration = Duration::from_secs(1);
/// How many bytes are read.
const LINGER_BYTES: usize = 64 << 20;
/// The buffer for them, in bytes.
const LINGER_BUFFER: usize = 4 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Close {
    /// The close code (RFC 6455, section 7.4).
    pub(super) code: u16,
    /// At most 123 bytes.
    pub(super) reason: &'static str,
}

/// Sends the remaining messages and a Close frame, and closes the TCP connection. A peer that has not taken everything within `limit` is
/// dropped.
pub(super) async fn close(
    mut socket: WebSocketStream<StrictStream>,
    mut queue: MessageQueue,
    close: Close,
    limit: Duration,
) {
    let frame = CloseFrame { code: close.code.into(), reason: Utf8Bytes::from_static(close.reason) };
    let last_words = async {
        while let Some(message) = queue.pop() {
            socket.feed(message).await?;
        }
        socket.flush().await?;
        socket.send(Message::Close(Some(frame))).await
    };
    if let Ok(Ok(())) = timeout(limit, last_words).await {
        linger(socket.into_inner().into_inner()).await;
    }
}

/// Sends the answer to the peer's Close frame, which tungstenite has queued, and closes the TCP connection at once (WIRE-05).
pub(super) async fn answer(mut socket: WebSocketStream<StrictStream>, limit: Duration) {
    if let Ok(Ok(()) | Err(Error::ConnectionClosed)) = timeout(limit, socket.flush()).await {
        linger(socket.into_inner().into_inner()).await;
    }
}

/// Closes a TCP connection after the last written byte.
///
/// The write side closes at once, but the peer is read within bounds: closing a socket with unread input makes the system send a reset, which
/// may destroy data in flight (RFC 9293, section 3.10.4; RFC 2525, section 2.17).
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
