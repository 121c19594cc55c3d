//! The clients of the terminal family: what a host and a viewer say, and what they make of what the relay says (chapter `terminal`).

mod host;
mod keys;
mod payload;
#[cfg(test)]
mod tests;
mod viewer;

pub use host::Host;
pub use viewer::Viewer;

use relayspec::driver::Event;
use relayspec::terminal::{Error, TerminalFrame};
use relayspec::wire::DecodeError;
use tracing::info;

use super::desk::Desk;

/// Hands terminal bytes to the user (TERM-H5).
fn deliver(frame: TerminalFrame, desk: &mut Desk) {
    desk.show(frame.session_id.to_string(), frame.payload);
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
