//! The baseline: two WebSockets forwarding to each other with plain tokio-tungstenite.
//!
//! One task per pair, no channel, no JSON, 4 KiB read buffers; whatever is ready is written at once. It lacks what a relay needs.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::load::ACCEPT;

type ForwardedSocket = WebSocketStream<TcpStream>;

pub(crate) async fn serve(listener: TcpListener) {
    loop {
        let one = accept(&listener).await;
        let other = accept(&listener).await;
        tokio::spawn(forward(one, other));
    }
}

async fn accept(listener: &TcpListener) -> ForwardedSocket {
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
    // The write buffer is as large as the relay's.
    let config = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(16 << 10);
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

async fn forward(mut one: ForwardedSocket, mut other: ForwardedSocket) {
    poll_fn(|cx| {
        let there = poll_forward(&mut one, &mut other, cx);
        let back = poll_forward(&mut other, &mut one, cx);
        if there.is_ready() || back.is_ready() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn poll_forward(from: &mut ForwardedSocket, to: &mut ForwardedSocket, cx: &mut Context<'_>) -> Poll<()> {
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
