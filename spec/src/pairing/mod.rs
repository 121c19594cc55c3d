//! The pairing family: a host shows a short code, a viewer joins with it, the relay carries data between them (chapter `pairing`).

mod code;
mod message;
mod state;

pub use code::{
    ALPHABET, CLOSE_GOING_AWAY, CLOSE_INVALID_PATH, CLOSE_POLICY, CODE_LENGTH, ErrorCode, INVALID_PATH_REASON,
    JoinCode, SessionCode,
};
pub use message::{
    Data, EpochMillis, Error, FromHost, FromViewer, Join, Joined, Ping, Pong, Register, Registered, ToHost, ToViewer,
};
pub use state::order;

use crate::family::{Channel, Endpoint, Family};
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
    order,
    policy: Policy::RELAY,
};
