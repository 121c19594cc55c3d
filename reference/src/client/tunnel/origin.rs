//! The local origin: the only server that an agent makes requests to (TUN-16).

use std::str::FromStr;

use hyper::Uri;
use hyper::header::HeaderValue;

/// The address of an HTTP server, such as `http://127.0.0.1:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalOrigin {
    host: String,
    port: u16,
    authority: HeaderValue,
}

/// A text that is not a local origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid local origin `{0}`: expected a URL without a path, such as `http://127.0.0.1:3000`")]
pub struct InvalidOrigin(String);

impl LocalOrigin {
    /// The host, without the brackets of IPv6.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn authority(&self) -> &HeaderValue {
        &self.authority
    }
}

impl FromStr for LocalOrigin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let wrong = || InvalidOrigin(text.chars().take(200).collect());
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let is_bare = matches!(uri.path_and_query().map(|target| target.as_str()), None | Some("/" | ""));
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(wrong)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if uri.scheme_str() != Some("http") || !is_bare || host.is_empty() || text.contains('#') {
            return Err(wrong());
        }
        // `Uri` accepts invalid ports, so the text after the host is parsed here.
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
    fn reads_origins_with_an_optional_port() {
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
            assert!(text.parse::<LocalOrigin>().is_err(), "accepted `{text}`");
        }
    }
}
