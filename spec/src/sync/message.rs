//! The messages of sync, and one enum for each direction.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::members::{AnsweredMembers, AskedMembers, DataMembers};
use super::record::{AnsweredId, Lists};
use super::topic::{ResourceUpdate, Snapshot, Topic};
use crate::declare::{direction, types};
use crate::text::Prose;

/// The client sends the PIN that its user entered (SYNC-02, SYNC-C1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "SYNC-C1"))]
pub struct Auth {
    /// The id of the request, which its answer repeats.
    #[schemars(extend("x-requirement" = "SYNC-C2"))]
    pub id: String,
    /// The PIN, as the user entered it.
    pub pin: String,
}

/// The client subscribes to a resource and its updates (SYNC-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "AskedMembers", into = "AskedMembers")]
#[schemars(with = "AskedMembers")]
pub struct Subscribe {
    /// The id of the request.
    pub id: String,
    /// The resource.
    pub topic: Topic,
}

/// The client unsubscribes from a resource (SYNC-40).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "AskedMembers", into = "AskedMembers")]
#[schemars(with = "AskedMembers")]
pub struct Unsubscribe {
    /// The id of the request.
    pub id: String,
    /// The resource.
    pub topic: Topic,
}

/// The client sends a message to a chat (SYNC-30).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Send {
    /// The id of the request, which its answer repeats.
    #[schemars(extend("x-requirement" = "SYNC-C2"))]
    pub id: String,
    /// The id of the chat.
    pub resource_id: String,
    /// The content of the message.
    pub message: String,
}

/// The client has not authenticated (SYNC-01).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "SYNC-01"))]
pub struct AuthRequired {
    /// The id of the request.
    #[schemars(extend("x-requirement" = "SYNC-60"))]
    pub id: String,
}

/// The client has authenticated (SYNC-02).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "SYNC-02"))]
pub struct AuthSuccess {
    /// The id of the request.
    #[schemars(extend("x-requirement" = "SYNC-60"))]
    pub id: String,
    /// The projects and model profiles.
    pub data: Lists,
}

/// The PIN is wrong or missing (SYNC-02).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "SYNC-02"))]
pub struct AuthFailed {
    /// The id of the request.
    #[schemars(extend("x-requirement" = "SYNC-60"))]
    pub id: String,
    /// The reason, as text for people; not empty.
    pub error: Prose,
}

/// The client has subscribed (SYNC-10).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "AnsweredMembers", into = "AnsweredMembers")]
#[schemars(with = "AnsweredMembers")]
pub struct Subscribed {
    /// The id of the request.
    pub id: String,
    /// The current content.
    pub snapshot: Snapshot,
}

/// The answer to a request without one of its own, or a push (SYNC-20, SYNC-21, SYNC-30, SYNC-40).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "DataMembers", into = "DataMembers")]
#[schemars(with = "DataMembers")]
pub enum Data {
    /// A message was sent.
    Sent {
        /// The id of the request.
        id: String,
    },
    /// No further updates of a resource will be pushed.
    Unsubscribed {
        /// The id of the request.
        id: String,
    },
    /// A push.
    Push(ResourceUpdate),
}

/// The server cannot serve a request (SYNC-11, SYNC-30, SYNC-60).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "SYNC-60"))]
pub struct Error {
    /// The id of the request; null if it had none.
    pub id: AnsweredId,
    /// The reason, as text for people; not empty.
    pub error: Prose,
}

types! {
    Auth = "auth",
    Subscribe = "subscribe",
    Unsubscribe = "unsubscribe",
    Send = "send",
    AuthRequired = "auth_required",
    AuthSuccess = "auth_success",
    AuthFailed = "auth_failed",
    Subscribed = "subscribed",
    Data = "data",
    Error = "error",
}

direction! {
    /// What a client sends to the server.
    ToServer: "client" => "server", tags in "snake_case" { Auth, Subscribe, Unsubscribe, Send }
}

direction! {
    /// What the server sends to a client.
    ToClient: "server" => "client", tags in "snake_case" { AuthRequired, AuthSuccess, AuthFailed, Subscribed, Data, Error }
}
