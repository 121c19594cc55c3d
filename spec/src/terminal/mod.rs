//! The terminal family: one host, many viewers, control messages in text and terminal bytes in binary messages (chapter `terminal`).

mod code;
mod frame;
mod message;
mod model;
mod state;

pub use code::{ALPHABET, CLOSE_HOST_LOST, CLOSE_REFUSED, CODE_LENGTH, SessionCode, ViewerCode};
pub use frame::{FrameError, MAX_SESSION_ID, SessionId, TerminalFrame};
pub use message::{
    Auth, AuthFailed, AuthSuccess, BrowserConnected, BrowserDisconnected, CloseSession, CreateSession, Error, FromHost,
    FromViewer, Register, Registered, Session, SessionConnected, SessionDisconnected, SessionList, SessionResize,
    ToHost, ToViewer,
};
pub use state::order;

use serde_json::json;

use crate::family::{BY_TYPE, Binary, Channel, Endpoint, Family, Travel, Turn, Welcome};
use crate::reconnect::Policy;
use crate::wire::BinaryError;

/// Where hosts and viewers connect; the first message tells them apart (TERM-01, TERM-02).
pub const PATH: &str = "/ws";

/// The least that a relay keeps of a host's binary messages for viewers that come later, in bytes (TERM-30).
pub const SCROLLBACK_BYTES: usize = 1 << 20;

/// The family's entry in [`crate::family::FAMILIES`].
pub const FAMILY: Family = Family {
    name: "terminal",
    title: "a host shares its terminals with many viewers, control messages beside bytes",
    travel: Travel::WebSocket,
    server: "relay",
    clients: &["host", "viewer"],
    endpoints: &[Endpoint { path: PATH, role: "host" }, Endpoint { path: PATH, role: "viewer" }],
    channels: &[
        Channel {
            direction: FromHost::DIRECTION,
            schemas: FromHost::schemas,
            canonical: |text| FromHost::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: Some(Binary { canonical, rule: "TERM-H5", packing: None }),
        },
        Channel {
            direction: FromViewer::DIRECTION,
            schemas: FromViewer::schemas,
            canonical: |text| FromViewer::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: Some(Binary { canonical, rule: "TERM-H5", packing: None }),
        },
        Channel {
            direction: ToHost::DIRECTION,
            schemas: ToHost::schemas,
            canonical: |text| ToHost::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: Some(Binary { canonical, rule: "TERM-21", packing: None }),
        },
        Channel {
            direction: ToViewer::DIRECTION,
            schemas: ToViewer::schemas,
            canonical: |text| ToViewer::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: Some(Binary { canonical, rule: "TERM-20", packing: None }),
        },
    ],
    naming: BY_TYPE,
    order,
    model: Some(model::MODEL),
    solo: false,
    policy: Policy::RELAY,
    welcome,
};

fn canonical(bytes: &[u8]) -> Result<Vec<u8>, BinaryError> {
    Ok(TerminalFrame::decode(bytes)?.encode())
}

/// A code that a viewer under test is given.
const WELCOME_CODE: &str = "K7QX4M";

fn welcome(role: &str) -> Welcome {
    if role == "host" {
        let turns =
            &[Turn::Client("register"), Turn::Server(|_| json!({ "type": "registered", "code": WELCOME_CODE }))];
        return Welcome { params: &[], turns, asides: &[] };
    }
    let turns = &[Turn::Client("auth"), Turn::Server(|_| json!({ "type": "auth_success" }))];
    Welcome { params: &[("code", WELCOME_CODE)], turns, asides: &[] }
}
