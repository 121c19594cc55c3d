//! The sync family: a desktop server, its clients, requests with ids and pushes without (chapter `sync`).

mod conditions;
mod members;
mod message;
mod model;
mod pin;
mod state;
mod topic;

pub use message::{
    AnsweredId, Auth, AuthFailed, AuthRequired, AuthSuccess, Chat, Data, Error, Lists, Message, ModelProfile, Project,
    Send, Subscribe, Subscribed, ToClient, ToServer, Unsubscribe,
};
pub use pin::{PIN_LENGTH, Pin};
pub use state::order;
pub use topic::{News, Resource, Snapshot, Topic};

use serde_json::{Value, json};

use crate::family::{BY_TYPE, Channel, Endpoint, Family, Travel, Turn, Welcome};
use crate::reconnect::Policy;

/// Where clients connect.
pub const PATH: &str = "/sync";

/// So many failed `auth` close a connection at the latest (SYNC-03).
pub const MOST_GUESSES: u32 = 10;

/// The close code of a connection on which too much was guessed (SYNC-03).
pub const CLOSE_GUESSED: u16 = 1008;

/// The family's entry in [`crate::family::FAMILIES`].
pub const FAMILY: Family = Family {
    name: "sync",
    title: "clients subscribe to projects and chats of a desktop server, and get every change by push",
    travel: Travel::WebSocket,
    server: "server",
    clients: &["client"],
    endpoints: &[Endpoint { path: PATH, role: "client" }],
    channels: &[
        Channel {
            direction: ToServer::DIRECTION,
            schemas: ToServer::schemas,
            canonical: |text| ToServer::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: None,
        },
        Channel {
            direction: ToClient::DIRECTION,
            schemas: ToClient::schemas,
            canonical: |text| ToClient::decode(text).map(|message| message.encode()),
            rule: "WIRE-01",
            binary: None,
        },
    ],
    naming: BY_TYPE,
    order,
    model: Some(model::MODEL),
    solo: false,
    policy: Policy::RELAY,
    welcome,
};

/// The PIN that a client under test is given.
const WELCOME_PIN: &str = "000042";

fn welcome(_: &str) -> Welcome {
    let turns = &[Turn::Client("auth"), Turn::Answer(let_in)];
    Welcome { params: &[("pin", WELCOME_PIN)], turns, asides: &[] }
}

fn let_in(auth: &Value) -> Value {
    json!({ "type": "auth_success", "id": auth["id"], "data": { "projects": [], "modelProfiles": [] } })
}
