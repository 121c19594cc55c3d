//! What the runner tells a client under test to do, one line each on the client's standard input.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::line::lines;
use crate::wire::{self, DecodeError};

lines! {
    /// What the runner tells a client under test to do (chapter `driver`, "Commands").
    Command (in commands) tagged "do" {
        /// Send application data.
        Send = "send" {
            /// What its outcome is called in the event `result`, where the family has one.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            id: Option<String>,
            /// What to send; its form is the family's.
            payload: Value,
        },
        /// Join with another code.
        Join = "join" {
            /// The code as a user gives it.
            code: String,
        },
        /// Make a call; its outcome is the event `result` with the same id.
        Call = "call" {
            /// What the outcome is called.
            id: String,
            /// The message in its JSON form.
            message: Value,
        },
        /// Subscribe to a resource; its outcome is the event `result` with the same id.
        Subscribe = "subscribe" {
            /// What the outcome is called.
            id: String,
            /// The kind of the resource.
            resource: String,
            /// Which one of its kind; absent where there is only one.
            #[serde(rename = "resourceId", default, skip_serializing_if = "Option::is_none")]
            resource_id: Option<String>,
        },
        /// End a subscription; its outcome is the event `result` with the same id.
        Unsubscribe = "unsubscribe" {
            /// What the outcome is called.
            id: String,
            /// The kind of the resource.
            resource: String,
            /// Which one of its kind; absent where there is only one.
            #[serde(rename = "resourceId", default, skip_serializing_if = "Option::is_none")]
            resource_id: Option<String>,
        },
        /// Stop for good (RECON-13).
        Stop = "stop" {},
    }
}

/// Why a line is no command that a client could carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It asks for something that is not known; the event `unsupported` answers it (DRV-03).
    Unsupported(String),
    /// It is no command at all, or one that lacks something.
    Malformed(DecodeError),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(name) => write!(f, "unknown command `{name}`"),
            Self::Malformed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}

impl Command {
    /// Reads a line.
    ///
    /// # Errors
    /// Where the line is no command that is known; the error names place and cause.
    pub fn read(line: &str) -> Result<Self, Refused> {
        #[derive(Deserialize)]
        struct Tag<'a> {
            #[serde(borrow, rename = "do")]
            tag: Cow<'a, str>,
        }
        let Tag { tag } = wire::object_of(line, "command").map_err(Refused::Malformed)?;
        match Self::members(&tag, line) {
            None => Err(Refused::Unsupported(tag.into_owned())),
            Some(read) => read.map_err(Refused::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_told_from_malformed() {
        assert_eq!(Command::read(r#"{"do":"dance","how":1}"#), Err(Refused::Unsupported("dance".to_owned())));
        for (line, told) in [
            ("stop", "not JSON: expected value (line 1, column 1)"),
            (r#"["stop"]"#, "a message is a JSON object"),
            (r#"{"event":"joined"}"#, "`command`: missing field `do` (line 1, column 18)"),
            (r#"{"do":1}"#, "`command`: invalid type: integer `1`, expected a string (line 1, column 7)"),
            (r#"{"do":"join"}"#, "`join`: missing field `code` (line 1, column 13)"),
            (r#"{"do":"join","code":7}"#, "`join`: invalid type: integer `7`, expected a string (line 1, column 21)"),
        ] {
            let error = Command::read(line).expect_err(line);
            assert!(matches!(error, Refused::Malformed(_)), "{line}: {error}");
            assert_eq!(error.to_string(), told, "{line}");
        }
    }
}
