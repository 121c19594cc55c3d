//! Order: what one connection has said so far decides what may come next on it.
//!
//! These rules see one connection only, as an observer on the wire does; what needs two connections is for scenarios and models.

use serde_json::Value;

/// A message that came out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The requirement that is broken.
    pub requirement: &'static str,
    /// Why, in one sentence.
    pub why: String,
}

/// What one side said: a whole message, however many frames it came in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said<'a> {
    /// A text message that is JSON; it may be invalid otherwise.
    Message(&'a Value),
    /// A binary message; whether it is well-formed is not for these rules.
    Binary(&'a [u8]),
}

/// The observer of one connection's order. It judges both sides; who plays one of them ignores the breaches of that side.
pub trait Order: Send {
    /// The client said this.
    ///
    /// # Errors
    /// Where no conforming client says it at this point.
    fn client_said(&mut self, said: &Said<'_>) -> Result<(), Breach>;

    /// The server said this.
    ///
    /// # Errors
    /// Where no conforming server says it at this point.
    fn server_said(&mut self, said: &Said<'_>) -> Result<(), Breach>;
}

impl Said<'_> {
    /// The tag of a message; empty where there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Message(message) => message["type"].as_str().unwrap_or_default(),
            Self::Binary(_) => "",
        }
    }
}
