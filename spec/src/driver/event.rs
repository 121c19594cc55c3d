//! Events: what a client under test writes to its standard output, one JSON object a line.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::line::{given, lines};
use crate::wire::{Cause, DecodeError};

lines! {
    /// An event of a client under test (chapter `driver`, "Events").
    Event (in events) tagged "event" {
        /// The transport is up: the handshake is complete.
        Connected = "connected" {},
        /// The transport was lost.
        Disconnected = "disconnected" {},
        /// A host has received a code to show.
        Registered = "registered" {
            /// The code.
            code: String,
        },
        /// A viewer is paired; in other protocols, the client is authenticated.
        Joined = "joined" {},
        /// Application data was received.
        Data = "data" {
            /// The data; null if it is not text and is in `base64`.
            payload: Value,
            /// For a terminal, the session that the data belongs to.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            session_id: Option<String>,
            /// For a terminal, the bytes in base64 (RFC 4648, section 4).
            #[serde(default, skip_serializing_if = "Option::is_none")]
            base64: Option<String>,
            /// For a push, the kind of the resource.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            resource: Option<String>,
            /// For a push, the id of the resource.
            #[serde(rename = "resourceId", default, skip_serializing_if = "Option::is_none")]
            resource_id: Option<String>,
        },
        /// The peer, or the client itself, rejected something.
        Error = "error" {
            /// What happened, as a code for programs.
            code: String,
            /// What happened, as text for people.
            message: String,
        },
        /// The outcome of a command with an id; exactly one of `ok` and `error` is present.
        Result = "result" {
            /// The id of the command.
            id: String,
            /// The result, if the command succeeded.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            ok: Option<Value>,
            /// The reason, if the command failed.
            #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
            error: Option<Value>,
        },
        /// The opening succeeded again after a loss or a failed attempt.
        Reconnected = "reconnected" {},
        /// No further attempt will follow.
        GaveUp = "gave_up" {},
        /// The command is unknown (DRV-03).
        Unsupported = "unsupported" {
            /// The command's name.
            #[serde(rename = "do")]
            command: String,
        },
    }
}

impl Event {
    /// Parses a line; `None` for log output, which is any line that is not a JSON object with a known `event` (DRV-01).
    /// Fails if a known event lacks a member or a member has the wrong type; the error names place and cause.
    pub fn read(line: &str) -> Result<Option<Self>, DecodeError> {
        #[derive(Deserialize)]
        struct EventTag<'a> {
            #[serde(borrow, rename = "event")]
            tag: Cow<'a, str>,
        }
        // Derived code would also accept an array, `["joined"]`.
        if !line.trim_start().starts_with('{') {
            return Ok(None);
        }
        let Ok(EventTag { tag }) = serde_json::from_str(line) else { return Ok(None) };
        let event = Self::members(&tag, line).transpose()?;
        if let Some(Self::Result { ok, error, .. }) = &event
            && ok.is_some() == error.is_some()
        {
            let problem = "exactly one of `ok` and `error` is required".to_owned();
            return Err(DecodeError { cause: Cause::Member { message: "result", problem }, line: 0, column: 0 });
        }
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_output_is_neither_event_nor_error() {
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
    fn invalid_known_event_is_an_error() {
        for (line, message) in [
            (r#"{"event":"registered"}"#, "`registered`: missing field `code` (line 1, column 22)"),
            (r#"{"event":"data"}"#, "`data`: missing field `payload` (line 1, column 16)"),
            (r#"{"event":"result","id":"1"}"#, "`result`: exactly one of `ok` and `error` is required"),
            (
                r#"{"event":"result","id":"1","ok":null,"error":1}"#,
                "`result`: exactly one of `ok` and `error` is required",
            ),
        ] {
            assert_eq!(Event::read(line).map_err(|error| error.to_string()), Err(message.to_owned()), "{line}");
        }
        let null = Event::Result { id: "1".to_owned(), ok: Some(Value::Null), error: None };
        assert_eq!(null.encode(), r#"{"event":"result","id":"1","ok":null}"#);
        assert_eq!(Event::read(&null.encode()), Ok(Some(null)));
    }
}
