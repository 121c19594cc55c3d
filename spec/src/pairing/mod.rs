//! Pairing: a host shows a short code, a viewer joins with it, the relay carries data between them (chapter `pairing`).

mod code;
mod message;
mod model;

pub use code::{
    ALPHABET, CLOSE_GOING_AWAY, CLOSE_INVALID_PATH, CLOSE_POLICY, CODE_LENGTH, ErrorCode, INVALID_PATH_REASON,
    JoinCode, SessionCode,
};
pub use message::{
    Data, EpochMillis, Error, FromHost, FromViewer, Join, Joined, Ping, Pong, Register, Registered, ToHost, ToViewer,
};

use serde_json::json;

use crate::family::{Aside, BY_TYPE, Endpoint, Family, MessageFraming, Opening, OpeningTurn};
use crate::reconnect::Policy;

/// Where hosts connect (PAIR-01).
pub const HOST_PATH: &str = "/mac";
/// Where viewers connect (PAIR-01).
pub const VIEWER_PATH: &str = "/browser";

/// The failed joins allowed on one connection: the last is answered, then the connection is closed (PAIR-91).
pub const MAX_FAILED_JOINS: u32 = 10;

/// The family's entry in [`crate::family::FAMILIES`].
pub const FAMILY: Family = Family {
    name: "pairing",
    title: "a host shows a short code, a viewer joins with it, the relay carries data between them",
    framing: MessageFraming::WebSocket,
    server: "relay",
    clients: &["host", "viewer"],
    endpoints: &[Endpoint { path: HOST_PATH, role: "host" }, Endpoint { path: VIEWER_PATH, role: "viewer" }],
    channels: &[
        FromHost::channel("PAIR-H1"),
        FromViewer::channel("WIRE-01"),
        ToHost::channel("WIRE-01"),
        ToViewer::channel("WIRE-01"),
    ],
    naming: BY_TYPE,
    model: Some(model::MODEL),
    opening,
    solo: false,
    policy: Policy::RELAY,
};

const OPENING_CODE: &str = "K7QX4M";

/// A host may identify itself (PAIR-H1).
const REGISTER: Aside = Aside { message: "register", when: None, answer: None };

/// A client may ask whether the relay is alive (PAIR-50).
const PING: Aside = Aside {
    message: "ping",
    when: None,
    answer: Some(|ping| json!({ "type": "pong", "ts": ping.get("ts").cloned().unwrap_or_default() })),
};

fn registered(now: f64) -> serde_json::Value {
    json!({ "type": "registered", "code": OPENING_CODE, "expiresAt": (now + 300_000.0).round() })
}

fn opening(role: &str) -> Opening {
    if role == "host" {
        return Opening { params: &[], turns: &[OpeningTurn::Server(registered)], asides: &[REGISTER, PING] };
    }
    Opening {
        params: &[("code", OPENING_CODE)],
        turns: &[
            OpeningTurn::Client("join"),
            OpeningTurn::Server(|_| json!({ "type": "joined", "sessionId": "2f9d1e0c-6f0b-4c8e-9f57-0a6a3d2b1c44" })),
        ],
        asides: &[PING],
    }
}
