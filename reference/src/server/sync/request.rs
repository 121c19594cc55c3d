//! Parses requests in two steps, so that anything with an `id` can be answered with it (SYNC-60).

use relayspec::sync::{Auth, Send, Subscribe, ToServer, Topic, Unsubscribe};
use relayspec::wire::{Cause, DecodeError};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ParsedMessage {
    /// A request with an id.
    Identified { id: String, request: SyncRequest },
    /// A message without an id, or not JSON; with an explanation.
    Unidentified(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SyncRequest {
    /// Authenticate, with the PIN if it is a string.
    Auth(Option<String>),
    /// Send a snapshot, and push news.
    Subscribe(Topic),
    /// Stop pushing.
    Unsubscribe(Topic),
    Send {
        chat: String,
        content: String,
    },
    /// An invalid request; with an explanation.
    Invalid(String),
}

/// The members that an answer needs; the rest is skipped.
#[derive(Deserialize)]
struct RequestHead {
    #[serde(default)]
    id: Value,
    #[serde(default, rename = "type")]
    tag: Value,
}

impl ParsedMessage {
    pub(crate) fn read(text: &str) -> Self {
        let error = match ToServer::decode(text) {
            Ok(message) => return Self::of(message),
            Err(error) => error,
        };
        if matches!(error.cause, Cause::NotJson(_) | Cause::NotAnObject) {
            return Self::Unidentified(explain(&error));
        }
        match serde_json::from_str(text) {
            Ok(RequestHead { id: Value::String(id), tag }) => {
                // A PIN that is missing or not a string is a wrong one (SYNC-02).
                let request =
                    if tag == "auth" { SyncRequest::Auth(None) } else { SyncRequest::Invalid(explain(&error)) };
                Self::Identified { id, request }
            }
            _ => Self::Unidentified(format!("A request must have an `id`, which is a string. {}", explain(&error))),
        }
    }

    fn of(message: ToServer) -> Self {
        let (id, request) = match message {
            ToServer::Auth(Auth { id, pin }) => (id, SyncRequest::Auth(Some(pin))),
            ToServer::Subscribe(Subscribe { id, topic }) => (id, SyncRequest::Subscribe(topic)),
            ToServer::Unsubscribe(Unsubscribe { id, topic }) => (id, SyncRequest::Unsubscribe(topic)),
            ToServer::Send(Send { id, resource_id, message }) => {
                (id, SyncRequest::Send { chat: resource_id, content: message })
            }
        };
        Self::Identified { id, request }
    }
}

impl From<String> for ParsedMessage {
    fn from(text: String) -> Self {
        Self::read(&text)
    }
}

fn explain(error: &DecodeError) -> String {
    // Truncated: an error may quote a value of any length.
    let why: String = error.to_string().chars().take(200).collect();
    format!("Invalid request: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_any_id() {
        for (text, id) in [
            (r#"{"id":"1","type":"dance"}"#, Some("1")),
            (r#"{"id":"1"}"#, Some("1")),
            (r#"{"id":"","type":7}"#, Some("")),
            (r#"{"id":"1","type":"subscribe","resource":"planet","resourceId":"x"}"#, Some("1")),
            (r#"{"id":"1","type":"send","resourceId":"c"}"#, Some("1")),
            (r#"{"id":1,"type":"send","resourceId":"c","message":""}"#, None),
            (r#"{"type":"auth","pin":"000042"}"#, None),
            (r#"{"id":null,"type":"auth","pin":"000042"}"#, None),
            ("[]", None),
            ("{", None),
            ("", None),
        ] {
            let read = match ParsedMessage::read(text) {
                ParsedMessage::Identified { id, request: SyncRequest::Invalid(_) } => Some(id),
                ParsedMessage::Unidentified(_) => None,
                other => panic!("{text}: {other:?}"),
            };
            assert_eq!(read.as_deref(), id, "{text}");
        }
    }

    #[test]
    fn treats_an_invalid_pin_as_wrong() {
        for text in [r#"{"id":"1","type":"auth"}"#, r#"{"id":"1","type":"auth","pin":42}"#] {
            assert_eq!(
                ParsedMessage::read(text),
                ParsedMessage::Identified { id: "1".to_owned(), request: SyncRequest::Auth(None) }
            );
        }
    }
}
