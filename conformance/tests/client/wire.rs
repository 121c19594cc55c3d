//! The client side of WebSocket, written from RFC 6455: it shares no code with the runner, whose errors it must not repeat.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// Longer messages close the connection.
const LARGEST: usize = 8 << 20;
/// How long the server has to end TCP.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);

/// What was received.
pub(crate) enum Incoming {
    Text(String),
    Binary,
    Ping(Vec<u8>),
    Pong,
    Close(Vec<u8>),
    /// A violation, for which the connection has to be closed with this code.
    Violation(u16),
    End,
}

/// A WebSocket connection.
pub(crate) struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
    /// Opcode and payload of a message that is not complete.
    partial: Option<(u8, Vec<u8>)>,
    flaw: String,
}

/// Opens a WebSocket at a path; `None` if that fails.
pub(crate) async fn connect(address: &str, path: &str, flaw: &str) -> Option<Wire> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let _ = stream.set_nodelay(true);
    let key = BASE64.encode(fastrand::u128(..).to_be_bytes());
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = read.split_off(end + 4);
            let accepted = read.starts_with(b"HTTP/1.1 101 ");
            return accepted.then(|| Wire { stream, read: rest, partial: None, flaw: flaw.to_owned() });
        }
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

impl Wire {
    /// The next arrival. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Incoming {
        loop {
            if let Some(received) = self.frame() {
                return received;
            }
            match self.stream.read_buf(&mut self.read).await {
                Ok(count) if count > 0 => {}
                _ => return Incoming::End,
            }
        }
    }

    /// What the next complete frame completes.
    fn frame(&mut self) -> Option<Incoming> {
        loop {
            let [first, second, rest @ ..] = &self.read[..] else { return None };
            let (opcode, fin, is_masked) = (first & 0x0F, first & 0x80 != 0, second & 0x80 != 0);
            let (length, skip) = match second & 0x7F {
                126 => (usize::from(u16::from_be_bytes(rest.get(..2)?.try_into().ok()?)), 4),
                127 => (usize::try_from(u64::from_be_bytes(rest.get(..8)?.try_into().ok()?)).unwrap_or(usize::MAX), 10),
                short => (usize::from(short), 2),
            };
            let skip = if is_masked { skip + 4 } else { skip };
            let is_invalid = first & 0x70 != 0 && self.flaw != "takes-reserved-bits"
                || is_masked && self.flaw != "takes-masked"
                || matches!(opcode, 3..=7 | 11..) && self.flaw != "takes-reserved-opcodes"
                || opcode >= CLOSE && (!fin || length > 125)
                || opcode == 0 && self.partial.is_none()
                || matches!(opcode, TEXT | BINARY) && self.partial.is_some();
            if is_invalid {
                return Some(Incoming::Violation(1002));
            }
            let before = self.partial.as_ref().map_or(0, |(_, bytes)| bytes.len());
            let largest = if self.flaw == "small-buffer" { 64 << 10 } else { LARGEST };
            if length.saturating_add(before) > largest {
                return Some(Incoming::Violation(if self.flaw == "too-large-1002" { 1002 } else { 1009 }));
            }
            if self.read.len() < skip + length {
                return None;
            }
            let mut payload = self.read[skip..skip + length].to_vec();
            if is_masked {
                let key = self.read[skip - 4..skip].to_vec();
                payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
            }
            self.read.drain(..skip + length);
            match opcode {
                PING => return Some(Incoming::Ping(payload)),
                PONG => return Some(Incoming::Pong),
                CLOSE => return Some(close(payload)),
                opcode => {
                    let (kind, mut whole) = self.partial.take().unwrap_or((opcode, Vec::new()));
                    whole.extend(payload);
                    if fin || self.flaw == "fragments-apart" {
                        return Some(self.message(kind, whole));
                    }
                    self.partial = Some((kind, whole));
                }
            }
        }
    }

    fn message(&mut self, opcode: u8, payload: Vec<u8>) -> Incoming {
        if self.flaw == "fragments-apart" {
            // The rest then counts as a message too.
            self.partial = None;
        }
        match String::from_utf8(payload) {
            _ if opcode == BINARY => Incoming::Binary,
            Ok(text) => Incoming::Text(text),
            Err(error) if self.flaw == "takes-bad-utf-8" => {
                Incoming::Text(String::from_utf8_lossy(error.as_bytes()).into_owned())
            }
            Err(_) => Incoming::Violation(1007),
        }
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, opcode: u8, payload: &[u8]) {
        let key = if self.flaw == "unmasked" { None } else { Some(fastrand::u32(..).to_be_bytes()) };
        let mask = if key.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![0x80 | opcode];
        match payload.len() {
            length @ 0..126 if self.flaw != "long-length" => bytes.push(mask | length as u8),
            length @ 0..=0xFFFF => {
                bytes.push(mask | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            length => {
                bytes.push(mask | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend(key.unwrap_or_default().iter().filter(|_| key.is_some()));
        let key = key.unwrap_or_default();
        bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        let _ = self.stream.write_all(&bytes).await;
    }

    /// Closes with a code, and waits briefly.
    pub(crate) async fn close(mut self, payload: &[u8]) {
        self.send(CLOSE, payload).await;
        let _ = timeout(CLOSE_TIMEOUT, self.drain()).await;
    }

    /// Reads to the end.
    pub(crate) async fn drain(&mut self) {
        let mut scrap = vec![0; 64 << 10];
        while self.stream.read(&mut scrap).await.is_ok_and(|count| count > 0) {}
    }
}

fn close(payload: Vec<u8>) -> Incoming {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Incoming::Close(payload) } else { Incoming::Violation(1002) };
    };
    let is_code = matches!(u16::from_be_bytes(*code), 1000..=1003 | 1007..=1014 | 3000..=4999);
    if is_code && std::str::from_utf8(reason).is_ok() { Incoming::Close(payload) } else { Incoming::Violation(1002) }
}
