//! The tunnel family: public HTTP requests pass through a cloud and one connection to an agent beside a local server (chapter `tunnel`).

mod body;
mod form;
mod headers;
mod message;
mod state;

pub use body::Body;
pub use headers::Headers;
pub use message::{
    Auth, AuthError, AuthSuccess, Error, FromAgent, HttpRequest, HttpResponse, Ping, Pong, Stats, ToAgent,
};
pub use state::order;

use serde_json::json;

use crate::family::{Aside, BY_TYPE, Binary, Channel, Endpoint, Family, Packing, Travel, Turn, Welcome};
use crate::packed;
use crate::reconnect::Policy;

/// Where agents connect.
pub const PATH: &str = "/tunnel";

/// The close code after `AuthError` (TUN-02, TUN-03; RFC 6455, section 7.4.1).
pub const CLOSE_REFUSED: u16 = 1008;

/// The least body that has to pass, in bytes (TUN-15, TUN-24).
pub const LEAST_BODY: usize = 16 << 20;

/// The least message that either side accepts, in bytes as encoded (WIRE-07).
pub const LEAST_MESSAGE: usize = 24 << 20;

/// Headers that speak of one connection and are not passed on, beside those that `connection` names (TUN-12; RFC 9110, section 7.6.1).
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
    travel: Travel::WebSocket,
    server: "cloud",
    clients: &["agent"],
    endpoints: &[Endpoint { path: PATH, role: "agent" }],
    channels: &[
        Channel {
            direction: FromAgent::DIRECTION,
            schemas: FromAgent::schemas,
            canonical: |text| FromAgent::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: Some(Binary {
                canonical: |bytes| FromAgent::unpack(bytes).map(|message| message.pack()),
                rule: "TUN-33",
                packing: Some(Packing { json: packed::json_form, pack: form::pack }),
            }),
        },
        Channel {
            direction: ToAgent::DIRECTION,
            schemas: ToAgent::schemas,
            canonical: |text| ToAgent::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: Some(Binary {
                canonical: |bytes| ToAgent::unpack(bytes).map(|message| message.pack()),
                rule: "TUN-33",
                packing: Some(Packing { json: packed::json_form, pack: form::pack }),
            }),
        },
    ],
    naming: BY_TYPE,
    order,
    model: None,
    solo: true,
    policy: Policy::TUNNEL,
    welcome,
};

/// What an agent under test is given: a token, and a local origin at which nobody listens (RFC 863's port).
const WELCOME_PARAMS: &[(&str, &str)] =
    &[("token", "a-token-for-the-runner-alone"), ("local_url", "http://127.0.0.1:9")];

fn welcome(_: &str) -> Welcome {
    let turns = &[
        Turn::Client("Auth"),
        Turn::Server(|_| json!({ "type": "AuthSuccess", "data": { "session_id": "the-only-session" } })),
    ];
    let asides = &[
        Aside {
            message: "Ping",
            when: None,
            answer: Some(|ping| json!({ "type": "Pong", "data": { "timestamp": ping["data"]["timestamp"] } })),
        },
        Aside { message: "Stats", when: None, answer: None },
        // The answer to what is no message (TUN-17).
        Aside { message: "Error", when: Some(|error| error["data"]["request_id"].is_null()), answer: None },
    ];
    Welcome { params: WELCOME_PARAMS, turns, asides }
}
