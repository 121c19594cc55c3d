//! The server side of WebSocket, written from RFC 6455 with control of every byte: it shares no code with the runner, whose errors it must
//! not repeat.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// A handshake that is not yet answered.
pub(crate) struct UpgradeRequest {
    stream: BufReader<TcpStream>,
    /// The request target.
    pub(crate) target: String,
    key: String,
}

impl UpgradeRequest {
    /// Reads a handshake; `None` if none arrives.
    pub(crate) async fn read(stream: TcpStream) -> Option<Self> {
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
        let key = head.iter().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?.to_owned();
        Some(Self { stream, target, key })
    }

    /// Completes the handshake.
    pub(crate) async fn accept(mut self) -> ScriptedPeer {
        let digest = Sha1::digest(format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", self.key));
        let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade";
        let answer = format!("{head}\r\nSec-WebSocket-Accept: {}\r\n\r\n", BASE64.encode(digest));
        let _ = self.stream.write_all(answer.as_bytes()).await;
        ScriptedPeer { stream: self.stream }
    }

    /// Answers with another status, such as `404 Not Found`.
    pub(crate) async fn refuse(mut self, status: &str) {
        let _ = self.stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
    }
}

/// A client's WebSocket connection. If the client is gone, writing does nothing.
pub(crate) struct ScriptedPeer {
    stream: BufReader<TcpStream>,
}

impl ScriptedPeer {
    /// The next frame: opcode and payload, unmasked. Fragments are not put together. `None` after the end.
    pub(crate) async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
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
        let mut payload = vec![0; usize::try_from(length).ok()?];
        self.stream.read_exact(&mut payload).await.ok()?;
        payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        Some((first & 0x0F, payload))
    }

    /// Sends bytes, in one piece.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Answers nothing but Close frames until the connection ends.
    pub(crate) async fn idle(mut self) {
        while let Some((opcode, payload)) = self.frame().await {
            if opcode == CLOSE {
                return self.send(&frame(CLOSE, &payload)).await;
            }
        }
    }
}

/// The bytes of an unfragmented frame of less than 64 KiB.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
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
    bytes
}
