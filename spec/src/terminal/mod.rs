//! Terminal: one host, many viewers, control messages as text and terminal bytes as binary messages (chapter `terminal`).

mod code;
mod frame;
mod message;
mod model;

pub use code::{ALPHABET, CLOSE_HOST_LOST, CLOSE_REFUSED, CODE_LENGTH, SessionCode, ViewerCode};
pub use frame::{MAX_SESSION_ID, SessionId, TerminalFrame, TerminalFrameError};
pub use message::{
    Auth, AuthFailed, AuthSuccess, BrowserConnected, BrowserDisconnected, CloseSession, CreateSession, Error, FromHost,
    FromViewer, Register, Registered, Session, SessionConnected, SessionDisconnected, SessionList, SessionResize,
    ToHost, ToViewer,
};

use serde_json::{Value, json};

use crate::family::{BY_TYPE, Endpoint, Family, MessageFraming, Opening, OpeningTurn};
use crate::reconnect::Policy;
use crate::wire::BinaryError;

/// Where hosts and viewers connect; the first message decides the role (TERM-01, TERM-02).
pub const PATH: &str = "/ws";

/// The bytes of a host's binary messages that a relay keeps, at least, for viewers that join later (TERM-30).
pub const SCROLLBACK_BYTES: usize = 1 << 20;

/// The family's entry in [`crate::family::FAMILIES`].
pub const FAMILY: Family = Family {
    name: "terminal",
    title: "a host shares its terminals with many viewers, with control messages beside terminal bytes",
    framing: MessageFraming::WebSocket,
    server: "relay",
    clients: &["host", "viewer"],
    endpoints: &[Endpoint { path: PATH, role: "host" }, Endpoint { path: PATH, role: "viewer" }],
    channels: &[
        FromHost::channel("WIRE-01").with_binary(canonical, "TERM-H5"),
        FromViewer::channel("WIRE-01").with_binary(canonical, "TERM-H5"),
        ToHost::channel("WIRE-01").with_binary(canonical, "TERM-21"),
        ToViewer::channel("WIRE-01").with_binary(canonical, "TERM-20"),
    ],
    naming: BY_TYPE,
    model: Some(model::MODEL),
    solo: false,
    policy: Policy::RELAY,
    opening,
};

fn canonical(bytes: &[u8]) -> Result<Vec<u8>, BinaryError> {
    Ok(TerminalFrame::decode(bytes)?.encode())
}

const OPENING_CODE: &str = "K7QX4M";

fn registered(_: f64) -> Value {
    json!({ "type": "registered", "code": OPENING_CODE })
}

fn opening(role: &str) -> Opening {
    if role == "host" {
        return Opening {
            params: &[],
            turns: &[OpeningTurn::Client("register"), OpeningTurn::Server(registered)],
            asides: &[],
        };
    }
    let turns = &[OpeningTurn::Client("auth"), OpeningTurn::Server(|_| json!({ "type": "auth_success" }))];
    Opening { params: &[("code", OPENING_CODE)], turns, asides: &[] }
}
