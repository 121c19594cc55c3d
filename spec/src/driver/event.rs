//! What a client under test tells the runner, one line each on the client's standard output.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::line::{given, lines};
use crate::wire::{Cause, DecodeError};

lines! {
    /// What a client under test tells the runner (chapter `driver`, "Events").
    Event (in events) tagged "event" {
        /// The transport is up: the handshake is done.
        Connected = "connected" {},
        /// The transport was lost.
        Disconnected = "disconnected" {},
        /// A host has got a code to show.
        Registered = "registered" {
            /// The code.
            code: String,
        },
        /// A viewer is paired; a client of another family is authenticated.
        Joined = "joined" {},
        /// Application data came.
        Data = "data" {
            /// The data; null where it is no text and stands in `base64`.
            payload: Value,
            /// Of a terminal, the session that it belongs to.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            session_id: Option<String>,
            /// Of a terminal, the bytes in base64 (RFC 4648, section 4).
            #[serde(default, skip_serializing_if = "Option::is_none")]
            base64: Option<String>,
            /// Of a push, the kind of the resource.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            resource: Option<String>,
            /// Of a push, which resource of its kind.
            #[serde(rename = "resourceId", default, skip_serializing_if = "Option::is_none")]
            resource_id: Option<String>,
        },
        /// The peer, or the client itself, refused something.
        Error = "error" {
            /// What happened, for programs.
            code: String,
            /// What happened, for a person.
            message: String,
        },
        /// The outcome of a command that had an id; it has exactly one of `ok` and `error`.
        Result = "result" {
            /// The id of the command.
            id: String,
            /// What came of it.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            ok: Option<Value>,
            /// Why nothing came of it.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            error: Option<Value>,
        },
        /// The family's own success came after a loss or a failed attempt.
        Reconnected = "reconnected" {},
        /// No further attempt will follow.
        GaveUp = "gave_up" {},
        /// The command is not known (DRV-03).
        Unsupported = "unsupported" {
            /// The command's name.
            #[serde(rename = "do")]
            command: String,
        },
    }
}

impl Event {
    /// Reads a line; `None` for log output: whatever is no JSON object whose `event` names an event of the chapter (DRV-01).
    ///
    /// # Errors
    /// Where an event that is known lacks a member or has one of the wrong type; the error names place and cause.
    pub fn read(line: &str) -> Result<Option<Self>, DecodeError> {
        #[derive(Deserialize)]
        struct Tag<'a> {
            #[serde(borrow, rename = "event")]
            tag: Cow<'a, str>,
        }
        // Derived code also reads an array, `["joined"]`.
        if !line.trim_start().starts_with('{') {
            return Ok(None);
        }
        let Ok(Tag { tag }) = serde_json::from_str(line) else { return Ok(None) };
        let event = Self::members(&tag, line).transpose()?;
        if let Some(Self::Result { ok, error, .. }) = &event
            && ok.is_some() == error.is_some()
        {
            let problem = "exactly one of `ok` and `error` is wanted".to_owned();
            return Err(DecodeError { cause: Cause::Member { message: "result", problem }, line: 0, column: 0 });
        }
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_output_is_no_event_and_no_error() {
        for line in [
            "",
            "listening",
            "connected",
            r#""connected""#,
            r#"["connected"]"#,
            r#"{"event":"connected""#,
            r#"{"event":"connected"} {}"#,
            r#"{"event":null}"#,
            r#"{"event":{"event":"connected"}}"#,
            r#"{"event":"started","port":1}"#,
            r#"{"level":"info"}"#,
        ] {
            assert_eq!(Event::read(line), Ok(None), "{line}");
        }
        assert_eq!(Event::read(" {\"level\":1,\"event\":\"joined\"}\r\n"), Ok(Some(Event::Joined {})));
    }

    #[test]
    fn a_known_event_that_is_wrong_is_told() {
        for (line, told) in [
            (r#"{"event":"registered"}"#, "`registered`: missing field `code` (line 1, column 22)"),
            (r#"{"event":"data"}"#, "`data`: missing field `payload` (line 1, column 16)"),
            (r#"{"event":"result","id":"1"}"#, "`result`: exactly one of `ok` and `error` is wanted"),
            (
                r#"{"event":"result","id":"1","ok":null,"error":1}"#,
                "`result`: exactly one of `ok` and `error` is wanted",
            ),
        ] {
            assert_eq!(Event::read(line).map_err(|error| error.to_string()), Err(told.to_owned()), "{line}");
        }
        let null = Event::Result { id: "1".to_owned(), ok: Some(Value::Null), error: None };
        assert_eq!(null.encode(), r#"{"event":"result","id":"1","ok":null}"#);
        assert_eq!(Event::read(&null.encode()), Ok(Some(null)));
    }
}
