//! One HTTP request and its answer: for the addresses that servers have for tests alone. No client library: a few lines suffice.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest answer that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body as JSON; null where it is none.
    pub json: Value,
}

/// POSTs JSON to a URL, `http://host:port/path`, and reads the answer to its end. The caller bounds the time.
///
/// # Errors
/// Where the URL is none, nobody answers, or what comes is no HTTP.
pub async fn post(url: &str, body: &Value) -> io::Result<Answer> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("{what}: {url}"));
    let rest = url.strip_prefix("http://").ok_or_else(|| wrong("no http:// URL"))?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len(),
    );
    let mut stream = TcpStream::connect(authority).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    read(&answer).ok_or_else(|| wrong("what was answered is no HTTP"))
}

fn read(answer: &[u8]) -> Option<Answer> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(answer).ok()? else { return None };
    let status = response.code?;
    let is_chunked = response.headers.iter().any(|header| {
        header.name.eq_ignore_ascii_case("transfer-encoding") && header.value.eq_ignore_ascii_case(b"chunked")
    });
    let body = if is_chunked { unchunked(&answer[length..])? } else { answer[length..].to_vec() };
    Some(Answer { status, json: serde_json::from_slice(&body).unwrap_or_default() })
}

/// The body behind chunks (RFC 9112, section 7.1).
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let httparse::Status::Complete((at, length)) = httparse::parse_chunk_size(rest).ok()? else { return None };
        if length == 0 {
            return Some(body);
        }
        let (begin, end) = (at, at.checked_add(usize::try_from(length).ok()?)?);
        body.extend(rest.get(begin..end)?);
        rest = rest.get(end + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_read_however_they_are_framed() {
        for (text, status, json) in [
            ("HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\n{\"a\":1}", 201, json!({ "a": 1 })),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n",
                200,
                json!({ "a": 1 }),
            ),
            ("HTTP/1.1 404 Not Found\r\n\r\nno such thing", 404, Value::Null),
        ] {
            assert_eq!(read(text.as_bytes()), Some(Answer { status, json }), "{text}");
        }
        assert_eq!(read(b"SSH-2.0-x\r\n"), None);
        assert_eq!(read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFF\r\n{"), None);
    }
}
