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

/// The observer of one connection's order.
pub trait Order: Send {
    /// The client sent this message; it may be invalid.
    fn client_sent(&mut self, message: &Value);

    /// The server sent this message.
    ///
    /// # Errors
    /// Where no conforming server sends it at this point.
    fn server_sent(&mut self, message: &Value) -> Result<(), Breach>;
}
