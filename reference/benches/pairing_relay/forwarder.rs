//! The yardstick: two WebSockets that forward to each other, as plainly as tokio-tungstenite does it.
//!
//! One task for each pair, no channel, no JSON, 4 KiB read buffers; what is ready is written at once. It does not do what a
//! relay has to do, and is no example of one.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::load::ACCEPT;

type Socket = WebSocketStream<TcpStream>;

/// Pairs connections as they come.
pub(crate) async fn serve(listener: TcpListener) {
    loop {
        let one = accept(&listener).await;
        let other = accept(&listener).await;
        tokio::spawn(forward(one, other));
    }
}

async fn accept(listener: &TcpListener) -> Socket {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    stream.set_nodelay(true).expect("set");
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut head).await.expect("read");
    }
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.expect("written");
    // The write buffer is as large as the relay's: so much is gathered before it is written.
    let config = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(16 << 10);
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

async fn forward(mut one: Socket, mut other: Socket) {
    poll_fn(|cx| {
        let there = poll_forward(&mut one, &mut other, cx);
        let back = poll_forward(&mut other, &mut one, cx);
        if there.is_ready() || back.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Ready when one of the two is gone.
fn poll_forward(from: &mut Socket, to: &mut Socket, cx: &mut Context<'_>) -> Poll<()> {
    while Pin::new(&mut *to).poll_ready(cx).is_ready() {
        match Pin::new(&mut *from).poll_next(cx) {
            Poll::Ready(Some(Ok(message))) if message.is_text() => {
                if Pin::new(&mut *to).start_send(message).is_err() {
                    return Poll::Ready(());
                }
            }
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(()),
            Poll::Pending => break,
        }
    }
    match Pin::new(to).poll_flush(cx) {
        Poll::Ready(Err(_)) => Poll::Ready(()),
        Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
    }
}
