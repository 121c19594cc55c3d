//! Renders events for people: codes and data on standard output, everything else as a notice on standard error.

use std::io::Write;

use relayspec::driver::Event;
use serde_json::Value;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rendered {
    /// For standard output.
    Output(Vec<u8>),
    /// A line for standard error.
    Notice(String),
}

pub(super) fn render(event: Event) -> Rendered {
    Rendered::Notice(match event {
        Event::Registered { code } => return Rendered::Output(format!("code {code}\n").into_bytes()),
        Event::Data { payload: Value::String(text), .. } => return Rendered::Output(text.into_bytes()),
        Event::Data { payload, .. } if payload["message"]["content"].is_string() => {
            let text = |member: &str| payload["message"][member].as_str().unwrap_or_default().to_owned();
            return Rendered::Output(format!("{}: {}\n", text("role"), text("content")).into_bytes());
        }
        Event::Connected {} => "connected".to_owned(),
        Event::Joined {} => "joined".to_owned(),
        Event::Disconnected {} => "the connection is lost".to_owned(),
        Event::Reconnected {} => "reconnected".to_owned(),
        Event::GaveUp {} => "gave up reconnecting".to_owned(),
        Event::Error { code, message } => format!("{code}: {message}"),
        other => other.encode(),
    })
}

/// Writes a notice. A terminal in raw mode needs the carriage return.
pub(super) fn notify(notice: &str) {
    _ = write!(std::io::stderr().lock(), "{notice}\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_and_data_are_output() {
        let output = |text: &str| Rendered::Output(text.as_bytes().to_vec());
        assert_eq!(render(Event::Registered { code: "K7QX4M".to_owned() }), output("code K7QX4M\n"));
        let data = r#"{"event":"data","payload":"no line feed"}"#;
        assert_eq!(render(Event::read(data).expect("an event").expect("it")), output("no line feed"));
        let message = r#"{"event":"data","resource":"chat","resourceId":"c","payload":{"message":{"role":"user","content":"hi"}}}"#;
        assert_eq!(render(Event::read(message).expect("an event").expect("it")), output("user: hi\n"));
        let error = Event::Error { code: "INVALID_CODE".to_owned(), message: "No session has this code.".to_owned() };
        assert_eq!(render(error), Rendered::Notice("INVALID_CODE: No session has this code.".to_owned()));
    }
}
