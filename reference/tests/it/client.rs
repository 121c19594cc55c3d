//! A WebSocket client that can also violate the protocol: with tungstenite, or with frames by hand.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::soon;

/// The code and reason of a Close frame; `None` without one.
pub(crate) type Closed = Option<(u16, String)>;

/// The socket buffers, in bytes; small, so that they fill quickly.
const BUFFER: u32 = 256 << 10;

pub(crate) struct TestClient {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

/// Sends a request head, and returns the head of the answer and the bytes after it.
pub(crate) async fn request(address: SocketAddr, head: &str) -> (TcpStream, String, Vec<u8>) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_send_buffer_size(BUFFER).expect("set");
    socket.set_recv_buffer_size(BUFFER).expect("set");
    let mut stream = socket.connect(address).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return (stream, String::from_utf8(bytes).expect("a head in ASCII"), rest);
        }
        let read = soon("the head of the answer", stream.read_buf(&mut bytes)).await.expect("read");
        assert!(read > 0, "closed within the head of the answer");
    }
}

pub(crate) fn handshake(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: relay\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

impl TestClient {
    pub(crate) async fn connect(address: SocketAddr, path: &str) -> Self {
        let (stream, head, rest) = request(address, &handshake(path)).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // The example of RFC 6455, section 1.3.
        assert!(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
        Self { socket: WebSocketStream::from_partially_read(stream, rest, Role::Client, None).await }
    }

    pub(crate) async fn host(address: SocketAddr) -> (Self, String) {
        let mut host = Self::connect(address, "/mac").await;
        let registered = host.next().await;
        assert_eq!(registered["type"], "registered");
        (host, registered["code"].as_str().expect("a code").to_owned())
    }

    pub(crate) async fn pair(address: SocketAddr) -> (Self, Self) {
        let (host, code) = Self::host(address).await;
        let mut viewer = Self::connect(address, "/browser").await;
        viewer.send(json!({ "type": "join", "code": code })).await;
        assert_eq!(viewer.next().await["type"], "joined");
        (host, viewer)
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("sent");
    }

    pub(crate) async fn send_data(&mut self, payload: &str) {
        self.send(json!({ "type": "data", "payload": payload })).await;
    }

    /// Bytes as they are, past tungstenite.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        self.socket.get_mut().write_all(bytes).await.expect("written");
    }

    /// The next text message; Pings are answered meanwhile.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match soon("a message", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("a text message was expected: {other:?}"),
            }
        }
    }

    pub(crate) async fn closed(&mut self) -> Closed {
        let mut closed = None;
        loop {
            match soon("the end of the connection", self.socket.next()).await {
                Some(Ok(Message::Close(frame))) => {
                    closed = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return closed,
            }
        }
    }

    pub(crate) async fn closed_with(&mut self) -> u16 {
        self.closed().await.expect("a Close frame with a code").0
    }
}

/// A masked frame; the mask is zero, so the payload stands as it is.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        middle @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
