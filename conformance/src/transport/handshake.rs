//! Opens connections: TCP, TLS, and the WebSocket handshake (RFC 6455, section 4.1). Errors say how far it got.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::BytesMut;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UnixStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::address::{Address, WebAddress};
use super::encode::Side;
use super::link::Link;
use super::{port, tls};

/// How to reach a server.
#[derive(Debug, Clone)]
pub struct Route {
    /// Where it listens.
    pub address: Address,
    /// The TLS configuration, for `wss` only.
    pub tls: Option<Arc<ClientConfig>>,
}

/// Why a connection could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// TCP, or the Unix stream socket, did not connect.
    #[error("cannot connect: {0}")]
    Tcp(io::Error),
    /// TLS failed.
    #[error("TLS failed: {}", if tls::is_authority(.0) { AUTHORITY.to_owned() } else { .0.to_string() })]
    Tls(io::Error),
    /// The connection ended before the handshake was complete.
    #[error("the connection ended before the handshake was answered{}", .0.as_ref().map(|error| format!(": {error}")).unwrap_or_default())]
    Ended(Option<io::Error>),
    /// The server answered with a status other than 101.
    #[error("the handshake was answered with HTTP {}", format!("{status} {reason}").trim_end())]
    Status {
        /// The status.
        status: u16,
        /// Its reason phrase.
        reason: String,
    },
    /// The server's answer is not HTTP.
    #[error("the answer to the handshake is not HTTP: {0}")]
    NotHttp(String),
    /// The server answered with status 101, but not as RFC 6455 requires.
    #[error("invalid answer to the handshake: {0}")]
    Wrong(String),
}

impl OpenError {
    /// Whether the server accepted a connection at all.
    #[must_use]
    pub fn reached(&self) -> bool {
        !matches!(self, Self::Tcp(_))
    }

    /// Whether the server presents a certificate authority's certificate as its own.
    #[must_use]
    pub fn shows_authority(&self) -> bool {
        matches!(self, Self::Tls(error) if tls::is_authority(error))
    }
}

/// A connection after its handshake, with the bytes that followed it.
#[derive(Debug)]
pub struct Opened {
    /// The stream.
    pub link: Link,
    /// The runner's side.
    pub side: Side,
    /// The bytes that the other side sent after its part of the handshake.
    pub rest: BytesMut,
}

/// What is wrong with the certificate that `openssl req -x509` makes by default.
const AUTHORITY: &str = "the server's own certificate claims to be a certificate authority (CA:TRUE)";
/// The longest request or response head that is read, in bytes.
pub(super) const LONGEST_HEAD: usize = 16 << 10;
const ACCEPT_GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Socket options of a new connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dial {
    /// The size of the receive buffer, in bytes.
    pub receive_buffer: Option<u32>,
    /// The local address.
    pub from: Option<IpAddr>,
}

/// Opens a connection; a Unix stream socket has no handshake. The caller bounds the time.
pub async fn open(route: &Route, path: &str, dial: Dial) -> Result<Opened, OpenError> {
    let address = match &route.address {
        Address::Web(address) => address,
        Address::Unix(path) => {
            let stream = UnixStream::connect(path).await.map_err(OpenError::Tcp)?;
            return Ok(Opened { link: Link::Unix(stream), rest: BytesMut::new(), side: Side::Client });
        }
    };
    let mut link = connect(route.tls.as_ref(), address, dial).await?;
    let key = BASE64.encode(fastrand::u128(..).to_be_bytes());
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nUser-Agent: relayspec-conformance\r\n\r\n",
        address.target(path),
        address.authority(),
    );
    link.write_all(request.as_bytes()).await.map_err(|error| OpenError::Ended(Some(error)))?;
    link.flush().await.map_err(|error| OpenError::Ended(Some(error)))?;
    let mut rest = BytesMut::with_capacity(1024);
    loop {
        if let Some(length) = response_head(&rest, &key)? {
            let _ = rest.split_to(length);
            return Ok(Opened { link, rest, side: Side::Client });
        }
        if rest.len() > LONGEST_HEAD {
            return Err(OpenError::NotHttp(format!("a head of more than {LONGEST_HEAD} bytes")));
        }
        match link.read_buf(&mut rest).await {
            Ok(0) => return Err(OpenError::Ended(None)),
            Ok(_) => {}
            Err(error) => return Err(OpenError::Ended(Some(error))),
        }
    }
}

/// Opens a byte stream to a server: TCP, and TLS if its URL says so.
pub(crate) async fn connect(
    tls: Option<&Arc<ClientConfig>>,
    address: &WebAddress,
    dial: Dial,
) -> Result<Link, OpenError> {
    let stream = tcp(address, dial).await.map_err(OpenError::Tcp)?;
    Ok(match (tls, address.secure) {
        (Some(config), true) => {
            let name =
                ServerName::try_from(address.host.clone()).map_err(|error| OpenError::Tls(io::Error::other(error)))?;
            let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await.map_err(OpenError::Tls)?;
            Link::Tls(Box::new(stream))
        }
        _ => Link::Tcp(stream),
    })
}

async fn tcp(address: &WebAddress, dial: Dial) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
    for target in lookup_host((address.host.as_str(), address.port)).await? {
        let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(bytes) = dial.receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
        }
        if let Some(from) = dial.from {
            // A loopback address reaches only this machine.
            if !target.ip().is_loopback() || from.is_ipv4() != target.is_ipv4() {
                last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the server is not at a loopback address");
                continue;
            }
            if let Err(error) = port::bind(SocketAddr::new(from, 0), |address| socket.bind(address)) {
                last = io::Error::new(io::ErrorKind::AddrNotAvailable, error);
                continue;
            }
        }
        match socket.connect(target).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The length of the response head, once it is complete and valid.
fn response_head(bytes: &[u8], key: &str) -> Result<Option<usize>, OpenError> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => {
            return Err(OpenError::NotHttp(format!("{error}; it begins with {}", beginning(bytes))));
        }
    };
    let status = response.code.unwrap_or_default();
    if status != 101 {
        return Err(OpenError::Status { status, reason: response.reason.unwrap_or_default().to_owned() });
    }
    let values = |name: &str| values(response.headers, name);
    let has = |name: &str, token: &str| values(name).split(',').any(|part| part.trim().eq_ignore_ascii_case(token));
    if !has("upgrade", "websocket") {
        return Err(OpenError::Wrong(format!("`Upgrade: {}` instead of `Upgrade: websocket`", values("upgrade"))));
    }
    if !has("connection", "upgrade") {
        return Err(OpenError::Wrong(format!("`Connection: {}` without `Upgrade`", values("connection"))));
    }
    if values("sec-websocket-accept") != accept_of(key) {
        return Err(OpenError::Wrong("`Sec-WebSocket-Accept` does not match the key".to_owned()));
    }
    for name in ["sec-websocket-extensions", "sec-websocket-protocol"] {
        if !values(name).is_empty() {
            return Err(OpenError::Wrong(format!("`{name}: {}` although none was offered", values(name))));
        }
    }
    Ok(Some(length))
}

/// The values of a header, joined if it has several lines.
pub(super) fn values(headers: &[httparse::Header<'_>], name: &str) -> String {
    let found = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    found.map(|header| String::from_utf8_lossy(header.value).trim().to_owned()).collect::<Vec<_>>().join(", ")
}

/// The first bytes of something that is not HTTP, quoted.
pub(super) fn beginning(bytes: &[u8]) -> String {
    format!("\"{}\"", String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).escape_debug())
}

/// The accept value for the key of a handshake (RFC 6455, section 4.2.2).
pub(super) fn accept_of(key: &str) -> String {
    BASE64.encode(Sha1::new().chain_update(key).chain_update(ACCEPT_GUID).finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn head(lines: &str) -> Result<Option<usize>, String> {
        response_head(lines.replace('\n', "\r\n").as_bytes(), KEY).map_err(|error| error.to_string())
    }

    #[test]
    fn accepts_the_answer_of_the_rfc_and_rejects_others() {
        let valid = "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: keep-alive, Upgrade\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n\n";
        assert_eq!(head(valid), Ok(Some(valid.len() + 5)));
        assert_eq!(head(&valid[..40]), Ok(None));
        for (invalid, says) in [
            (valid.replace("s3p", "s4p"), "Sec-WebSocket-Accept"),
            (valid.replace(": websocket", ": h2c"), "h2c"),
            (valid.replace(", Upgrade", ""), "Connection"),
            (valid.replace("\n\n", "\nSec-WebSocket-Extensions: x\n\n"), "none was offered"),
            ("HTTP/1.1 404 Not Found\n\n".to_owned(), "HTTP 404 Not Found"),
            ("SSH-2.0-OpenSSH_9\n".to_owned(), "not HTTP"),
        ] {
            let error = head(&invalid).expect_err("an invalid answer");
            assert!(error.contains(says), "{error}");
        }
    }
}
