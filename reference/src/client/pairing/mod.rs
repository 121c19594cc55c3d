//! The pairing clients: host and viewer (chapter `pairing`).

mod host;
#[cfg(test)]
mod tests;
mod viewer;

pub(crate) use host::PairingHost;
pub(crate) use viewer::PairingViewer;

use relayspec::driver::Event;
use relayspec::pairing::Error;
use serde_json::Value;

use super::context::ClientContext;

fn deliver(payload: String, ctx: &mut ClientContext) {
    ctx.report(Event::Data {
        payload: Value::String(payload),
        session_id: None,
        base64: None,
        resource: None,
        resource_id: None,
    });
}

fn report(error: &Error, ctx: &mut ClientContext) {
    let code =
        serde_json::to_value(error.code).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default();
    ctx.report(Event::Error { code, message: error.message.to_string() });
}

fn payload(payload: Value, ctx: &mut ClientContext) -> Option<String> {
    match payload {
        Value::String(text) => Some(text),
        _ => {
            ctx.refuse("INVALID_COMMAND", "The `payload` of a `send` must be a string: this was not sent.");
            None
        }
    }
}

fn line_text(bytes: &[u8], ctx: &mut ClientContext) -> Option<String> {
    let text = String::from_utf8(bytes.to_vec()).ok();
    if text.is_none() {
        ctx.refuse("NOT_SENT", "The line is not UTF-8: it was not sent.");
    }
    text
}
