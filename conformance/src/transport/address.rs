//! Addresses of subjects: `ws://` and `wss://` URLs, and `unix:` paths.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A WebSocket server.
    Web(WebAddress),
    /// A server on a Unix stream socket, by its absolute path.
    Unix(PathBuf),
}

/// Where a WebSocket server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    /// Whether it uses TLS (`wss`).
    pub secure: bool,
    /// Host name or IP address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The path before that of every endpoint; empty, or starting with `/`.
    pub prefix: String,
}

impl Address {
    /// Whether it uses TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self, Self::Web(address) if address.secure)
    }

    /// The path before that of every endpoint.
    #[must_use]
    pub fn prefix(&self) -> &str {
        match self {
            Self::Web(address) => &address.prefix,
            Self::Unix(_) => "",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

/// The scheme of a Unix stream socket's address.
const UNIX: &str = "unix:";
/// The longest path that a socket can have, in bytes (Linux: `sun_path` without its final zero).
const LONGEST_PATH: usize = 107;

/// An address that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid address `{url}`: {problem}")]
pub struct AddressError {
    /// The address as it was written.
    pub url: String,
    /// What is wrong with it.
    pub problem: AddressProblem,
}

/// What is wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressProblem {
    /// It has no scheme.
    #[error("expected a URL, such as {EXAMPLE}")]
    NoScheme,
    /// Its scheme is not that of a WebSocket server.
    #[error("unsupported scheme `{0}`; expected ws or wss, as in {EXAMPLE}")]
    Scheme(String),
    /// A base URL has none of these.
    #[error("a base URL has no user, query or fragment; write it as {EXAMPLE}")]
    UserQueryOrFragment,
    /// Host or port is missing or invalid.
    #[error("expected a host and an optional port from 1 to 65535, as in {EXAMPLE}")]
    HostOrPort,
    /// The path has spaces or characters beyond ASCII.
    #[error("the path has spaces or non-ASCII characters; percent-encode them")]
    Path,
    /// The path of a Unix socket is not absolute.
    #[error("expected an absolute path, such as unix:/run/daemon.sock")]
    RelativeSocket,
    /// The path of a Unix socket is too long, in bytes.
    #[error("the path has {0} bytes; the limit for a socket is {LONGEST_PATH}")]
    LongSocket(usize),
    /// It is not the base URL of an HTTP server.
    #[error("expected a base URL, such as http://127.0.0.1:8081 or https://demo.example.org")]
    NotHttp,
}

const EXAMPLE: &str = "ws://127.0.0.1:8080 or wss://relay.example.org";

impl AddressProblem {
    fn of(self, url: &str) -> AddressError {
        AddressError { url: url.to_owned(), problem: self }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(url: &str) -> Result<Self, AddressError> {
        match url.strip_prefix(UNIX) {
            None => url.parse().map(Self::Web),
            Some(path) if !path.starts_with('/') || path.starts_with("//") => {
                Err(AddressProblem::RelativeSocket.of(url))
            }
            Some(path) if path.len() > LONGEST_PATH => Err(AddressProblem::LongSocket(path.len()).of(url)),
            Some(path) => Ok(Self::Unix(path.into())),
        }
    }
}

impl WebAddress {
    /// The request target of an endpoint.
    #[must_use]
    pub fn target(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Host and port, as in the `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.secure { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }

    /// Reads the base URL of an HTTP server.
    pub fn of_http(url: &str) -> Result<Self, AddressError> {
        let websocket = match url.split_once("://") {
            Some(("http", rest)) => format!("ws://{rest}"),
            Some(("https", rest)) => format!("wss://{rest}"),
            _ => return Err(AddressProblem::NotHttp.of(url)),
        };
        websocket.parse().map_err(|_| AddressProblem::NotHttp.of(url))
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

impl FromStr for WebAddress {
    type Err = AddressError;

    fn from_str(url: &str) -> Result<Self, AddressError> {
        let invalid = |problem: AddressProblem| problem.of(url);
        let (scheme, rest) = url.split_once("://").ok_or_else(|| invalid(AddressProblem::NoScheme))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            other => return Err(invalid(AddressProblem::Scheme(other.to_owned()))),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.contains(['@', '?', '#']) || path.contains(['?', '#']) {
            return Err(invalid(AddressProblem::UserQueryOrFragment));
        }
        let (host, port) = host_and_port(authority).ok_or_else(|| invalid(AddressProblem::HostOrPort))?;
        if !path.chars().all(|c| c.is_ascii_graphic()) {
            return Err(invalid(AddressProblem::Path));
        }
        let port = port.unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { secure, host, port, prefix: path.trim_end_matches('/').to_owned() })
    }
}

fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let named = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c));
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    named.then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_addresses_and_rejects_invalid_ones() {
        for (url, shown, target) in [
            ("ws://127.0.0.1:8080", "ws://127.0.0.1:8080", "/mac"),
            ("ws://127.0.0.1:8080/", "ws://127.0.0.1:8080", "/mac"),
            ("wss://relay.example.org/v1", "wss://relay.example.org/v1", "/v1/mac"),
            ("WS://[::1]:9000", "ws://[::1]:9000", "/mac"),
            ("ws://localhost:80", "ws://localhost", "/mac"),
        ] {
            let address: WebAddress = url.parse().expect("an address");
            assert_eq!((address.to_string(), address.target("/mac")), (shown.to_owned(), target.to_owned()));
            assert_eq!(url.parse::<Address>().expect("an address").to_string(), shown);
        }
        let socket = "unix:/run/daemon.sock";
        assert_eq!(socket.parse::<Address>().map(|address| address.to_string()), Ok(socket.to_owned()));
        for url in [
            "",
            "127.0.0.1:80",
            "http://x",
            "ws://",
            "ws://x:0",
            "ws://x:99999",
            "ws://a b",
            "ws://u@x",
            "ws://x/?q",
            "ws://[::1",
            "ws://x/ü",
            "unix:",
            "unix:daemon.sock",
            "unix:///run/daemon.sock",
            &format!("unix:/{}", "x".repeat(LONGEST_PATH)),
        ] {
            assert!(url.parse::<Address>().is_err(), "`{url}` was read as an address");
        }
    }
}
