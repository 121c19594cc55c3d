//! Parses messages of agents, as far as possible without the cloud's state (TUN-33).

use relayspec::tunnel::{Auth, Error, FromAgent, HttpResponse, Ping, ToAgent};
use serde_json::Number;

use crate::server::WireMessage;
use crate::tunnel::{Encoding, Token};

#[derive(Debug)]
pub(crate) struct AgentMessage {
    pub(super) encoding: Encoding,
    pub(super) content: AgentContent,
}

#[derive(Debug)]
pub(super) enum AgentContent {
    Auth(Token),
    Response(HttpResponse),
    Error(Error),
    Ping(Number),
    /// `Pong` or `Stats`, which need no answer.
    Ignored,
    /// An invalid message; with an explanation.
    Invalid(String),
}

impl AgentMessage {
    pub(super) fn text(text: &str) -> Self {
        Self { encoding: Encoding::Json, content: content(FromAgent::decode(text)) }
    }

    pub(super) fn binary(bytes: &[u8]) -> Self {
        Self { encoding: Encoding::MessagePack, content: content(FromAgent::unpack(bytes)) }
    }
}

impl From<String> for AgentMessage {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

fn content<E: std::fmt::Display>(message: Result<FromAgent, E>) -> AgentContent {
    match message {
        Ok(FromAgent::Auth(Auth { token })) => AgentContent::Auth(Token::new(token)),
        Ok(FromAgent::HttpResponse(response)) => AgentContent::Response(response),
        Ok(FromAgent::Error(error)) => AgentContent::Error(error),
        Ok(FromAgent::Ping(Ping { timestamp })) => AgentContent::Ping(timestamp),
        Ok(FromAgent::Pong(_) | FromAgent::Stats(_)) => AgentContent::Ignored,
        Err(error) => AgentContent::Invalid(error.to_string()),
    }
}

pub(crate) fn encode(message: impl Into<ToAgent>, encoding: Encoding) -> WireMessage {
    let message = message.into();
    match encoding {
        Encoding::Json => WireMessage::Text(message.encode()),
        Encoding::MessagePack => WireMessage::Binary(message.pack()),
    }
}
