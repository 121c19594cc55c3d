//! Header lines between HTTP and messages: drops hop-by-hop headers, and rejects what HTTP forbids (TUN-12, TUN-16, TUN-25).

use std::borrow::Cow;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use relayspec::tunnel::{HOP_BY_HOP, Headers};

/// The most header lines in a message; `HeaderMap` itself has a limit.
const MOST_LINES: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Forbidden {
    #[error("a header name is not an HTTP token")]
    Name,
    #[error("the value of the header `{0}` has characters that HTTP forbids")]
    Value(HeaderName),
    #[error("too many header lines")]
    TooMany,
}

/// Converts HTTP header lines for a message, without hop-by-hop headers. Lines of one name keep their order.
pub(crate) fn to_message(lines: &HeaderMap) -> Headers {
    let named = named_by(lines.get_all(header::CONNECTION).iter().map(|value| text_of(value)));
    let passes = |name: &HeaderName| !HOP_BY_HOP.contains(&name.as_str()) && !named.contains(name);
    lines.iter().filter(|(name, _)| passes(name)).map(|(name, value)| (name.as_str(), text_of(value))).collect()
}

/// What happens to `content-length`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// Kept if it is valid.
    Kept,
    /// Dropped: the HTTP library writes its own.
    Dropped,
}

/// Converts header lines of a message for HTTP, in order and without hop-by-hop headers.
pub(crate) fn from_message(headers: &Headers, length: Length) -> Result<HeaderMap, Forbidden> {
    let drops_length = length == Length::Dropped || !is_length(headers);
    let named = named_by(headers.of("connection").map(Cow::Borrowed));
    let mut lines = HeaderMap::new();
    for (name, value) in headers.lines() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Forbidden::Name)?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| Forbidden::Value(name.clone()))?;
        let is_length = name == header::CONTENT_LENGTH;
        if HOP_BY_HOP.contains(&name.as_str()) || named.contains(&name) || is_length && drops_length {
            continue;
        }
        if lines.len() >= MOST_LINES || lines.try_append(name, value).is_err() {
            return Err(Forbidden::TooMany);
        }
    }
    Ok(lines)
}

/// Whether there is exactly one valid `content-length`.
fn is_length(headers: &Headers) -> bool {
    let mut values = headers.of(header::CONTENT_LENGTH.as_str());
    let is_number = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    values.next().is_some_and(is_number) && values.next().is_none()
}

/// The headers that `connection` names. `host` and `content-length` stay: a peer must not be able to strip them.
fn named_by<'a>(values: impl Iterator<Item = Cow<'a, str>>) -> Vec<HeaderName> {
    let mut named = Vec::new();
    for value in values {
        let names = value.split(',').map(|name| HeaderName::from_bytes(name.trim().as_bytes()));
        named.extend(names.flatten().filter(|name| *name != header::HOST && *name != header::CONTENT_LENGTH));
    }
    named
}

/// A value as text. HTTP values have no declared encoding; what is not UTF-8 is read as Latin-1.
fn text_of(value: &HeaderValue) -> Cow<'_, str> {
    match str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        lines.iter().copied().collect()
    }

    fn shown(lines: &HeaderMap) -> Vec<String> {
        lines.iter().map(|(name, value)| format!("{name}: {}", text_of(value))).collect()
    }

    #[test]
    fn drops_hop_by_hop_headers() {
        let message = headers(&[
            ("Connection", "close, X-Hop , host"),
            ("connection", "x-other,content-length"),
            ("x-hop", "1"),
            ("X-Other", "2"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "x"),
            ("Proxy-Authenticate", "x"),
            ("proxy-authorization", "x"),
            ("TE", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("host", "demo.example"),
            ("content-length", "7"),
            ("set-cookie", "b=2"),
            ("Set-Cookie", "a=1; HttpOnly"),
            ("accept", ""),
        ]);
        let lines = from_message(&message, Length::Kept).expect("allowed");
        let expected =
            ["host: demo.example", "content-length: 7", "set-cookie: b=2", "set-cookie: a=1; HttpOnly", "accept: "];
        assert_eq!(shown(&lines), expected);
        let mut with_hop = lines.clone();
        for (name, value) in [("connection", "x-hop"), ("x-hop", "1"), ("te", "trailers")] {
            with_hop.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        assert_eq!(to_message(&with_hop), to_message(&lines));
        assert_eq!(from_message(&to_message(&with_hop), Length::Kept), Ok(lines));
    }

    #[test]
    fn rejects_what_http_forbids_even_in_hop_by_hop_headers() {
        for (name, value, forbidden) in [
            ("a b", "x", Forbidden::Name),
            ("", "x", Forbidden::Name),
            ("a:", "x", Forbidden::Name),
            ("a\r\nb", "x", Forbidden::Name),
            ("ä", "x", Forbidden::Name),
            ("x-a", "x\r\nx-b: y", Forbidden::Value(HeaderName::from_static("x-a"))),
            ("x-a", "x\n", Forbidden::Value(HeaderName::from_static("x-a"))),
            ("te", "\0", Forbidden::Value(HeaderName::from_static("te"))),
        ] {
            assert_eq!(from_message(&headers(&[(name, value)]), Length::Kept), Err(forbidden), "{name}: {value}");
        }
        let many: Headers = (0..=MOST_LINES).map(|_| ("x", "")).collect();
        assert_eq!(from_message(&many, Length::Dropped), Err(Forbidden::TooMany));
    }

    #[test]
    fn drops_an_invalid_length_and_keeps_the_order() {
        for (values, length, kept) in [
            (&["7"][..], Length::Kept, true),
            (&["7"], Length::Dropped, false),
            (&["7", "7"], Length::Kept, false),
            (&["+7"], Length::Kept, false),
            (&[""], Length::Kept, false),
        ] {
            let lines = values.iter().map(|value| ("content-length", *value));
            let message =
                headers(&[("a", "1")].into_iter().chain(lines).chain([("b", "2"), ("c", "3")]).collect::<Vec<_>>());
            let names = from_message(&message, length).expect("allowed");
            let expected: &[&str] = if kept { &["a", "content-length", "b", "c"] } else { &["a", "b", "c"] };
            assert_eq!(names.keys().map(HeaderName::as_str).collect::<Vec<_>>(), expected, "{values:?}");
        }
    }

    #[test]
    fn reads_values_as_text() {
        let mut lines = HeaderMap::new();
        for value in [&b"gr\xC3\xBC\xC3\x9Fe"[..], b"gr\xFC\xDFe", b"tab\there"] {
            lines.append("x", HeaderValue::from_bytes(value).expect("allowed"));
        }
        assert_eq!(to_message(&lines).of("x").collect::<Vec<_>>(), ["grüße", "grüße", "tab\there"]);
    }
}
