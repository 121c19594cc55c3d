//! Transcripts of a proxy: one line of JSON for each event, which can be checked again later.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use relayspec::family::Family;
use serde::{Deserialize, Serialize};

use crate::transport::{Arrival, End, Side};

/// The first line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptHeader {
    /// The version of the format.
    pub relayspec_transcript: u32,
    /// The family of the peers.
    pub family: String,
    /// The address of the real server.
    pub upstream: String,
}

/// The supported version.
const VERSION: u32 = 1;

impl TranscriptHeader {
    /// The first line of a new transcript.
    #[must_use]
    pub fn new(family: &Family, upstream: String) -> Self {
        Self { relayspec_transcript: VERSION, family: family.name.to_owned(), upstream }
    }
}

/// Any other line of a transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TranscriptEntry {
    /// When, in ms since the proxy started.
    pub at_ms: f64,
    /// The number of the connection, counted from 1.
    pub connection: usize,
    /// What was observed.
    #[serde(rename = "seen")]
    pub event: TranscriptEvent,
}

/// What was observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TranscriptEvent {
    /// The handshake succeeded; the request target.
    Opened(String),
    /// The client sent this.
    Client(TranscriptMessage),
    /// The server sent this.
    Server(TranscriptMessage),
    /// From here on the connection could not be decoded, for this reason.
    Gap(String),
}

/// What a peer sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TranscriptMessage {
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

impl TranscriptMessage {
    /// Whether it is a text or binary message.
    #[must_use]
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Binary(_))
    }
}

impl TranscriptEvent {
    /// The event for something that was forwarded.
    #[must_use]
    pub fn of(from: Side, arrival: &Arrival) -> Self {
        let message = match arrival {
            Arrival::Text(text) => TranscriptMessage::Text(text.clone()),
            Arrival::Binary(bytes) => TranscriptMessage::Binary(BASE64.encode(bytes)),
            Arrival::Ping(bytes) => TranscriptMessage::Ping(BASE64.encode(bytes)),
            Arrival::Pong(bytes) => TranscriptMessage::Pong(BASE64.encode(bytes)),
            Arrival::Close { code, reason } => TranscriptMessage::Close { code: *code, reason: reason.clone() },
            Arrival::End(End::Fin) => TranscriptMessage::End("fin".to_owned()),
            Arrival::End(End::Reset) => TranscriptMessage::End("reset".to_owned()),
            Arrival::Breach { section, what } => {
                TranscriptMessage::Breach { section: (*section).to_owned(), what: what.clone() }
            }
        };
        match from {
            Side::Client => Self::Client(message),
            Side::Server => Self::Server(message),
        }
    }

    /// What was forwarded, and from which side; `None` for other events.
    ///
    /// # Errors
    /// If the event is not one that a proxy writes.
    pub fn arrival(&self) -> Result<Option<(Side, Arrival)>, TranscriptProblem> {
        let (from, message) = match self {
            Self::Client(message) => (Side::Client, message),
            Self::Server(message) => (Side::Server, message),
            Self::Opened(_) | Self::Gap(_) => return Ok(None),
        };
        let bytes = |text: &str| BASE64.decode(text).map_err(TranscriptProblem::Base64);
        let arrival = match message {
            TranscriptMessage::Text(text) => Arrival::Text(text.clone()),
            TranscriptMessage::Binary(text) => Arrival::Binary(bytes(text)?.into()),
            TranscriptMessage::Ping(text) => Arrival::Ping(bytes(text)?.into()),
            TranscriptMessage::Pong(text) => Arrival::Pong(bytes(text)?.into()),
            TranscriptMessage::Close { code, reason } => Arrival::Close { code: *code, reason: reason.clone() },
            TranscriptMessage::End(how) if how == "fin" => Arrival::End(End::Fin),
            TranscriptMessage::End(how) if how == "reset" => Arrival::End(End::Reset),
            TranscriptMessage::End(how) => return Err(TranscriptProblem::End(how.clone())),
            TranscriptMessage::Breach { section, what } => {
                Arrival::Breach { section: "that the transcript names", what: format!("section {section}: {what}") }
            }
        };
        Ok(Some((from, arrival)))
    }
}

/// Why a transcript is invalid.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TranscriptError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub problem: TranscriptProblem,
}

/// What is wrong with a line of a transcript.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages describe the variants")]
pub enum TranscriptProblem {
    #[error("cannot be read: {0}")]
    Read(#[source] io::Error),
    #[error("the transcript is empty")]
    Empty,
    #[error("not a transcript of `conformance proxy`: {0}")]
    Header(#[source] serde_json::Error),
    #[error("a transcript of version {0}, and this program supports version {VERSION}")]
    Version(u32),
    #[error("{0}")]
    Entry(#[source] serde_json::Error),
    #[error("invalid base64: {0}")]
    Base64(#[source] base64::DecodeError),
    #[error("unknown end `{0}`: expected fin or reset")]
    End(String),
    #[error("unknown family `{0}`")]
    Family(String),
}

/// Reads a transcript: parses its first line, then calls `visit` with each other line.
///
/// # Errors
/// At the first invalid line.
pub fn read_transcript(
    lines: impl Iterator<Item = io::Result<String>>,
    mut visit: impl FnMut(&TranscriptHeader, TranscriptEntry) -> Result<(), TranscriptProblem>,
) -> Result<TranscriptHeader, TranscriptError> {
    let mut header: Option<TranscriptHeader> = None;
    for (text, line) in lines.zip(1..) {
        let invalid = |problem| TranscriptError { line, problem };
        let text = text.map_err(|error| invalid(TranscriptProblem::Read(error)))?;
        match &header {
            None => {
                let first: TranscriptHeader =
                    serde_json::from_str(&text).map_err(|error| invalid(TranscriptProblem::Header(error)))?;
                if first.relayspec_transcript != VERSION {
                    return Err(invalid(TranscriptProblem::Version(first.relayspec_transcript)));
                }
                header = Some(first);
            }
            Some(header) => {
                let entry = serde_json::from_str(&text).map_err(TranscriptProblem::Entry);
                entry.and_then(|entry| visit(header, entry)).map_err(invalid)?;
            }
        }
    }
    header.ok_or(TranscriptError { line: 1, problem: TranscriptProblem::Empty })
}
