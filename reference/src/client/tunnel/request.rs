//! From an `HttpRequest` to a local request: rejects what HTTP forbids or what might reach another server (TUN-12, TUN-16).

use bytes::Bytes;
use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::uri::PathAndQuery;
use relayspec::tunnel::HttpRequest;

use super::origin::LocalOrigin;
use crate::client::fetch::LocalRequest;
use crate::tunnel::fields::{self, Length};

impl LocalRequest {
    /// Checks and converts a request.
    ///
    /// # Errors
    /// Why it must not be made.
    pub(crate) fn read(request: HttpRequest, origin: &LocalOrigin) -> Result<Self, String> {
        let HttpRequest { method, url, headers, body, .. } = request;
        let target = target(url)?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| "The method is not an HTTP token.")?;
        if method == Method::CONNECT {
            return Err("CONNECT is not forwarded.".to_owned());
        }
        let headers = fields::from_message(&headers, Length::Dropped);
        let mut headers = headers.map_err(|forbidden| format!("Not forwarded: {forbidden}."))?;
        settle_host(&mut headers, origin);
        Ok(Self { method, target, headers, body: body.0.into() })
    }
}

/// The text as path and query, if it is nothing else.
fn target(url: String) -> Result<PathAndQuery, String> {
    if !url.starts_with('/') || url.starts_with("//") {
        return Err("The `url` must begin with exactly one `/`.".to_owned());
    }
    if url.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
        return Err("The `url` has characters that no path or query has.".to_owned());
    }
    let target = PathAndQuery::from_maybe_shared(Bytes::from(url.clone())).ok();
    target
        .filter(|target| target.as_str() == url)
        .ok_or_else(|| "The `url` has characters that HTTP forbids.".to_owned())
}

/// Ensures exactly one `Host`: the one received if it is valid, else the origin's. It does not decide where the request goes.
fn settle_host(headers: &mut HeaderMap, origin: &LocalOrigin) {
    let is_host = |value: &HeaderValue| {
        let bytes = value.as_bytes();
        !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_graphic() && !b"/\\@?#,".contains(byte))
    };
    let mut values = headers.get_all(header::HOST).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() || !first.is_some_and(is_host) {
        headers.insert(header::HOST, origin.authority().clone());
    }
}

#[cfg(test)]
mod tests {
    use relayspec::tunnel::{Body, Headers};

    use super::*;

    fn origin() -> LocalOrigin {
        "http://127.0.0.1:3000".parse().expect("an origin")
    }

    fn request(method: &str, url: &str, lines: &[(&str, &str)]) -> HttpRequest {
        let headers: Headers = lines.iter().copied().collect();
        let body = Body(b"x=1".to_vec());
        HttpRequest { id: "1".to_owned(), method: method.to_owned(), url: url.to_owned(), headers, body }
    }

    #[test]
    fn targets_are_kept_byte_for_byte() {
        let long = format!("/{}", "a".repeat(60_000));
        for url in [
            "/",
            "/?",
            "/a%20b?x=1",
            "/a//b/./../c",
            "/%00%2F%2f%zz",
            "/a\\..\\b",
            "/{a}|\"^[]",
            "/?a[]=1&b={\"c\":'d'}".split_at(0).1,
            "/a?b?c//http://d@e",
            "/@other.example/",
            "/;v=1,2",
            &long,
        ] {
            match LocalRequest::read(request("GET", url, &[]), &origin()) {
                Ok(local) => assert_eq!(local.target.as_str(), url),
                Err(why) => {
                    assert!(url.contains('"') && why == "The `url` has characters that HTTP forbids.", "{url}: {why}");
                }
            }
        }
    }

    #[test]
    fn rejects_what_might_reach_another_server() {
        let too_long = format!("/{}", "a".repeat(70_000));
        for url in [
            "",
            "*",
            "a",
            "http://other.example/",
            "//other.example/",
            "///",
            "@other.example/",
            "?x",
            "\\\\other",
            "/a#b",
            "/a b",
            "/a\nb",
            "/a\r\nHost: x",
            "/\0",
            "/\u{7f}",
            "/\u{e4}",
            " /",
            "/a\t",
            &too_long,
        ] {
            assert!(LocalRequest::read(request("GET", url, &[]), &origin()).is_err(), "accepted `{url}`");
        }
        for method in ["", "G T", "GET\r\n", "GET/", "CONNECT", "G\u{c4}T", "\0"] {
            assert!(LocalRequest::read(request(method, "/", &[]), &origin()).is_err(), "accepted `{method}`");
        }
        for line in [("a b", "x"), ("x", "y\r\nz: 1"), ("te", "\n")] {
            assert!(LocalRequest::read(request("GET", "/", &[line]), &origin()).is_err(), "accepted {line:?}");
        }
    }

    #[test]
    fn accepts_any_token_as_method() {
        for method in ["get", "GET", "connect", "PROPFIND", "M-SEARCH", "x!#$%&'*+-.^_`|~"] {
            let local = LocalRequest::read(request(method, "/", &[]), &origin()).expect(method);
            assert_eq!(local.method.as_str(), method);
        }
    }

    #[test]
    fn one_request_stays_one_request() {
        let lines = [
            ("content-length", "99"),
            ("Content-Length", "0"),
            ("transfer-encoding", "chunked"),
            ("x", "1"),
            ("host", "demo.example:80"),
        ];
        let local = LocalRequest::read(request("POST", "/", &lines), &origin()).expect("taken");
        let names: Vec<_> = local.headers.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, ["x", "host"]);
        assert_eq!(local.headers[header::HOST], "demo.example:80");
        assert_eq!(local.body, "x=1");
        for hosts in
            [&[][..], &[("host", "")], &[("host", "a"), ("host", "b")], &[("host", "a@b")], &[("host", "a, b")]]
        {
            let local = LocalRequest::read(request("POST", "/", hosts), &origin()).expect("taken");
            let values: Vec<_> = local.headers.get_all(header::HOST).iter().collect();
            assert_eq!(values, ["127.0.0.1:3000"]);
        }
    }
}
