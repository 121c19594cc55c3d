//! Errors of the daemon's shell.

use std::io;
use std::path::PathBuf;

use relayspec::rpc::SMALLEST_LIMIT;

use crate::server::rpc::DamagedJournal;

/// Why a daemon cannot start or continue.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another daemon listens there, or is about to (RPC-14).
    #[error("{path} is in use by a running daemon")]
    Taken {
        /// The path of the socket.
        path: PathBuf,
    },
    /// The file is not a socket; it is left as it is.
    #[error("{path} is not a socket")]
    NoSocket {
        /// The path.
        path: PathBuf,
    },
    /// The socket cannot be bound.
    #[error("cannot listen on {path}")]
    Socket {
        /// The path of the socket.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another daemon writes this journal.
    #[error("the journal {path} is in use by a running daemon")]
    JournalTaken {
        /// The path of the journal.
        path: PathBuf,
    },
    /// The journal cannot be read or written.
    #[error("cannot use the journal {path}")]
    Journal {
        /// The path of the journal.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The journal is damaged.
    #[error("{path}: {damaged}; move it away to start afresh")]
    Damaged {
        /// The path of the journal.
        path: PathBuf,
        /// The damage.
        damaged: DamagedJournal,
    },
    /// The limit for frames is too low (RPC-05).
    #[error("a frame limit of {given} bytes is below the required minimum of {SMALLEST_LIMIT}")]
    MaxFrame {
        /// The requested limit, in bytes.
        given: usize,
    },
}
