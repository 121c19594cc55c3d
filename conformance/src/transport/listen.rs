//! Accepts the connections of clients under test. Each attempt is stamped when the system hands it over; the script decides whether it is
//! answered, refused, ignored or ended.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::AbortHandle;

use super::accept;
use super::encode::Side;
use super::folder::SocketFolder;
use super::handshake::{LONGEST_HEAD, Opened, accept_of, beginning, values};
use super::link::Link;
use crate::clock::{Clock, Moment};

/// How many attempts are kept for the script; further ones are closed at once.
const MOST_WAITING: usize = 1000;

/// Listens for clients. Clones share the attempts.
#[derive(Debug, Clone)]
pub struct Listener {
    base: String,
    attempts: Arc<Mutex<mpsc::Receiver<ConnectionAttempt>>>,
    _accepting: Arc<AcceptTask>,
}

/// Where to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// At this address, for WebSockets; port 0 means any free port.
    Tcp(SocketAddr),
    /// On a Unix stream socket in a private folder.
    Unix,
}

/// Ends the task that accepts when the last listener is dropped.
#[derive(Debug)]
struct AcceptTask {
    task: AbortHandle,
    _folder: Option<SocketFolder>,
}

impl Drop for AcceptTask {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An attempt to connect.
#[derive(Debug)]
pub struct ConnectionAttempt {
    /// When the system handed it over.
    pub at: Moment,
    link: Link,
    read: BytesMut,
}

/// The request of a handshake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandshakeRequest {
    /// The request target, such as `/mac`.
    pub target: String,
    key: String,
    length: usize,
}

/// Why an attempt has no request that could be answered with 101.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The client disconnected before its request was complete.
    #[error("the client ended the connection before its request was complete")]
    Ended,
    /// The request is not HTTP.
    #[error("the request is not HTTP: {0}")]
    NotHttp(String),
    /// It is HTTP, but not a WebSocket handshake as RFC 6455, section 4.1 defines it.
    #[error("the request is not a WebSocket handshake: {0}")]
    Wrong(String),
}

impl Listener {
    /// Listens.
    ///
    /// # Errors
    /// If the address cannot be bound.
    pub async fn bind(port: Port, clock: Clock) -> io::Result<Self> {
        let (sender, attempts) = mpsc::channel(MOST_WAITING);
        // An attempt that finds no room is dropped, which closes it.
        let arrived = move |link, clock: &Clock| {
            _ = sender.try_send(ConnectionAttempt { at: clock.now(), link, read: BytesMut::new() });
        };
        let (task, base, folder) = match port {
            Port::Tcp(address) => {
                let listener = accept::listener(address)?;
                let base = format!("ws://{}", listener.local_addr()?);
                let accepting = async move {
                    loop {
                        let stream = accept::next(&clock, || listener.accept()).await;
                        let _ = stream.set_nodelay(true);
                        arrived(Link::Tcp(stream), &clock);
                    }
                };
                (tokio::spawn(accepting), base, None)
            }
            Port::Unix => {
                let folder = SocketFolder::new()?;
                let path = folder.path().join("socket");
                let listener = UnixListener::bind(&path)?;
                let accepting = async move {
                    loop {
                        let stream = accept::next(&clock, || listener.accept()).await;
                        arrived(Link::Unix(stream), &clock);
                    }
                };
                (tokio::spawn(accepting), format!("unix:{}", path.display()), Some(folder))
            }
        };
        let accepting = Arc::new(AcceptTask { task: task.abort_handle(), _folder: folder });
        Ok(Self { base, attempts: Arc::new(Mutex::new(attempts)), _accepting: accepting })
    }

    /// The URL of an endpoint with this path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The next attempt. Cancel-safe.
    pub async fn next(&self) -> ConnectionAttempt {
        match self.attempts.lock().await.recv().await {
            Some(attempt) => attempt,
            None => std::future::pending().await,
        }
    }

    /// The next attempt, if one is there already.
    pub fn try_next(&self) -> Option<ConnectionAttempt> {
        self.attempts.try_lock().ok()?.try_recv().ok()
    }
}

impl ConnectionAttempt {
    /// Whether the client is still connected, as far as can be known without waiting.
    #[must_use]
    pub fn is_alive(&mut self) -> bool {
        let read = match &self.link {
            Link::Tcp(stream) => stream.try_read_buf(&mut self.read),
            Link::Unix(stream) => stream.try_read_buf(&mut self.read),
            Link::Tls(_) | Link::Memory(_) => return true,
        };
        match read {
            Ok(count) => count > 0,
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
        }
    }

    /// Reads the request; a Unix stream socket has none. The caller bounds the time.
    pub async fn request(&mut self) -> Result<HandshakeRequest, RequestError> {
        if self.link.is_framed() {
            return Ok(HandshakeRequest::default());
        }
        loop {
            if let Some(request) = request(&self.read)? {
                return Ok(request);
            }
            if self.read.len() > LONGEST_HEAD {
                return Err(RequestError::NotHttp(format!("a head of more than {LONGEST_HEAD} bytes")));
            }
            match self.link.read_buf(&mut self.read).await {
                Ok(count) if count > 0 => {}
                _ => return Err(RequestError::Ended),
            }
        }
    }

    /// Answers the request with 101: the connection is open.
    ///
    /// # Errors
    /// If the client has disconnected.
    pub async fn accept(mut self, request: &HandshakeRequest) -> io::Result<Opened> {
        if self.link.is_framed() {
            return Ok(Opened { link: self.link, rest: self.read, side: Side::Server });
        }
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
            accept_of(&request.key)
        );
        self.link.write_all(answer.as_bytes()).await?;
        let rest = self.read.split_off(request.length);
        Ok(Opened { link: self.link, rest, side: Side::Server })
    }

    /// Answers with a status other than 101, and closes.
    pub async fn reject(mut self, status: u16) {
        let answer = format!("HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        // A client that has disconnected needs no answer.
        let _ = self.link.write_all(answer.as_bytes()).await;
        let _ = self.link.shutdown().await;
    }

    /// Ends the connection by a TCP reset.
    pub fn reset(self) {
        self.link.reset();
    }

    /// Keeps reading, without an answer, until the client disconnects.
    pub async fn hang(mut self) {
        let mut scrap = [0; 1024];
        while self.link.read(&mut scrap).await.is_ok_and(|count| count > 0) {}
    }
}

fn request(bytes: &[u8]) -> Result<Option<HandshakeRequest>, RequestError> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => {
            return Err(RequestError::NotHttp(format!("{error}; it begins with {}", beginning(bytes))));
        }
    };
    let value = |name: &str| values(request.headers, name);
    let has = |name: &str, token: &str| value(name).split(',').any(|part| part.trim().eq_ignore_ascii_case(token));
    let wrong = |what: String| Err(RequestError::Wrong(what));
    let method = request.method.unwrap_or_default();
    if method != "GET" || request.version != Some(1) {
        return wrong(format!(
            "`{method}` with HTTP/1.{} instead of `GET` with HTTP/1.1",
            request.version.unwrap_or(0)
        ));
    }
    for (name, token) in [("upgrade", "websocket"), ("connection", "upgrade"), ("sec-websocket-version", "13")] {
        if !has(name, token) {
            return wrong(format!("`{name}: {}` without `{token}`", value(name)));
        }
    }
    if value("host").is_empty() {
        return wrong("`Host` is missing".to_owned());
    }
    let key = value("sec-websocket-key");
    if BASE64.decode(&key).is_ok_and(|bytes| bytes.len() == 16) {
        return Ok(Some(HandshakeRequest { target: request.path.unwrap_or_default().to_owned(), key, length }));
    }
    wrong(format!("`Sec-WebSocket-Key: {key}` is not the base64 of 16 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "GET /mac HTTP/1.1\r\nHost: 127.0.0.1:1\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    #[test]
    fn parses_valid_requests_and_explains_invalid_ones() {
        let read = request(VALID.as_bytes()).expect("a request").expect("a whole one");
        assert_eq!((read.target.as_str(), read.length), ("/mac", VALID.len()));
        assert!(matches!(request(&VALID.as_bytes()[..50]), Ok(None)));
        for (invalid, says) in [
            (VALID.replace("GET", "POST"), "POST"),
            (VALID.replace("HTTP/1.1", "HTTP/1.0"), "HTTP/1.0"),
            (VALID.replace("WebSocket\r", "h2c\r"), "upgrade: h2c"),
            (VALID.replace(", Upgrade", ""), "connection"),
            (VALID.replace(": 13", ": 8"), "sec-websocket-version: 8"),
            (VALID.replace("dGhl", ""), "Sec-WebSocket-Key"),
            (VALID.replace("Host: 127.0.0.1:1\r\n", ""), "Host"),
            ("SSH-2.0-OpenSSH_9\r\n\r\n".to_owned(), "not HTTP"),
        ] {
            let error = request(invalid.as_bytes()).expect_err("an invalid request").to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
