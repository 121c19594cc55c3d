//! How events read for a person: what came goes to standard output as it is, everything else is a notice.

use std::io::Write;

use relayspec::driver::Event;
use serde_json::Value;

/// Where something is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// On standard output.
    Output(Vec<u8>),
    /// On standard error, as a line.
    Notice(String),
}

/// What a person is told of an event.
pub(super) fn told(event: Event) -> Told {
    Told::Notice(match event {
        Event::Registered { code } => return Told::Output(format!("code {code}\n").into_bytes()),
        Event::Data { payload: Value::String(text), .. } => return Told::Output(text.into_bytes()),
        Event::Data { payload, .. } if payload["message"]["content"].is_string() => {
            let text = |member: &str| payload["message"][member].as_str().unwrap_or_default().to_owned();
            return Told::Output(format!("{}: {}\n", text("role"), text("content")).into_bytes());
        }
        Event::Connected {} => "connected".to_owned(),
        Event::Joined {} => "joined".to_owned(),
        Event::Disconnected {} => "the connection is lost".to_owned(),
        Event::Reconnected {} => "back again".to_owned(),
        Event::GaveUp {} => "no further attempt will be made".to_owned(),
        Event::Error { code, message } => format!("{code}: {message}"),
        other => other.encode(),
    })
}

/// Writes a notice. It is short, and nobody waits for it to be read. A terminal in raw mode wants to be told where a line begins.
pub(super) fn notify(notice: &str) {
    _ = write!(std::io::stderr().lock(), "{notice}\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_and_data_are_output() {
        let output = |text: &str| Told::Output(text.as_bytes().to_vec());
        assert_eq!(told(Event::Registered { code: "K7QX4M".to_owned() }), output("code K7QX4M\n"));
        let data = r#"{"event":"data","payload":"no line feed"}"#;
        assert_eq!(told(Event::read(data).expect("an event").expect("it")), output("no line feed"));
        let message = r#"{"event":"data","resource":"chat","resourceId":"c","payload":{"message":{"role":"user","content":"hi"}}}"#;
        assert_eq!(told(Event::read(message).expect("an event").expect("it")), output("user: hi\n"));
        let error = Event::Error { code: "INVALID_CODE".to_owned(), message: "No session has this code.".to_owned() };
        assert_eq!(told(error), Told::Notice("INVALID_CODE: No session has this code.".to_owned()));
    }
}
