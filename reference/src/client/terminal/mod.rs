//! The clients of the terminal family: host and viewer (chapter `terminal`).

mod host;
mod keys;
mod payload;
#[cfg(test)]
mod tests;
mod viewer;

pub(crate) use host::TerminalHost;
pub(crate) use viewer::TerminalViewer;

use relayspec::driver::Event;
use relayspec::terminal::{Error, TerminalFrame};

use super::action::ClientAction;
use super::context::ClientContext;

/// Shows terminal output to the user (TERM-H5).
fn deliver(frame: TerminalFrame, ctx: &mut ClientContext) {
    ctx.act(ClientAction::Show { session_id: frame.session_id.to_string(), bytes: frame.payload });
}

fn report(error: &Error, ctx: &mut ClientContext) {
    ctx.report(Event::Error { code: "error".to_owned(), message: error.message.to_string() });
}
