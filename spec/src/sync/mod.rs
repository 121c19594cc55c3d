//! Sync: a desktop server and its clients, with requests that have ids and pushes that have none (chapter `sync`).

mod conditions;
mod conversions;
mod follow;
mod members;
mod message;
mod model;
mod pin;
mod record;
mod subscriptions;
mod topic;

pub use follow::SyncRules;
pub use message::{
    Auth, AuthFailed, AuthRequired, AuthSuccess, Data, Error, Send, Subscribe, Subscribed, ToClient, ToServer,
    Unsubscribe,
};
pub use pin::{PIN_LENGTH, Pin};
pub use record::{AnsweredId, Chat, Lists, Message, ModelProfile, Project};
pub use topic::{Resource, ResourceUpdate, Snapshot, Topic};

use serde_json::{Value, json};

use crate::family::{BY_TYPE, Endpoint, Family, MessageFraming, Opening, OpeningTurn};
use crate::reconnect::Policy;

/// Where clients connect.
pub const PATH: &str = "/sync";

/// The number of failed `auth` after which the server must close the connection (SYNC-03).
pub const MOST_GUESSES: u32 = 10;

/// The close code after too many failed `auth` (SYNC-03).
pub const CLOSE_GUESSED: u16 = 1008;

/// The family's entry in [`crate::family::FAMILIES`].
pub const FAMILY: Family = Family {
    name: "sync",
    title: "clients subscribe to projects and chats of a desktop server, and every change is pushed to them",
    framing: MessageFraming::WebSocket,
    server: "server",
    clients: &["client"],
    endpoints: &[Endpoint { path: PATH, role: "client" }],
    channels: &[ToServer::channel("WIRE-01"), ToClient::channel("WIRE-01")],
    naming: BY_TYPE,
    model: Some(model::MODEL),
    solo: false,
    policy: Policy::RELAY,
    opening,
};

const OPENING_PIN: &str = "000042";

fn opening(_: &str) -> Opening {
    let turns = &[OpeningTurn::Client("auth"), OpeningTurn::Answer(auth_success)];
    Opening { params: &[("pin", OPENING_PIN)], turns, asides: &[] }
}

fn auth_success(auth: &Value) -> Value {
    json!({ "type": "auth_success", "id": auth["id"], "data": { "projects": [], "modelProfiles": [] } })
}
