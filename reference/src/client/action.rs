//! What the client core asks of its shell.

use std::fmt;

use relayspec::driver::Event;

use super::fetch::Fetch;

/// What the shell must do, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ClientAction {
    /// Start to connect, and drop what is left of an earlier connection (RECON-08).
    Connect,
    /// Drop the attempt or the connection, and ignore its further events.
    Abandon,
    /// Close the connection with code 1000, and ignore its further events.
    Leave,
    Report(Event),
    Show {
        session_id: String,
        bytes: Vec<u8>,
    },
    Session(SessionChange),
    Fetch(Box<Fetch>),
    /// Cancel all local requests in flight, and ignore their results.
    ForgetFetches,
    /// End the process. An open WebSocket is closed with code 1000, after what the network has already been given.
    End(Ending),
}

/// A change of a host's terminal sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionChange {
    Open {
        session_id: String,
    },
    /// Close a session, without a further report.
    Close {
        session_id: String,
    },
}

/// Something to send.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Outgoing {
    Text(String),
    Binary(Vec<u8>),
    Ping,
}

impl fmt::Debug for Outgoing {
    /// Hides the content, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
            Self::Ping => f.write_str("Ping"),
        }
    }
}

impl Outgoing {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Ping => 0,
        }
    }
}

/// Why a client ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was stopped (RECON-13).
    Stopped,
    /// It gave up (RECON-09, RECON-11).
    GaveUp,
}
