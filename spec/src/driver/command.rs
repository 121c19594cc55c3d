//! Commands: what the runner writes to a client's standard input, one JSON object a line.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::line::lines;
use crate::wire::{self, DecodeError};

lines! {
    /// A command of the runner (chapter `driver`, "Commands").
    Command (in commands) tagged "do" {
        /// Send application data.
        Send = "send" {
            /// The id under which the event `result` reports the outcome, in protocols that report one.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            id: Option<String>,
            /// What to send, in the form that the protocol defines.
            payload: Value,
        },
        /// Join with a different code.
        Join = "join" {
            /// The code as a user gives it.
            code: String,
        },
        /// Make a call; the event `result` with the same id reports the outcome.
        Call = "call" {
            /// The id under which the outcome is reported.
            id: String,
            /// The message in JSON form.
            message: Value,
        },
        /// Subscribe to a resource; the event `result` with the same id reports the outcome.
        Subscribe = "subscribe" {
            /// The id under which the outcome is reported.
            id: String,
            /// The kind of the resource.
            resource: String,
            /// The resource's id; absent for a kind with a single resource.
            #[serde(rename = "resourceId", default, skip_serializing_if = "Option::is_none")]
            resource_id: Option<String>,
        },
        /// End a subscription; the event `result` with the same id reports the outcome.
        Unsubscribe = "unsubscribe" {
            /// The id under which the outcome is reported.
            id: String,
            /// The kind of the resource.
            resource: String,
            /// The resource's id; absent for a kind with a single resource.
            #[serde(rename = "resourceId", default, skip_serializing_if = "Option::is_none")]
            resource_id: Option<String>,
        },
        /// Stop for good (RECON-13).
        Stop = "stop" {},
    }
}

/// Why a line is not a command that a client can carry out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The command is unknown; the client answers with the event `unsupported` (DRV-03).
    #[error("unknown command `{0}`")]
    Unsupported(String),
    /// The line is not a command, or a member is missing or has the wrong type.
    #[error(transparent)]
    Malformed(DecodeError),
}

impl Command {
    /// Parses a line; fails if the line is not a known command; the error names place and cause.
    pub fn read(line: &str) -> Result<Self, CommandError> {
        #[derive(Deserialize)]
        struct CommandTag<'a> {
            #[serde(borrow, rename = "do")]
            tag: Cow<'a, str>,
        }
        let CommandTag { tag } = wire::object_of(line, "command").map_err(CommandError::Malformed)?;
        match Self::members(&tag, line) {
            None => Err(CommandError::Unsupported(tag.into_owned())),
            Some(read) => read.map_err(CommandError::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_malformed_differ() {
        assert_eq!(Command::read(r#"{"do":"dance","how":1}"#), Err(CommandError::Unsupported("dance".to_owned())));
        for (line, message) in [
            ("stop", "not JSON: expected value (line 1, column 1)"),
            (r#"["stop"]"#, "a message is a JSON object"),
            (r#"{"event":"joined"}"#, "`command`: missing field `do` (line 1, column 18)"),
            (r#"{"do":1}"#, "`command`: invalid type: integer `1`, expected a string (line 1, column 7)"),
            (r#"{"do":"join"}"#, "`join`: missing field `code` (line 1, column 13)"),
            (r#"{"do":"join","code":7}"#, "`join`: invalid type: integer `7`, expected a string (line 1, column 21)"),
        ] {
            let error = Command::read(line).expect_err(line);
            assert!(matches!(error, CommandError::Malformed(_)), "{line}: {error}");
            assert_eq!(error.to_string(), message, "{line}");
        }
    }
}
