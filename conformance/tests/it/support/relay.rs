//! Servers that a test writes down: anything that listens at TCP, and WebSocket connections with every byte at hand.
//!
//! The WebSocket half is made anew from RFC 6455 and shares nothing with the judge, whose mistakes it must not repeat.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

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

    /// Serves each WebSocket connection by `serve`, after the handshake.
    pub(crate) async fn websocket<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(Peer) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::tcp(move |stream| {
            let serve = serve.clone();
            async move {
                if let Some(peer) = Peer::accept(stream).await {
                    serve(peer).await;
                }
            }
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A port that refuses connections: it was free a moment ago.
pub(crate) fn refused_port() -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;

/// A client's WebSocket connection.
pub(crate) struct Peer {
    stream: BufReader<TcpStream>,
    /// The request target.
    pub(crate) target: String,
}

impl Peer {
    /// Answers a handshake rightly; `None` where none came.
    pub(crate) async fn accept(stream: TcpStream) -> Option<Self> {
        let mut stream = BufReader::new(stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line).await {
                Ok(count) if count > 2 => head.push(line.trim_end().to_owned()),
                Ok(2) => break,
                _ => return None,
            }
        }
        let target = head.first()?.split(' ').nth(1)?.to_owned();
        let key = head.iter().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?;
        let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
            BASE64.encode(digest)
        );
        stream.write_all(answer.as_bytes()).await.ok()?;
        Some(Self { stream, target })
    }

    /// The next text message; a Close frame is answered. `None` where no message comes any more.
    pub(crate) async fn message(&mut self) -> Option<String> {
        loop {
            let (opcode, payload) = self.frame().await?;
            match opcode {
                TEXT => return String::from_utf8(payload).ok(),
                CLOSE => {
                    self.send(CLOSE, &payload).await;
                    let _ = self.stream.shutdown().await;
                    return None;
                }
                _ => {}
            }
        }
    }

    /// The next frame, unmasked. Fragments are not put together.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await.ok()?;
        let second = self.stream.read_u8().await.ok()?;
        let length = match second & 0x7F {
            126 => u64::from(self.stream.read_u16().await.ok()?),
            127 => self.stream.read_u64().await.ok()?,
            short => u64::from(short),
        };
        let mut key = [0; 4];
        if second & 0x80 != 0 {
            self.stream.read_exact(&mut key).await.ok()?;
        }
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await.ok()?;
        payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        Some((first & 0x0F, payload))
    }

    /// Sends a message.
    pub(crate) async fn say(&mut self, message: &Value) {
        self.send(TEXT, message.to_string().as_bytes()).await;
    }

    /// Sends a Close frame, and waits until the client has ended the connection.
    pub(crate) async fn close(&mut self, code: u16) {
        self.send(CLOSE, &code.to_be_bytes()).await;
        while self.frame().await.is_some() {}
    }

    /// Sends an unfragmented frame of at most 65,535 bytes.
    pub(crate) async fn send(&mut self, opcode: u8, payload: &[u8]) {
        let length = u16::try_from(payload.len()).expect("a short frame");
        let mut bytes = vec![0x80 | opcode];
        match u8::try_from(length) {
            Ok(length @ 0..=125) => bytes.push(length),
            _ => {
                bytes.push(126);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend_from_slice(payload);
        self.raw(&bytes).await;
    }

    /// Sends bytes as they are. A client that is gone is no fault of the server.
    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }
}
