//! An HTTP message as it was received.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartLine {
    /// Of a request.
    Request {
        /// The method.
        method: String,
        /// The request target, unchanged.
        target: String,
    },
    /// Of a response.
    Answer {
        /// The status.
        status: u16,
        /// The reason phrase, possibly empty.
        reason: String,
    },
}

impl StartLine {
    /// The method of a request; empty for a response.
    pub(super) fn method(&self) -> &str {
        match self {
            Self::Request { method, .. } => method,
            Self::Answer { .. } => "",
        }
    }
}

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpMessage {
    /// The first line.
    pub start: StartLine,
    /// The header lines: names in their original case, and values. Values that are not UTF-8 are read as Latin-1.
    pub lines: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
}

impl HttpMessage {
    /// The values of the lines with this name, in any case.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        values(&self.lines, name)
    }

    /// The message as a value for patterns to match: `method` and `target`, or `status` and `reason`; `headers`, an object from lower-case
    /// names to a string or a list; `body` in base64.
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

/// The values of the header lines with this name, in any case.
pub(super) fn values<'a>(lines: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    lines.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
