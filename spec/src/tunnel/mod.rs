//! Tunnel: public HTTP requests pass through a cloud and one connection to an agent beside a local server (chapter `tunnel`).
//!
//! ```
//! use relayspec::tunnel::{Auth, FromAgent};
//!
//! let auth = FromAgent::from(Auth { token: "secret".to_owned() });
//! assert_eq!(auth.encode(), r#"{"type":"Auth","data":{"token":"secret"}}"#);
//! assert_eq!(FromAgent::unpack(&auth.pack()), Ok(auth), "the same in MessagePack");
//! ```

mod body;
mod form;
mod headers;
mod message;

pub use body::Body;
pub use headers::Headers;
pub use message::{
    Auth, AuthError, AuthSuccess, Error, FromAgent, HttpRequest, HttpResponse, Ping, Pong, Stats, ToAgent,
};

use serde_json::json;

use crate::family::{Aside, BY_TYPE, Endpoint, Family, MessageFraming, Opening, OpeningTurn};
use crate::reconnect::Policy;

/// Where agents connect.
pub const PATH: &str = "/tunnel";

/// The close code after `AuthError` (TUN-02, TUN-03; RFC 6455, section 7.4.1).
pub const CLOSE_REFUSED: u16 = 1008;

/// The body that must pass, at least, in bytes (TUN-15, TUN-24).
pub const LEAST_BODY: usize = 16 << 20;

/// The message that either side must accept, at least, in encoded bytes (WIRE-07).
pub const LEAST_MESSAGE: usize = 24 << 20;

/// Headers of a single connection, which are not forwarded, like those that `connection` names (TUN-12; RFC 9110, section 7.6.1).
pub const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The family's entry in [`crate::family::FAMILIES`].
pub const FAMILY: Family = Family {
    name: "tunnel",
    title: "public HTTP requests reach a local server through an agent that keeps one connection",
    framing: MessageFraming::WebSocket,
    server: "cloud",
    clients: &["agent"],
    endpoints: &[Endpoint { path: PATH, role: "agent" }],
    channels: &[
        FromAgent::channel("WIRE-01", "TUN-33", form::PACKING),
        ToAgent::channel("WIRE-01", "TUN-33", form::PACKING),
    ],
    naming: BY_TYPE,
    model: None,
    solo: true,
    policy: Policy::TUNNEL,
    opening,
};

/// The token for an agent under test, and a local origin without a server (the port of RFC 863).
const OPENING_PARAMS: &[(&str, &str)] =
    &[("token", "a-token-for-the-runner-alone"), ("local_url", "http://127.0.0.1:9")];

fn opening(_: &str) -> Opening {
    let turns = &[
        OpeningTurn::Client("Auth"),
        OpeningTurn::Server(|_| json!({ "type": "AuthSuccess", "data": { "session_id": "the-only-session" } })),
    ];
    let asides = &[
        Aside {
            message: "Ping",
            when: None,
            answer: Some(|ping| json!({ "type": "Pong", "data": { "timestamp": ping["data"]["timestamp"] } })),
        },
        Aside { message: "Stats", when: None, answer: None },
        // The answer to an invalid message (TUN-17).
        Aside { message: "Error", when: Some(|error| error["data"]["request_id"].is_null()), answer: None },
    ];
    Opening { params: OPENING_PARAMS, turns, asides }
}
