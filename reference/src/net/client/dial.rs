//! From an address to an open WebSocket: TCP, TLS for `wss`, and the client's handshake (RFC 6455, section 4.1).

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::trust::Trust;
use crate::net::handshake::accept_of;
use crate::net::strict::{FrameSender, StrictStream};

/// The largest head of a handshake response, in bytes.
const LARGEST_HEAD: usize = 16 << 10;
/// The most headers in it.
const MOST_HEADERS: usize = 100;
/// The read buffer, in bytes.
const READ_BUFFER: usize = 16 << 10;
/// How many bytes are collected before a write.
const WRITE_BUFFER: usize = 16 << 10;

/// A connection, with TLS or without.
pub(super) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

pub(super) type ClientSocket = WebSocketStream<StrictStream<Box<dyn ByteStream>>>;

/// The address of a WebSocket endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    has_tls: bool,
    /// The `Host` header.
    authority: String,
    target: String,
}

/// A text that is not the address of a WebSocket endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid address `{0}`: expected a URL such as `ws://127.0.0.1:8080/mac`, or with `wss://`")]
pub struct InvalidAddress(String);

impl std::str::FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let wrong = || InvalidAddress(text.chars().take(200).collect());
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let has_tls = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(wrong());
        }
        // `Uri` accepts invalid ports, so the text after the host is parsed here.
        let port = match authority.as_str().strip_prefix(authority.host()).ok_or_else(wrong)?.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| wrong())?,
            None if has_tls => 443,
            None => 80,
        };
        let target = uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        Ok(Self { host, port, has_tls, authority: authority.to_string(), target })
    }
}

impl Address {
    /// Whether it is `wss`.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        self.has_tls
    }

    pub(crate) fn look_up(&self) -> io::Result<SocketAddr> {
        let mut all = (self.host.as_str(), self.port).to_socket_addrs()?;
        all.next().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Connects to another address instead; the handshake stays the same.
    pub(crate) fn redirect(&mut self, to: SocketAddr) {
        (self.host, self.port) = (to.ip().to_string(), to.port());
    }
}

/// Connects. Has no time limit of its own.
pub(super) async fn dial(address: Address, trust: Trust, max_message: usize) -> io::Result<ClientSocket> {
    let tcp = TcpStream::connect((address.host.as_str(), address.port)).await?;
    tcp.set_nodelay(true)?; // WIRE-12
    let mut stream: Box<dyn ByteStream> = if address.has_tls {
        let name = ServerName::try_from(address.host.clone()).map_err(invalid)?;
        Box::new(TlsConnector::from(trust.0).connect(name, tcp).await?)
    } else {
        Box::new(tcp)
    };
    let early = shake_hands(&mut stream, &address).await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_frame_size(Some(max_message))
        .max_message_size(Some(max_message));
    let strict = StrictStream::new(stream, &early, FrameSender::Server);
    Ok(WebSocketStream::from_raw_socket(strict, Role::Client, Some(config)).await)
}

/// Performs the handshake, and returns the bytes after the response.
async fn shake_hands(stream: &mut Box<dyn ByteStream>, address: &Address) -> io::Result<Vec<u8>> {
    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    let key = STANDARD.encode(key);
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {key}\r\n\r\n",
        address.target, address.authority
    );
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut bytes = Vec::with_capacity(1 << 10);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed before the handshake response"));
        }
        if let Some(length) = check_answer(&bytes, &accept_of(key.as_bytes())).map_err(invalid)? {
            return Ok(bytes.split_off(length));
        }
        if bytes.len() > LARGEST_HEAD {
            return Err(invalid("the handshake response is too long"));
        }
    }
}

/// The length of the response once it is complete and grants the upgrade (RFC 6455, section 4.1).
fn check_answer(bytes: &[u8], accept: &str) -> Result<Option<usize>, String> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let parsed = answer.parse(bytes).map_err(|error| format!("the handshake response is not HTTP: {error}"))?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let status = answer.code.unwrap_or_default();
    if status != 101 {
        return Err(format!("the handshake was refused with HTTP status {status}"));
    }
    let values = |name: &'static str| {
        let same = answer.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        same.filter_map(|header| str::from_utf8(header.value).ok()).flat_map(|value| value.split(',').map(str::trim))
    };
    if !values("upgrade").any(|value| value.eq_ignore_ascii_case("websocket"))
        || !values("connection").any(|value| value.eq_ignore_ascii_case("upgrade"))
    {
        return Err("the handshake response does not switch to WebSocket".to_owned());
    }
    if !values("sec-websocket-accept").eq([accept]) {
        return Err("the handshake response has a wrong Sec-WebSocket-Accept".to_owned());
    }
    for name in ["sec-websocket-extensions", "sec-websocket-protocol"] {
        if values(name).any(|value| !value.is_empty()) {
            return Err(format!("the handshake response has a {name} that was not requested"));
        }
    }
    Ok(Some(length))
}

fn invalid(problem: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        for (text, host, port, target) in [
            ("ws://127.0.0.1:8080/mac", "127.0.0.1", 8080, "/mac"),
            ("ws://relay.example", "relay.example", 80, "/"),
            ("wss://relay.example/browser?theme=dark", "relay.example", 443, "/browser?theme=dark"),
            ("ws://[::1]:7/ws", "::1", 7, "/ws"),
        ] {
            let address: Address = text.parse().expect(text);
            assert_eq!((address.host.as_str(), address.port, address.target.as_str()), (host, port, target));
        }
        for text in ["", "127.0.0.1:80", "http://127.0.0.1/", "ws://", "ws:///mac", "ws://a:99999/", "ws://me@there/"] {
            assert!(text.parse::<Address>().is_err(), "accepted `{text}`");
        }
    }

    #[test]
    fn checks_a_response_once_it_is_complete() {
        let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\n";
        let full = format!("{head}Sec-WebSocket-Accept: yes\r\n\r\n");
        assert_eq!(check_answer(format!("{full}\u{1}").as_bytes(), "yes"), Ok(Some(full.len())));
        assert_eq!(check_answer(&full.as_bytes()[..full.len() - 1], "yes"), Ok(None));
        for (wrong, problem) in [
            (full.replace("101", "503"), "HTTP status 503"),
            (full.replace("yes", "no"), "wrong Sec-WebSocket-Accept"),
            (full.replace("Upgrade: W", "Upgrade: h2, X-W"), "does not switch"),
            (full.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: x\r\n\r\n"), "not requested"),
            ("SSH-2.0\r\n".to_owned(), "not HTTP"),
        ] {
            let error = check_answer(wrong.as_bytes(), "yes").expect_err(&wrong);
            assert!(error.contains(problem), "{wrong}: {error}");
        }
    }
}
