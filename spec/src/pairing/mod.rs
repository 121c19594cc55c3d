//! The pairing family: a host shows a short code, a viewer joins with it, the relay carries data between them (chapter `pairing`).

mod code;
mod message;
mod model;
mod state;

pub use code::{
    ALPHABET, CLOSE_GOING_AWAY, CLOSE_INVALID_PATH, CLOSE_POLICY, CODE_LENGTH, ErrorCode, INVALID_PATH_REASON,
    JoinCode, SessionCode,
};
pub use message::{
    Data, EpochMillis, Error, FromHost, FromViewer, Join, Joined, Ping, Pong, Register, Registered, ToHost, ToViewer,
};
pub use state::order;

use serde_json::json;

use crate::family::{Aside, BY_TYPE, Channel, Endpoint, Family, Travel, Turn, Welcome};
use crate::reconnect::Policy;

/// Where hosts connect (PAIR-01).
pub const HOST_PATH: &str = "/mac";
/// Where viewers connect (PAIR-01).
pub const VIEWER_PATH: &str = "/browser";

/// The failed joins that one connection is allowed; the last of them is answered, then the connection is closed (PAIR-91).
pub const MAX_FAILED_JOINS: u32 = 10;

/// The family's entry in [`crate::family::FAMILIES`].
pub const FAMILY: Family = Family {
    name: "pairing",
    title: "a host shows a short code, a viewer joins with it, the relay carries data between them",
    travel: Travel::WebSocket,
    server: "relay",
    clients: &["host", "viewer"],
    endpoints: &[Endpoint { path: HOST_PATH, role: "host" }, Endpoint { path: VIEWER_PATH, role: "viewer" }],
    channels: &[
        Channel {
            direction: FromHost::DIRECTION,
            schemas: FromHost::schemas,
            canonical: |text| FromHost::decode(text).map(|message| message.encode()),
            rule: "PAIR-H1",
            binary: None,
        },
        Channel {
            direction: FromViewer::DIRECTION,
            schemas: FromViewer::schemas,
            canonical: |text| FromViewer::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: None,
        },
        Channel {
            direction: ToHost::DIRECTION,
            schemas: ToHost::schemas,
            canonical: |text| ToHost::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: None,
        },
        Channel {
            direction: ToViewer::DIRECTION,
            schemas: ToViewer::schemas,
            canonical: |text| ToViewer::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: None,
        },
    ],
    naming: BY_TYPE,
    order,
    model: Some(model::MODEL),
    welcome,
    solo: false,
    policy: Policy::RELAY,
};

/// A code that a viewer under test is given to join with.
const WELCOME_CODE: &str = "K7QX4M";

/// How a host may name itself (PAIR-H1).
const REGISTER: Aside = Aside { message: "register", when: None, answer: None };

/// How a client learns that the relay is alive (PAIR-50).
const PING: Aside = Aside {
    message: "ping",
    when: None,
    answer: Some(|ping| json!({ "type": "pong", "ts": ping.get("ts").cloned().unwrap_or_default() })),
};

/// A code that is fresh, and lives for the default lifetime.
fn registered(now: f64) -> serde_json::Value {
    json!({ "type": "registered", "code": WELCOME_CODE, "expiresAt": (now + 300_000.0).round() })
}

fn welcome(role: &str) -> Welcome {
    if role == "host" {
        return Welcome { params: &[], turns: &[Turn::Server(registered)], asides: &[REGISTER, PING] };
    }
    Welcome {
        params: &[("code", WELCOME_CODE)],
        turns: &[
            Turn::Client("join"),
            Turn::Server(|_| json!({ "type": "joined", "sessionId": "2f9d1e0c-6f0b-4c8e-9f57-0a6a3d2b1c44" })),
        ],
        asides: &[PING],
    }
}
