//! What an agent says, as far as it can be read without the cloud's state (TUN-33).

use relayspec::tunnel::{Auth, Error, FromAgent, HttpResponse, Ping, ToAgent};
use serde_json::Number;

use crate::server::Letter;
use crate::tunnel::{Encoding, Token};

/// A message of an agent, and how it was written.
#[derive(Debug)]
pub struct Message {
    pub(super) encoding: Encoding,
    pub(super) said: Said,
}

#[derive(Debug)]
pub(super) enum Said {
    Auth(Token),
    Response(HttpResponse),
    Error(Error),
    Ping(Number),
    /// `Pong` or `Stats`: the cloud asks for neither.
    Aside,
    /// No message of an agent, and why.
    Nothing(String),
}

impl Message {
    pub(super) fn text(text: &str) -> Self {
        Self { encoding: Encoding::Json, said: said(FromAgent::decode(text)) }
    }

    pub(super) fn binary(bytes: &[u8]) -> Self {
        Self { encoding: Encoding::MessagePack, said: said(FromAgent::unpack(bytes)) }
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

fn said<E: std::fmt::Display>(message: Result<FromAgent, E>) -> Said {
    match message {
        Ok(FromAgent::Auth(Auth { token })) => Said::Auth(Token::new(token)),
        Ok(FromAgent::HttpResponse(response)) => Said::Response(response),
        Ok(FromAgent::Error(error)) => Said::Error(error),
        Ok(FromAgent::Ping(Ping { timestamp })) => Said::Ping(timestamp),
        Ok(FromAgent::Pong(_) | FromAgent::Stats(_)) => Said::Aside,
        Err(error) => Said::Nothing(error.to_string()),
    }
}

/// A message to an agent, written as the agent wants it.
pub(crate) fn written(message: impl Into<ToAgent>, encoding: Encoding) -> Letter {
    let message = message.into();
    match encoding {
        Encoding::Json => Letter::Text(message.encode()),
        Encoding::MessagePack => Letter::Binary(message.pack()),
    }
}
