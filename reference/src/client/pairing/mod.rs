//! The clients of the pairing family: what a host and a viewer say, and what they make of what the relay says (chapter `pairing`).

mod host;
#[cfg(test)]
mod tests;
mod viewer;

pub use host::Host;
pub use viewer::Viewer;

use relayspec::driver::{Command, Event};
use relayspec::pairing::Error;
use relayspec::wire::DecodeError;
use serde_json::Value;
use tracing::info;

use super::desk::Desk;

/// Hands data to the user.
fn deliver(payload: String, desk: &mut Desk) {
    desk.report(Event::Data {
        payload: Value::String(payload),
        session_id: None,
        base64: None,
        resource: None,
        resource_id: None,
    });
}

/// Tells the user what the relay refused.
fn report(error: &Error, desk: &mut Desk) {
    let code =
        serde_json::to_value(error.code).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default();
    desk.report(Event::Error { code, message: error.message.to_string() });
}

/// What is no message is for the log alone (PAIR-H5).
fn ignore(error: &DecodeError) {
    let why: String = error.to_string().chars().take(200).collect();
    info!(%why, "the relay sent what is no message, which is ignored");
}

/// The text of a command `send`.
fn payload(payload: Value, desk: &mut Desk) -> Option<String> {
    match payload {
        Value::String(text) => Some(text),
        _ => {
            desk.refuse("INVALID_COMMAND", "The `payload` of a `send` is a string: this was not sent.");
            None
        }
    }
}

/// A command that is for neither.
fn other(command: &Command, desk: &mut Desk) {
    desk.unsupported(command);
}

/// A line that a person typed.
fn line(bytes: &[u8], desk: &mut Desk) -> Option<String> {
    let text = String::from_utf8(bytes.to_vec()).ok();
    if text.is_none() {
        desk.refuse("NOT_SENT", "A line is no UTF-8, and was not sent.");
    }
    text
}
