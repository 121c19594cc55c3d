//! The options of the servers, and why they cannot start.

use std::io;
use std::net::SocketAddr;

use relayspec::timing::Timing;

use super::sync::database::DatabaseError;

/// The options of a WebSocket server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The timing parameters. All servers use `heartbeat_interval`, `heartbeat_timeout` and `notify_deadline`; a pairing relay also
    /// `code_lifetime` and `code_retention`, a terminal relay `auth_timeout`.
    pub timing: Timing,
    /// The largest accepted message, in bytes as encoded; at least 1 MiB (WIRE-07).
    pub max_message: usize,
}

impl Default for Options {
    /// Any port of 127.0.0.1, default timing, messages of up to 2 MiB.
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 0).into(), timing: Timing::default(), max_message: 2 << 20 }
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be bound.
    #[error("cannot listen on {address}")]
    Listen {
        /// The requested address.
        address: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The limit for messages is too low (WIRE-07).
    #[error("a message limit of {given} bytes is below the required minimum of {least}")]
    MaxMessage {
        /// The requested limit, in bytes.
        given: usize,
        /// The lowest permitted limit, in bytes.
        least: usize,
    },
    /// The limit for bodies is too low (TUN-24).
    #[error("a body limit of {given} bytes is below the required minimum of {least}")]
    MaxBody {
        /// The requested limit, in bytes.
        given: usize,
        /// The lowest permitted limit, in bytes.
        least: usize,
    },
    /// The database of a sync server cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The system has no random bytes, hence there would be no codes (PAIR-14).
    #[error("the system has no random bytes")]
    Entropy(#[from] crate::server::entropy::NoEntropy),
}
