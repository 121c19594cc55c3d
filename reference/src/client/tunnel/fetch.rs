//! A request that the shell is to make, and what came of it.

use relayspec::tunnel::Headers;

use super::Local;

/// A request for the shell to make. The answer comes back with the same key.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetch {
    /// No other request of this agent has the same.
    pub key: u64,
    /// The request.
    pub request: Local,
}

/// What came of a local request.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// The local server has answered.
    Answer {
        /// 100 to 599.
        status: u16,
        /// The reason phrase.
        reason: String,
        /// The header lines that are passed on.
        headers: Headers,
        /// The whole body.
        body: Vec<u8>,
    },
    /// There is no answer.
    Nothing(Failure),
}

/// Why there is no answer of the local server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It cannot be connected to.
    #[error("The local server refused the connection.")]
    Refused,
    /// It did not answer, or not to the end, or not in HTTP.
    #[error("The local server's answer broke off.")]
    BrokeOff,
    /// Its answer has a status that a message cannot carry, as 101.
    #[error("The local server's answer has a status that cannot be passed on.")]
    Status,
    /// Its answer is larger than a message.
    #[error("The local server's answer is too large.")]
    TooLarge,
    /// The whole answer was not there in time.
    #[error("The local server did not answer in time.")]
    TimedOut,
    /// The agent keeps as many bodies as it may.
    #[error("The agent has too much to do.")]
    Busy,
}

impl Failure {
    /// The code of `Error` (TUN-14).
    pub(super) fn code(self) -> u16 {
        match self {
            Self::Refused | Self::BrokeOff | Self::Status | Self::TooLarge => 502,
            Self::TimedOut => 504,
            Self::Busy => 503,
        }
    }
}
