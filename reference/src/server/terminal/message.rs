//! What a message says, whoever may say it: no message of hosts has the tag of one of viewers.

use relayspec::terminal::{FromHost, FromViewer};
use relayspec::wire::{Cause, DecodeError};

/// A message of a host or a viewer.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// What only hosts say.
    FromHost(FromHost),
    /// What only viewers say.
    FromViewer(FromViewer),
    /// A binary message, well-formed or not.
    Binary(Vec<u8>),
    /// A text that is no message, and why.
    Nothing(String),
}

impl Message {
    /// Reads a text message.
    #[must_use]
    pub fn read(text: &str) -> Self {
        match FromHost::decode(text) {
            Ok(message) => Self::FromHost(message),
            Err(DecodeError { cause: Cause::UnknownType(_), .. }) => match FromViewer::decode(text) {
                Ok(message) => Self::FromViewer(message),
                Err(why) => Self::nothing(&why),
            },
            Err(why) => Self::nothing(&why),
        }
    }

    fn nothing(why: &DecodeError) -> Self {
        // Cut: an error may quote a value of any length.
        let why: String = why.to_string().chars().take(200).collect();
        Self::Nothing(format!("This is no message for the relay: {why}"))
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::read(&text)
    }
}
