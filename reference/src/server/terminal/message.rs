//! Parses messages of hosts and viewers alike: their types never overlap.

use relayspec::terminal::{FromHost, FromViewer};
use relayspec::wire::{Cause, DecodeError};

#[derive(Debug, Clone, PartialEq)]
pub enum TerminalMessage {
    /// A message that only hosts send.
    FromHost(FromHost),
    /// A message that only viewers send.
    FromViewer(FromViewer),
    /// A binary message, well-formed or not.
    Binary(Vec<u8>),
    /// An invalid text message; with an explanation.
    Invalid(String),
}

impl TerminalMessage {
    #[must_use]
    pub fn read(text: &str) -> Self {
        match FromHost::decode(text) {
            Ok(message) => Self::FromHost(message),
            Err(DecodeError { cause: Cause::UnknownType(_), .. }) => match FromViewer::decode(text) {
                Ok(message) => Self::FromViewer(message),
                Err(why) => Self::invalid(&why),
            },
            Err(why) => Self::invalid(&why),
        }
    }

    fn invalid(why: &DecodeError) -> Self {
        // Truncated: an error may quote a value of any length.
        let why: String = why.to_string().chars().take(200).collect();
        Self::Invalid(format!("Invalid message: {why}"))
    }
}

impl From<String> for TerminalMessage {
    fn from(text: String) -> Self {
        Self::read(&text)
    }
}
