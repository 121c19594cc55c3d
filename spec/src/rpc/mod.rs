//! Rpc: a client reports to a daemon over a Unix stream socket, in frames with request ids (chapter `rpc`).

mod form;
mod frame;
mod message;
mod model;
mod schema;
mod scope;

pub use frame::{Frame, FrameError, FrameTooLong, Frames, HEADER, MAGIC, SMALLEST_LIMIT};
pub use message::{
    CommandBoundary, CommandComplete, CommandRecord, Event, EventType, IoData, IoDirection, Message, Request, Response,
    SessionEnd, SessionStart,
};
pub use scope::Scope;

use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::family::{Binary, Channel, Endpoint, Family, MessageFraming, Naming, Opening, OpeningTurn, Packing};
use crate::reconnect::Policy;
use crate::wire::{self, BinaryError, Cause, DecodeError};

/// The query for all sessions, which every daemon answers.
pub const SESSIONS: &str = "sessions";

/// The permissions of the socket file (RPC-14).
pub const SOCKET_MODE: u32 = 0o600;

const TO_DAEMON: wire::Direction = wire::Direction { from: "client", to: "daemon" };
const TO_CLIENT: wire::Direction = wire::Direction { from: "daemon", to: "client" };

/// The family's entry in [`crate::family::FAMILIES`].
pub const FAMILY: Family = Family {
    name: "rpc",
    title: "a client reports sessions and commands to a daemon, and reconnects when that was restarted",
    framing: MessageFraming::LengthPrefixed,
    server: "daemon",
    clients: &["client"],
    endpoints: &[Endpoint { path: "", role: "client" }],
    channels: &[
        Channel {
            direction: TO_DAEMON,
            schemas: schema::to_daemon,
            canonical: |text| canonical(text, TO_DAEMON),
            rule: "RPC-C2",
            binary: Some(Binary {
                canonical: |bytes| canonical_bytes(bytes, TO_DAEMON),
                rule: "RPC-C2",
                packing: Some(PACKING),
            }),
        },
        Channel {
            direction: TO_CLIENT,
            schemas: schema::to_client,
            canonical: |text| canonical(text, TO_CLIENT),
            rule: "RPC-01",
            binary: Some(Binary {
                canonical: |bytes| canonical_bytes(bytes, TO_CLIENT),
                rule: "RPC-01",
                packing: Some(PACKING),
            }),
        },
    ],
    solo: false,
    naming: Naming { name: tag, like: |name| json!({ "message": { name: {} } }) },
    model: Some(model::MODEL),
    policy: Policy::RPC,
    opening,
};

const PACKING: Packing = Packing {
    json: |bytes| Ok(serde_json::to_value(Frame::decode(bytes)?).unwrap_or_default()),
    pack: |value| Frame::deserialize(value).map(|frame| frame.encode()).unwrap_or_default(),
};

/// The name of the message in a frame.
fn tag(frame: &Value) -> Option<&str> {
    match &frame["message"] {
        Value::String(name) => Some(name),
        Value::Object(members) if members.len() == 1 => members.keys().next().map(String::as_str),
        _ => None,
    }
}

fn canonical(text: &str, direction: wire::Direction) -> Result<String, DecodeError> {
    let frame: Frame = wire::object_of(text, "frame")?;
    check_direction(&frame, direction).map_err(|name| {
        let cause = Cause::UnknownType(name.to_owned());
        DecodeError { cause, line: 0, column: 0 }
    })?;
    Ok(serde_json::to_string(&frame).unwrap_or_default())
}

fn canonical_bytes(bytes: &[u8], direction: wire::Direction) -> Result<Vec<u8>, BinaryError> {
    let frame = Frame::decode(bytes)?;
    check_direction(&frame, direction).map_err(|name| {
        let cause = format!("a `{name}` from the {} to the {}", direction.from, direction.to);
        BinaryError { cause, at: HEADER }
    })?;
    Ok(frame.encode())
}

/// Fails with the message's name if it has the other direction.
fn check_direction(frame: &Frame, direction: wire::Direction) -> Result<(), &'static str> {
    if frame.message.is_answer() == (direction == TO_CLIENT) { Ok(()) } else { Err(frame.message.name()) }
}

fn opening(_role: &str) -> Opening {
    let turns = &[
        OpeningTurn::Client("SessionStart"),
        OpeningTurn::Answer(|started| json!({ "id": started["id"].clone(), "message": "Ack" })),
    ];
    Opening { params: &[("session_id", "s-1")], turns, asides: &[] }
}
