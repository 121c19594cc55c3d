//! Transcripts: what passed through a proxy, a line of JSON for each event, to be judged again later.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use relayspec::family::Family;
use serde::{Deserialize, Serialize};

use super::watch::Peer;
use crate::transport::{Arrival, End};

/// The first line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// The version of the format.
    pub relayspec_transcript: u32,
    /// The family that was spoken.
    pub family: String,
    /// The address of the real server.
    pub upstream: String,
}

/// The version that is written and read.
const VERSION: u32 = 1;

impl Open {
    /// The first line of a new transcript.
    #[must_use]
    pub fn new(family: &Family, upstream: String) -> Self {
        Self { relayspec_transcript: VERSION, family: family.name.to_owned(), upstream }
    }
}

/// Any other line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// When, in ms since the proxy began.
    pub at_ms: f64,
    /// The number of the connection, counted from 1.
    pub connection: usize,
    /// What.
    pub seen: Seen,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Seen {
    /// The handshake succeeded; the request target.
    Opened(String),
    /// The client said this.
    Client(Said),
    /// The server said this.
    Server(Said),
    /// From here on the connection could not be read; why.
    Gap(String),
}

/// What a peer said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Said {
    /// A text message.
    Text(String),
    /// A binary message, in base64.
    Binary(String),
    /// A Ping frame, its payload in base64.
    Ping(String),
    /// A Pong frame, its payload in base64.
    Pong(String),
    /// A Close frame.
    Close {
        /// Its code.
        code: Option<u16>,
        /// Its reason.
        reason: String,
    },
    /// The end of TCP: `fin` or `reset`.
    End(String),
    /// A violation of RFC 6455.
    Breach {
        /// The section.
        section: String,
        /// What came.
        what: String,
    },
}

impl Said {
    /// Whether it is a message.
    #[must_use]
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Binary(_))
    }
}

impl Seen {
    /// The line of something that passed.
    #[must_use]
    pub fn of(from: Peer, arrival: &Arrival) -> Self {
        let said = match arrival {
            Arrival::Text(text) => Said::Text(text.clone()),
            Arrival::Binary(bytes) => Said::Binary(BASE64.encode(bytes)),
            Arrival::Ping(bytes) => Said::Ping(BASE64.encode(bytes)),
            Arrival::Pong(bytes) => Said::Pong(BASE64.encode(bytes)),
            Arrival::Close { code, reason } => Said::Close { code: *code, reason: reason.clone() },
            Arrival::End(End::Fin) => Said::End("fin".to_owned()),
            Arrival::End(End::Reset) => Said::End("reset".to_owned()),
            Arrival::Breach { section, what } => Said::Breach { section: (*section).to_owned(), what: what.clone() },
        };
        match from {
            Peer::Client => Self::Client(said),
            Peer::Server => Self::Server(said),
        }
    }

    /// What passed, and from whom; none for what is no part of the conversation.
    ///
    /// # Errors
    /// Where the line is none that a proxy writes.
    pub fn arrival(&self) -> Result<Option<(Peer, Arrival)>, String> {
        let (from, said) = match self {
            Self::Client(said) => (Peer::Client, said),
            Self::Server(said) => (Peer::Server, said),
            Self::Opened(_) | Self::Gap(_) => return Ok(None),
        };
        let bytes = |text: &str| BASE64.decode(text).map_err(|error| format!("no base64: {error}"));
        let arrival = match said {
            Said::Text(text) => Arrival::Text(text.clone()),
            Said::Binary(text) => Arrival::Binary(bytes(text)?.into()),
            Said::Ping(text) => Arrival::Ping(bytes(text)?.into()),
            Said::Pong(text) => Arrival::Pong(bytes(text)?.into()),
            Said::Close { code, reason } => Arrival::Close { code: *code, reason: reason.clone() },
            Said::End(how) if how == "fin" => Arrival::End(End::Fin),
            Said::End(how) if how == "reset" => Arrival::End(End::Reset),
            Said::End(how) => return Err(format!("`{how}` is no end: there are fin and reset")),
            Said::Breach { section, what } => {
                Arrival::Breach { section: "that the transcript names", what: format!("section {section}: {what}") }
            }
        };
        Ok(Some((from, arrival)))
    }
}

/// Why a text is no transcript.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct NoTranscript {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// Reads a transcript: its first line, then `see` is told of each other.
///
/// # Errors
/// At the first line that is none.
pub fn read_transcript(
    lines: impl Iterator<Item = std::io::Result<String>>,
    mut see: impl FnMut(&Open, Line) -> Result<(), String>,
) -> Result<Open, NoTranscript> {
    let mut open: Option<Open> = None;
    for (text, line) in lines.zip(1..) {
        let wrong = |problem: String| NoTranscript { line, problem };
        let text = text.map_err(|error| wrong(format!("cannot be read: {error}")))?;
        match &open {
            None => {
                let first: Open = serde_json::from_str(&text)
                    .map_err(|error| wrong(format!("no transcript of `conformance proxy`: {error}")))?;
                if first.relayspec_transcript != VERSION {
                    let found = first.relayspec_transcript;
                    return Err(wrong(format!("a transcript of version {found}, and this program reads {VERSION}")));
                }
                open = Some(first);
            }
            Some(open) => {
                let read = serde_json::from_str(&text).map_err(|error| error.to_string());
                read.and_then(|line| see(open, line)).map_err(wrong)?;
            }
        }
    }
    open.ok_or(NoTranscript { line: 1, problem: "the transcript is empty".to_owned() })
}
