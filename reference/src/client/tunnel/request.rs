//! From an `HttpRequest` to a request that may be made: whatever HTTP forbids, or might lead elsewhere, ends here (TUN-12, TUN-16).

use bytes::Bytes;
use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::uri::PathAndQuery;
use relayspec::tunnel::HttpRequest;

use super::LocalOrigin;
use crate::tunnel::fields::{self, Length};

/// A request to the local server, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    /// Its method.
    pub method: Method,
    /// Path and query, byte for byte as they came.
    pub target: PathAndQuery,
    /// The header lines but for those that frame the body.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Local {
    /// Reads a request.
    ///
    /// # Errors
    /// Where it must not be made; why, for a person.
    pub fn read(request: HttpRequest, origin: &LocalOrigin) -> Result<Self, String> {
        let HttpRequest { method, url, headers, body, .. } = request;
        let target = target(url)?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| "The method is no token of HTTP.")?;
        if method == Method::CONNECT {
            return Err("CONNECT is not passed on.".to_owned());
        }
        let headers = fields::from_message(&headers, Length::Dropped);
        let mut headers = headers.map_err(|forbidden| format!("Not passed on: {forbidden}."))?;
        settle_host(&mut headers, origin);
        Ok(Self { method, target, headers, body: body.0.into() })
    }
}

/// Path and query, if that is all that the text is.
fn target(url: String) -> Result<PathAndQuery, String> {
    if !url.starts_with('/') || url.starts_with("//") {
        return Err("The `url` does not begin with exactly one `/`.".to_owned());
    }
    if url.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b'#') {
        return Err("The `url` holds what no path or query holds.".to_owned());
    }
    let target = PathAndQuery::from_maybe_shared(Bytes::from(url.clone())).ok();
    target.filter(|target| target.as_str() == url).ok_or_else(|| "The `url` holds what HTTP forbids.".to_owned())
}

/// A request has one host: the one that came, if it is one, or else that of the origin. It never says where the request goes.
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
    fn targets_stay_byte_for_byte() {
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
            match Local::read(request("GET", url, &[]), &origin()) {
                Ok(local) => assert_eq!(local.target.as_str(), url),
                Err(why) => assert!(url.contains('"') && why == "The `url` holds what HTTP forbids.", "{url}: {why}"),
            }
        }
    }

    #[test]
    fn what_might_lead_elsewhere_is_refused() {
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
            assert!(Local::read(request("GET", url, &[]), &origin()).is_err(), "`{url}` was taken");
        }
        for method in ["", "G T", "GET\r\n", "GET/", "CONNECT", "G\u{c4}T", "\0"] {
            assert!(Local::read(request(method, "/", &[]), &origin()).is_err(), "`{method}` was taken");
        }
        for line in [("a b", "x"), ("x", "y\r\nz: 1"), ("te", "\n")] {
            assert!(Local::read(request("GET", "/", &[line]), &origin()).is_err(), "{line:?} was taken");
        }
    }

    #[test]
    fn methods_are_tokens_in_any_case() {
        for method in ["get", "GET", "connect", "PROPFIND", "M-SEARCH", "x!#$%&'*+-.^_`|~"] {
            let local = Local::read(request(method, "/", &[]), &origin()).expect(method);
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
        let local = Local::read(request("POST", "/", &lines), &origin()).expect("taken");
        let names: Vec<_> = local.headers.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, ["x", "host"]);
        assert_eq!(local.headers[header::HOST], "demo.example:80");
        assert_eq!(local.body, "x=1");
        for hosts in
            [&[][..], &[("host", "")], &[("host", "a"), ("host", "b")], &[("host", "a@b")], &[("host", "a, b")]]
        {
            let local = Local::read(request("POST", "/", hosts), &origin()).expect("taken");
            let values: Vec<_> = local.headers.get_all(header::HOST).iter().collect();
            assert_eq!(values, ["127.0.0.1:3000"]);
        }
    }
}
