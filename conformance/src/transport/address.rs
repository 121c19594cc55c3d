//! Addresses of subjects: `ws://` and `wss://` URLs, and `unix:` paths.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A WebSocket server.
    Web(WebAddress),
    /// A server at a Unix stream socket, by the absolute path of its file.
    Unix(PathBuf),
}

/// Where a WebSocket server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    /// Whether TLS is spoken (`wss`).
    pub secure: bool,
    /// Host name or IP address, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// What stands before every endpoint's path; empty or beginning with `/`.
    pub prefix: String,
}

impl Address {
    /// Whether TLS is spoken.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        matches!(self, Self::Web(address) if address.secure)
    }

    /// What stands before every endpoint's path.
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

/// How the address of a Unix stream socket begins.
const UNIX: &str = "unix:";
/// The longest path that a socket can have, in bytes (Linux: `sun_path`, without the zero at its end).
const LONGEST_PATH: usize = 107;

impl FromStr for Address {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        match url.strip_prefix(UNIX) {
            None => url.parse().map(Self::Web),
            Some(path) if !path.starts_with('/') || path.starts_with("//") => {
                Err(format!("`{url}` has no absolute path: write it as unix:/run/daemon.sock"))
            }
            Some(path) if path.len() > LONGEST_PATH => {
                Err(format!("`{url}` has a path of {} bytes; a socket's has at most {LONGEST_PATH}", path.len()))
            }
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

    /// Host and port as the `Host` header has them.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.secure { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl WebAddress {
    /// Reads the base URL of an HTTP server.
    ///
    /// # Errors
    /// Where it is none.
    pub fn of_http(url: &str) -> Result<Self, String> {
        let example = "write it as http://127.0.0.1:8081 or https://demo.example.org";
        let rest = |scheme: &str| url.strip_prefix(scheme);
        let like =
            rest("http://").map(|rest| format!("ws://{rest}")).or(rest("https://").map(|rest| format!("wss://{rest}")));
        let like = like.ok_or_else(|| format!("`{url}` is no HTTP URL: {example}"))?;
        like.parse().map_err(|_| format!("`{url}` is no base URL of a server: {example}"))
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

impl FromStr for WebAddress {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let example = "write it as ws://127.0.0.1:8080 or wss://relay.example.org";
        let (scheme, rest) = url.split_once("://").ok_or_else(|| format!("`{url}` is no URL: {example}"))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            other => {
                return Err(format!(
                    "`{url}` has the scheme `{other}`, but a relay is reached by ws or wss: {example}"
                ));
            }
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if authority.contains(['@', '?', '#']) || path.contains(['?', '#']) {
            return Err(format!("`{url}` has a user, query or fragment; a base URL has none: {example}"));
        }
        let (host, port) =
            host_and_port(authority).ok_or_else(|| format!("`{url}` has no valid host and port: {example}"))?;
        if !path.chars().all(|c| c.is_ascii_graphic()) {
            return Err(format!("`{url}` has a path with spaces or characters beyond ASCII; percent-encode them"));
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
    fn urls_are_read() {
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
