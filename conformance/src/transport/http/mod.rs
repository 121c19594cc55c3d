//! HTTP/1.1 as a judge needs it: every line of a head as it came, bodies whole, and messages that may be written right or wrong.
//!
//! A [`HttpServer`] is a server that the script answers for, an [`Exchange`] one request and its answer, on either side.

mod exchange;
mod read;
mod site;
mod write;

pub use exchange::{Exchange, fetch};
pub use read::{HttpError, Reader, StartLine};
pub use site::{HttpServer, IncomingRequest};
pub use write::{Body, BodyFraming, request, response};

use serde_json::{Map, Value, json};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// A request or an answer, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpMessage {
    /// The first line.
    pub start: StartLine,
    /// The header lines: names as they were written, and values. Bytes that are no UTF-8 are read as Latin-1.
    pub lines: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
}

impl HttpMessage {
    /// The values of the lines with this name, in any case of letters.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        values(&self.lines, name)
    }

    /// The message as a value that patterns are held against: `method` and `target`, or `status` and `reason`; `headers`, an object from
    /// names in small letters to a string or a list; `body` in base64.
    #[must_use]
    pub fn value(&self) -> Value {
        let mut headers: Map<String, Value> = Map::new();
        for (name, value) in &self.lines {
            let name = name.to_ascii_lowercase();
            match headers.get_mut(&name) {
                None => drop(headers.insert(name, value.clone().into())),
                Some(Value::Array(values)) => values.push(value.clone().into()),
                Some(one) => *one = json!([one.take(), value]),
            }
        }
        let body = BASE64.encode(&self.body);
        match &self.start {
            StartLine::Request { method, target } => {
                json!({ "method": method, "target": target, "headers": headers, "body": body })
            }
            StartLine::Answer { status, reason } => {
                json!({ "status": status, "reason": reason, "headers": headers, "body": body })
            }
        }
    }

    /// The message in one line, for transcripts.
    #[must_use]
    pub fn summary(&self) -> String {
        let start = match &self.start {
            StartLine::Request { method, target } => format!("{method} {target}"),
            StartLine::Answer { status, reason } => format!("HTTP {status} {reason}").trim_end().to_owned(),
        };
        let names: Vec<_> = self.lines.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        format!("{start}, {} ({} bytes)", names.join(" "), self.body.len())
    }
}

fn values<'a>(lines: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    lines.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
