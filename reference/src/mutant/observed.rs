//! What a mutant observes: a frame and its message.

use serde_json::Value;

use super::link::{Effect, Flow};
use super::wire::Frame;

#[derive(Debug)]
pub(super) struct Observed<'a> {
    pub(super) flow: Flow,
    pub(super) kind: &'a str,
    pub(super) message: &'a Value,
    pub(super) frame: &'a Frame,
}

impl Observed<'_> {
    pub(super) fn text(&self, name: &str) -> &str {
        self.message[name].as_str().unwrap_or_default()
    }

    /// The payload as text, whether a message or not.
    pub(super) fn raw(&self) -> &str {
        str::from_utf8(&self.frame.payload).unwrap_or_default()
    }

    pub(super) fn with(&self, name: &str, value: impl Into<Value>) -> Effect {
        Effect::with(self.message, name, value.into(), self.frame)
    }
}
