//! The clients of the terminal family: what a host and a viewer say, and what they make of what the relay says (chapter `terminal`).

mod host;
mod keys;
mod payload;
#[cfg(test)]
mod tests;
mod viewer;

pub use host::Host;
pub use viewer::Viewer;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use relayspec::driver::Event;
use relayspec::terminal::{Error, TerminalFrame};
use relayspec::wire::DecodeError;
use serde_json::Value;
use tracing::info;

use super::desk::Desk;

/// Hands terminal bytes to the user (TERM-H5).
fn deliver(frame: TerminalFrame, desk: &mut Desk) {
    let base64 = STANDARD.encode(&frame.payload);
    let payload = String::from_utf8(frame.payload).map_or(Value::Null, Value::String);
    desk.report(Event::Data {
        payload,
        session_id: Some(frame.session_id.to_string()),
        base64: Some(base64),
        resource: None,
        resource_id: None,
    });
}

/// Tells the user what the relay refused.
fn report(error: &Error, desk: &mut Desk) {
    desk.report(Event::Error { code: "error".to_owned(), message: error.message.to_string() });
}

/// What is no message is for the log alone (TERM-H3, TERM-V3).
fn ignore(error: &DecodeError) {
    let why: String = error.to_string().chars().take(200).collect();
    info!(%why, "the relay sent what is no message, which is ignored");
}
