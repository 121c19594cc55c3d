//! The local origin: the one address that an agent makes requests to (TUN-16).

use std::str::FromStr;

use hyper::Uri;
use hyper::header::HeaderValue;

/// The address of an HTTP server, as `http://127.0.0.1:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalOrigin {
    host: String,
    port: u16,
    authority: HeaderValue,
}

/// A text that is no address of a local server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no local origin: write it as `http://127.0.0.1:3000`, without a path")]
pub struct NoOrigin(String);

impl LocalOrigin {
    /// The host to connect to, without brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port to connect to.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What a request has as its host, where nothing else is known.
    pub(super) fn authority(&self) -> &HeaderValue {
        &self.authority
    }
}

impl FromStr for LocalOrigin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let wrong = || NoOrigin(text.chars().take(200).collect());
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let is_bare = matches!(uri.path_and_query().map(|target| target.as_str()), None | Some("/" | ""));
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if uri.scheme_str() != Some("http") || !is_bare || host.is_empty() || text.contains('#') {
            return Err(wrong());
        }
        // What stands behind the host is a port, or wrong: the library takes numbers that are none.
        let port = match authority.as_str().strip_prefix(authority.host()).ok_or_else(wrong)?.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| wrong())?,
            None => 80,
        };
        let authority = HeaderValue::from_str(authority.as_str()).map_err(|_| wrong())?;
        Ok(Self { host, port, authority })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_a_host_and_perhaps_a_port() {
        for (text, host, port) in [
            ("http://127.0.0.1:3000", "127.0.0.1", 3000),
            ("http://localhost/", "localhost", 80),
            ("http://[::1]:8080", "::1", 8080),
        ] {
            let origin: LocalOrigin = text.parse().expect(text);
            assert_eq!((origin.host(), origin.port()), (host, port));
        }
        for text in [
            "",
            "127.0.0.1:3000",
            "https://127.0.0.1",
            "http://",
            "http://a/b",
            "http://a?x",
            "http://a/#x",
            "http://u@a",
            "http://a:99999",
            "unix:/x",
        ] {
            assert!(text.parse::<LocalOrigin>().is_err(), "`{text}` was taken for an origin");
        }
    }
}
