//! Order rules: which message may come next on a connection, given those before it.
//!
//! They cover one connection at a time, as an observer on the wire does; rules across connections are for scenarios and models.
//!
//! ```
//! use relayspec::order::Observed;
//! use relayspec::pairing;
//! use serde_json::json;
//!
//! let mut viewer = pairing::order("viewer");
//! let data = json!({ "type": "data", "payload": "too early" });
//! assert!(viewer.client_sent(&Observed::Message(&json!({ "type": "join", "code": "K7QX4M" }))).is_ok());
//! let violation = viewer.client_sent(&Observed::Message(&data)).expect_err("not joined yet");
//! assert_eq!(violation.requirement, "PAIR-V3");
//! ```

use serde_json::Value;

/// A requirement that is violated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleViolation {
    /// The requirement's id.
    pub requirement: &'static str,
    /// The reason, in one sentence.
    pub why: String,
}

/// One whole message, however many frames it came in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observed<'a> {
    /// A text message that is JSON; it may be invalid otherwise.
    Message(&'a Value),
    /// A binary message; order rules do not check its form.
    Binary(&'a [u8]),
}

/// Checks the order of messages on one connection, for both sides.
pub trait Order: Send {
    /// The client sent a message.
    /// Fails if no conforming client sends it at this point.
    fn client_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation>;

    /// The server sent a message; fails if no conforming server sends it at this point.
    fn server_sent(&mut self, observed: &Observed<'_>) -> Result<(), RuleViolation>;
}

pub(crate) fn violation(requirement: &'static str, why: impl Into<String>) -> Result<(), RuleViolation> {
    Err(RuleViolation { requirement, why: why.into() })
}

impl Observed<'_> {
    /// The member `type` of a message; empty if there is none.
    pub fn name(&self) -> &str {
        match self {
            Self::Message(message) => message["type"].as_str().unwrap_or_default(),
            Self::Binary(_) => "",
        }
    }
}

/// Observes messages of the client (`>`) and of the server (`<`), null for a binary message. Returns the requirement that the last one
/// violates; those before must violate none, except for deliberate violations of the client (`!`) and of the server (`?`).
#[cfg(test)]
pub(crate) fn violated_by(mut order: Box<dyn Order>, messages: &[(char, Value)]) -> Option<&'static str> {
    let mut violated = None;
    for (sender, message) in messages {
        assert_eq!(violated, None, "before {message} in {messages:?}");
        let observed = if message.is_null() { Observed::Binary(b"\x011x") } else { Observed::Message(message) };
        let is_server = matches!(sender, '<' | '?');
        let result = if is_server { order.server_sent(&observed) } else { order.client_sent(&observed) };
        violated = result.err().map(|violation| violation.requirement).filter(|_| !matches!(sender, '!' | '?'));
    }
    violated
}
