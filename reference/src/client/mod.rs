//! The sans-I/O cores of the clients: when to connect, what to say, what to tell the user; without sockets, clocks or tasks.
//!
//! [`Client`] is what all have in common: attempts, losses, delays, stopping (chapter `reconnect`). A [`Role`] is what one kind of
//! client adds. What came in and the time go in, actions come out, to be done in their order. What is to be sent is fetched,
//! one message at a time, when the network has room for it: what was not fetched when a connection is lost, is not lost with it.

pub mod backoff;
pub mod desk;
pub mod outbox;
pub mod pairing;
pub mod silence;
pub mod terminal;
pub mod tunnel;

mod machine;
mod words;

pub use desk::{Desk, Role};
pub use machine::Client;

use std::fmt;

use relayspec::driver::Event;

/// What the shell has to do, in the order in which it comes.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Start to connect. Whatever is left of another connection is dropped first (RECON-08).
    Connect,
    /// Drop the attempt or the connection; nothing that comes of it is to be told any more.
    Abandon,
    /// Close the connection with code 1000; nothing that comes of it is to be told any more.
    Leave,
    /// Tell the user.
    Report(Event),
    /// Bytes of a terminal session, for the user.
    Show {
        /// The session's id.
        session_id: String,
        /// What came for it.
        bytes: Vec<u8>,
    },
    /// Open or close a terminal session.
    Session(Change),
    /// Make a local request.
    Fetch(Box<tunnel::Fetch>),
    /// Give up all local requests that are under way; nothing that comes of them is to be told any more.
    ForgetFetches,
    /// End the process. An open WebSocket is closed with code 1000, behind what the network was given already.
    End(Ending),
}

/// What becomes of a terminal session of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is to be opened.
    Open {
        /// Its id.
        session_id: String,
    },
    /// It is to be closed, and is spoken of no more.
    Close {
        /// Its id.
        session_id: String,
    },
}

/// Something to send.
#[derive(Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A Ping frame.
    Ping,
}

impl fmt::Debug for Outgoing {
    /// Without what it says: that may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
            Self::Ping => f.write_str("Ping"),
        }
    }
}

impl Outgoing {
    /// Its length in bytes, without the frame's header.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            Self::Ping => 0,
        }
    }

    /// Whether it has no byte of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Why a client ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was told to stop (RECON-13).
    Stopped,
    /// It has given up (RECON-09, RECON-11).
    GaveUp,
}

/// An event `error` of the client itself.
fn refusal(code: &str, message: impl Into<String>) -> Event {
    Event::Error { code: code.to_owned(), message: message.into() }
}
