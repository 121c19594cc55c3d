//! What a mutant looks at: a frame on its way, and the message that it is.

use serde_json::Value;

use super::link::{Said, Way};
use super::wire::Frame;

/// What goes by.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) way: Way,
    /// The type of a message.
    pub(super) kind: &'a str,
    pub(super) message: &'a Value,
    pub(super) frame: &'a Frame,
}

impl Seen<'_> {
    /// A text in the message.
    pub(super) fn text(&self, name: &str) -> &str {
        self.message[name].as_str().unwrap_or_default()
    }

    /// The text that it is, whether a message or not.
    pub(super) fn raw(&self) -> &str {
        str::from_utf8(&self.frame.payload).unwrap_or_default()
    }

    /// The message with another value of a member.
    pub(super) fn with(&self, name: &str, value: impl Into<Value>) -> Said {
        Said::with(self.message, name, value.into(), self.frame)
    }
}
