//! What a client asks for. It is read in two steps, so that whatever has an `id` can be answered with it (SYNC-60).

use relayspec::sync::{Auth, Send, Subscribe, ToServer, Topic, Unsubscribe};
use relayspec::wire::{Cause, DecodeError};
use serde::Deserialize;
use serde_json::Value;

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It has an id.
    Named {
        /// The id.
        id: String,
        /// What is asked for.
        request: Request,
    },
    /// It has none, or is no JSON; and why it cannot be answered otherwise.
    Nameless(String),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// To be let in, with this PIN, if it is a string.
    Auth(Option<String>),
    /// To see something, and be told of what is new.
    Subscribe(Topic),
    /// To be told no more.
    Unsubscribe(Topic),
    /// To keep a message.
    Send {
        /// The id of the chat.
        chat: String,
        /// What the message says.
        content: String,
    },
    /// Nothing that can be done, and why.
    Wrong(String),
}

/// Only what is needed for an answer; the rest is skipped, however it looks.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    id: Value,
    #[serde(default, rename = "type")]
    tag: Value,
}

impl Asked {
    /// Reads a text message.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let error = match ToServer::decode(text) {
            Ok(message) => return Self::of(message),
            Err(error) => error,
        };
        if matches!(error.cause, Cause::NotJson(_) | Cause::NotAnObject) {
            return Self::Nameless(told(&error));
        }
        match serde_json::from_str(text) {
            Ok(Envelope { id: Value::String(id), tag }) => {
                // A PIN that is missing or no string is a wrong one (SYNC-02).
                let request = if tag == "auth" { Request::Auth(None) } else { Request::Wrong(told(&error)) };
                Self::Named { id, request }
            }
            _ => Self::Nameless(format!("A request has an `id`, which is a string. {}", told(&error))),
        }
    }

    fn of(message: ToServer) -> Self {
        let (id, request) = match message {
            ToServer::Auth(Auth { id, pin }) => (id, Request::Auth(Some(pin))),
            ToServer::Subscribe(Subscribe { id, topic }) => (id, Request::Subscribe(topic)),
            ToServer::Unsubscribe(Unsubscribe { id, topic }) => (id, Request::Unsubscribe(topic)),
            ToServer::Send(Send { id, resource_id, message }) => {
                (id, Request::Send { chat: resource_id, content: message })
            }
        };
        Self::Named { id, request }
    }
}

impl From<String> for Asked {
    fn from(text: String) -> Self {
        Self::read(&text)
    }
}

fn told(error: &DecodeError) -> String {
    // Cut: an error may quote a value of any length.
    let why: String = error.to_string().chars().take(200).collect();
    format!("This cannot be done: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_has_an_id_keeps_it() {
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
            let read = match Asked::read(text) {
                Asked::Named { id, request: Request::Wrong(_) } => Some(id),
                Asked::Nameless(_) => None,
                other => panic!("{text}: {other:?}"),
            };
            assert_eq!(read.as_deref(), id, "{text}");
        }
    }

    #[test]
    fn a_pin_that_is_none_is_a_wrong_one() {
        for text in [r#"{"id":"1","type":"auth"}"#, r#"{"id":"1","type":"auth","pin":42}"#] {
            assert_eq!(Asked::read(text), Asked::Named { id: "1".to_owned(), request: Request::Auth(None) });
        }
    }
}
