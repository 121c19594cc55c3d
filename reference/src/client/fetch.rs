//! A local HTTP request that the shell makes for the tunnel's agent, and its result.

use bytes::Bytes;
use hyper::Method;
use hyper::header::HeaderMap;
use hyper::http::uri::PathAndQuery;
use relayspec::tunnel::Headers;

/// A request to the local server, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LocalRequest {
    pub method: Method,
    /// Path and query, byte for byte as received.
    pub target: PathAndQuery,
    /// The header lines, without those that frame the body.
    pub headers: HeaderMap,
    pub body: Bytes,
}
/// A request for the shell to make.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fetch {
    pub key: u64,
    pub request: LocalRequest,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fetched {
    Answer {
        /// 100 to 599.
        status: u16,
        reason: String,
        headers: Headers,
        body: Vec<u8>,
    },
    Nothing(FetchFailure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchFailure {
    /// It cannot be connected to.
    #[error("The local server refused the connection.")]
    Refused,
    /// Its answer is missing, incomplete or not HTTP.
    #[error("The local server's answer broke off.")]
    BrokeOff,
    /// Its status, such as 101, cannot be forwarded.
    #[error("The local server's answer has a status that cannot be forwarded.")]
    Status,
    /// Its answer exceeds a message.
    #[error("The local server's answer is too large.")]
    TooLarge,
    /// Its answer was not complete in time.
    #[error("The local server did not answer in time.")]
    TimedOut,
    /// The agent's limit for bodies is reached.
    #[error("The agent is overloaded.")]
    Busy,
}

impl FetchFailure {
    pub(super) fn code(self) -> u16 {
        match self {
            Self::Refused | Self::BrokeOff | Self::Status | Self::TooLarge => 502,
            Self::TimedOut => 504,
            Self::Busy => 503,
        }
    }
}
