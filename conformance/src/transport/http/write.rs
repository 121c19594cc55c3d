//! Writes HTTP messages from a script.

use std::fmt::Write as _;

use super::message::values;

/// How a body is framed (RFC 9112, section 6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BodyFraming {
    /// By `content-length`.
    #[default]
    Length,
    /// In chunks.
    Chunked,
    /// By the end of the connection; for responses only.
    End,
}

/// A body and its framing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How they are framed.
    pub framing: BodyFraming,
}

/// The size of a chunk, in bytes.
const CHUNK: usize = 4093;

/// A request. `Host` is added in front of the lines unless they contain it.
#[must_use]
pub fn request(method: &str, target: &str, host: &str, lines: &[(String, String)], body: &Body) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if values(lines, "host").next().is_none() {
        let _ = write!(head, "Host: {host}\r\n");
    }
    let has_body = !body.bytes.is_empty() || matches!(method, "POST" | "PUT" | "PATCH");
    message(head, lines, body, has_body)
}

/// A response. To `HEAD`, and with status 204 or 304, it has no body, and no framing beyond the given lines.
#[must_use]
pub fn response(status: u16, reason: &str, lines: &[(String, String)], body: &Body, method: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} {reason}\r\n");
    let has_body = method != "HEAD" && status != 204 && status != 304;
    message(head, lines, body, has_body)
}

fn message(mut head: String, lines: &[(String, String)], body: &Body, has_body: bool) -> Vec<u8> {
    for (name, value) in lines {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !has_body {
        head.push_str("\r\n");
        return head.into_bytes();
    }
    match body.framing {
        BodyFraming::Length => {
            let _ = write!(head, "Content-Length: {}\r\n\r\n", body.bytes.len());
        }
        BodyFraming::Chunked => head.push_str("Transfer-Encoding: chunked\r\n\r\n"),
        BodyFraming::End => head.push_str("Connection: close\r\n\r\n"),
    }
    let mut bytes = head.into_bytes();
    if body.framing == BodyFraming::Chunked {
        for chunk in body.bytes.chunks(CHUNK) {
            bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
    } else {
        bytes.extend_from_slice(&body.bytes);
    }
    bytes
}
