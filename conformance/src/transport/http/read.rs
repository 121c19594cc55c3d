//! Reads HTTP messages from a stream, strictly: anything that two implementations may read differently is an error (RFC 9112).

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::message::{HttpMessage, StartLine, values};

/// Why no message could be read.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The stream ended between messages, or before the first.
    #[error("the connection ended")]
    Ended,
    /// The stream ended, or broke, within a message.
    #[error("the connection ended within a message")]
    Cut,
    /// The message is not HTTP, or is ambiguous.
    #[error("{0}")]
    Wrong(String),
}

impl From<io::Error> for HttpError {
    fn from(_: io::Error) -> Self {
        Self::Cut
    }
}

/// The longest head that is accepted, in bytes.
const LONGEST_HEAD: usize = 1 << 20;
/// The longest body that is accepted, in bytes.
const LONGEST_BODY: usize = 128 << 20;
/// The most header lines that are accepted.
const MOST_LINES: usize = 1000;

/// Reads messages, one after the other.
#[derive(Debug)]
pub struct Reader<R> {
    stream: R,
    read: BytesMut,
}

/// How the end of a body is found (RFC 9112, section 6.3).
enum BodyExtent {
    Length(usize),
    Chunked,
    UntilEnd,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    /// A reader of a stream.
    pub fn new(stream: R) -> Self {
        Self { stream, read: BytesMut::new() }
    }

    /// Reads a request; calls `proceed` after its head if the client expects `100 Continue`.
    pub async fn request(&mut self, proceed: impl AsyncFnOnce()) -> Result<HttpMessage, HttpError> {
        let (start, lines) = self.head(MessageKind::Request).await?;
        let extent = extent(&lines)?.unwrap_or(BodyExtent::Length(0));
        let message = HttpMessage { start, lines, body: Vec::new() };
        if message.values("expect").any(|value| value.eq_ignore_ascii_case("100-continue")) {
            proceed().await;
        }
        let body = self.body(extent).await?;
        Ok(HttpMessage { body, ..message })
    }

    /// Reads the response to a request with this method; interim responses (1xx) are skipped.
    pub async fn answer(&mut self, method: &str) -> Result<HttpMessage, HttpError> {
        loop {
            let (start, lines) = self.head(MessageKind::Answer).await?;
            let status = if let StartLine::Answer { status, .. } = start { status } else { 0 };
            if (100..200).contains(&status) {
                continue;
            }
            let is_empty = method == "HEAD" || status == 204 || status == 304;
            let extent = extent(&lines)?.filter(|_| !is_empty);
            let extent = extent.unwrap_or(if is_empty { BodyExtent::Length(0) } else { BodyExtent::UntilEnd });
            let body = self.body(extent).await?;
            return Ok(HttpMessage { start, lines, body });
        }
    }

    /// The stream, without what was read ahead.
    pub fn into_inner(self) -> R {
        self.stream
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.read).await
    }

    async fn head(&mut self, kind: MessageKind) -> Result<(StartLine, Vec<(String, String)>), HttpError> {
        loop {
            if let Some((start, lines, length)) = parse(&self.read, kind)? {
                self.read.advance(length);
                return Ok((start, lines));
            }
            if self.read.len() > LONGEST_HEAD {
                return Err(HttpError::Wrong(format!("a head of more than {LONGEST_HEAD} bytes")));
            }
            if self.fill().await.unwrap_or(0) == 0 {
                return Err(if self.read.is_empty() { HttpError::Ended } else { HttpError::Cut });
            }
        }
    }

    async fn body(&mut self, extent: BodyExtent) -> Result<Vec<u8>, HttpError> {
        match extent {
            BodyExtent::Length(length) => self.exactly(length).await,
            BodyExtent::UntilEnd => {
                while self.fill().await? > 0 {
                    bounded(self.read.len())?;
                }
                Ok(self.read.split().to_vec())
            }
            BodyExtent::Chunked => {
                let mut body = Vec::new();
                loop {
                    let line = self.line().await?;
                    let size = line.split(';').next().unwrap_or_default().trim();
                    let is_hex = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
                    let size = usize::from_str_radix(size, 16).ok().filter(|_| is_hex);
                    let size = size.ok_or_else(|| HttpError::Wrong(format!("invalid chunk size `{line}`")))?;
                    bounded(body.len().saturating_add(size))?;
                    if size == 0 {
                        while !self.line().await?.is_empty() {}
                        return Ok(body);
                    }
                    body.extend(self.exactly(size).await?);
                    if !self.line().await?.is_empty() {
                        return Err(HttpError::Wrong("a chunk is longer than its size".to_owned()));
                    }
                }
            }
        }
    }

    async fn exactly(&mut self, length: usize) -> Result<Vec<u8>, HttpError> {
        bounded(length)?;
        while self.read.len() < length {
            if self.fill().await? == 0 {
                return Err(HttpError::Cut);
            }
        }
        Ok(self.read.split_to(length).to_vec())
    }

    async fn line(&mut self) -> Result<String, HttpError> {
        loop {
            if let Some(at) = self.read.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.read.split_to(at + 2);
                return Ok(latin(&line[..at]));
            }
            if self.read.len() > LONGEST_HEAD {
                return Err(HttpError::Wrong(format!("a line of more than {LONGEST_HEAD} bytes")));
            }
            if self.fill().await? == 0 {
                return Err(HttpError::Cut);
            }
        }
    }
}

fn bounded(length: usize) -> Result<(), HttpError> {
    if length <= LONGEST_BODY {
        return Ok(());
    }
    Err(HttpError::Wrong(format!("a body of more than {LONGEST_BODY} bytes")))
}

#[derive(Clone, Copy, PartialEq)]
enum MessageKind {
    Request,
    Answer,
}

type ParsedHead = (StartLine, Vec<(String, String)>, usize);

fn parse(bytes: &[u8], kind: MessageKind) -> Result<Option<ParsedHead>, HttpError> {
    let mut storage = vec![httparse::EMPTY_HEADER; MOST_LINES];
    let wrong = |error: httparse::Error| {
        let shown: String = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).escape_debug().collect();
        HttpError::Wrong(format!("not HTTP: {error}; it begins with \"{shown}\""))
    };
    let (start, lines, length) = if kind == MessageKind::Request {
        let mut request = httparse::Request::new(&mut storage);
        let httparse::Status::Complete(length) = request.parse(bytes).map_err(wrong)? else { return Ok(None) };
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        let start = StartLine::Request { method: text(request.method), target: text(request.path) };
        (start, owned(request.headers), length)
    } else {
        let mut answer = httparse::Response::new(&mut storage);
        let httparse::Status::Complete(length) = answer.parse(bytes).map_err(wrong)? else { return Ok(None) };
        let start = StartLine::Answer {
            status: answer.code.unwrap_or_default(),
            reason: answer.reason.unwrap_or_default().to_owned(),
        };
        (start, owned(answer.headers), length)
    };
    if bytes[..length].windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r') {
        return Err(HttpError::Wrong("a line of the head ends with LF alone".to_owned()));
    }
    Ok(Some((start, lines, length)))
}

fn owned(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    headers.iter().map(|header| (header.name.to_owned(), latin(header.value))).collect()
}

fn latin(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// How a body ends; `None` if the head does not say. Ambiguous framing is rejected, since it allows request smuggling.
fn extent(lines: &[(String, String)]) -> Result<Option<BodyExtent>, HttpError> {
    let wrong = |why: &str| Err(HttpError::Wrong(why.to_owned()));
    let lengths: Vec<_> = values(lines, "content-length").collect();
    let codings: Vec<_> = values(lines, "transfer-encoding").collect();
    match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Ok(None),
        ([length], []) if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => length
            .parse()
            .map(|length| Some(BodyExtent::Length(length)))
            .or_else(|_| wrong("a `content-length` out of range")),
        ([], [coding]) if coding.eq_ignore_ascii_case("chunked") => Ok(Some(BodyExtent::Chunked)),
        ([], _) => wrong("a `transfer-encoding` other than `chunked`"),
        (_, []) => wrong("several `content-length` lines, or one that is not a number"),
        _ => wrong("both `content-length` and `transfer-encoding`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn request(text: &str) -> Result<HttpMessage, HttpError> {
        Reader::new(text.as_bytes()).request(async || {}).await
    }

    #[tokio::test]
    async fn reads_messages_unchanged() {
        let text = "POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nX-Two: a\r\nx-two: b\r\nTransfer-Encoding: chunked\r\n\r\n\
                    3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n";
        let message = request(text).await.expect("a request");
        assert_eq!(
            message.value(),
            serde_json::json!({
                "method": "POST", "target": "/a%20b?x=1", "body": "YWJjZGU=",
                "headers": { "host": "h", "x-two": ["a", "b"], "transfer-encoding": "chunked" }
            })
        );
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404\r\nX: \u{fc}\r\n\r\nrest";
        let message = Reader::new(text.as_bytes()).answer("GET").await.expect("an answer");
        assert_eq!((message.body.as_slice(), message.lines[0].1.as_str()), (&b"rest"[..], "\u{fc}"));
        let head = Reader::new("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".as_bytes()).answer("HEAD").await;
        assert!(head.is_ok_and(|message| message.body.is_empty()));
    }

    #[tokio::test]
    async fn rejects_ambiguous_messages() {
        for (head, says) in [
            ("Content-Length: 3\r\nTransfer-Encoding: chunked", "both"),
            ("Content-Length: 3\r\nContent-Length: 4", "several"),
            ("Content-Length: 3\r\nContent-Length: 3", "several"),
            ("Content-Length: +3", "not a number"),
            ("Transfer-Encoding: gzip, chunked", "other than"),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "other than"),
            ("X: y\nZ: a", "LF alone"),
            ("X y: z", "not HTTP"),
            ("Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0", "invalid chunk size"),
            ("Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0", "longer than"),
        ] {
            let error = request(&format!("GET / HTTP/1.1\r\n{head}\r\n\r\n")).await.expect_err(head).to_string();
            assert!(error.contains(says), "{head}: {error}");
        }
        assert!(matches!(request("").await, Err(HttpError::Ended)));
        assert!(matches!(request("GET / HTTP").await, Err(HttpError::Cut)));
        assert!(matches!(request("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab").await, Err(HttpError::Cut)));
    }
}
