//! The messages of tunnel, and one enum for each direction.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{Body, Headers};
use crate::declare::types;
use crate::number::{optional_status, status, whole_u53};
use crate::text::{Prose, optional_string, string};
use crate::wrapped::wrapped_direction;

/// The agent authenticates (TUN-01).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TUN-01"))]
pub struct Auth {
    /// The secret that agent and cloud share.
    #[serde(deserialize_with = "string")]
    #[schemars(extend("x-requirement" = "TUN-01"))]
    pub token: String,
}

/// The token is right (TUN-02).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TUN-02"))]
pub struct AuthSuccess {
    /// The id of the session of this connection, which is unique; not empty.
    #[schemars(extend("x-requirement" = "TUN-02"))]
    pub session_id: Prose,
}

/// The token is wrong or missing (TUN-02, TUN-03).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TUN-02"))]
pub struct AuthError {
    /// The reason, as text for people; not empty.
    #[schemars(extend("x-requirement" = "TUN-02"))]
    pub error: Prose,
}

/// A public request for the local server (TUN-20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TUN-20"))]
pub struct HttpRequest {
    /// The request's id, unique on the connection.
    #[serde(deserialize_with = "string")]
    #[schemars(extend("x-requirement" = "TUN-20"))]
    pub id: String,
    /// The method, such as `GET`.
    #[serde(deserialize_with = "string")]
    pub method: String,
    /// Path and query as received: `/a%20b?x=1`.
    #[serde(deserialize_with = "string")]
    pub url: String,
    /// The header lines.
    #[schemars(extend("x-requirement" = "TUN-25"))]
    pub headers: Headers,
    /// The body; absent means the same as null.
    #[serde(default)]
    #[schemars(with = "Body")]
    pub body: Body,
}

/// The local server's response to a request (TUN-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TUN-10"))]
pub struct HttpResponse {
    /// The id of the request.
    #[serde(deserialize_with = "string")]
    #[schemars(extend("x-requirement" = "TUN-10"))]
    pub id: String,
    /// The status, 100 to 599.
    #[serde(deserialize_with = "status")]
    #[schemars(range(min = 100, max = 599), extend("x-requirement" = "TUN-12"))]
    pub status: u16,
    /// The reason phrase; may be empty.
    #[serde(deserialize_with = "string")]
    #[schemars(extend("x-requirement" = "TUN-12"))]
    pub status_text: String,
    /// The header lines.
    #[schemars(extend("x-requirement" = "TUN-12"))]
    pub headers: Headers,
    /// The body; absent means the same as null.
    #[serde(default)]
    #[schemars(with = "Body", extend("x-requirement" = "TUN-12"))]
    pub body: Body,
}

/// An error, about a request or in general (TUN-14, TUN-16 to TUN-18, TUN-21).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TUN-10"))]
pub struct Error {
    /// The request that it is about, if it is about one.
    #[serde(default, deserialize_with = "optional_string")]
    pub request_id: Option<String>,
    /// What happened, as text for people; not empty.
    pub error: Prose,
    /// The corresponding HTTP status, 100 to 599, if there is one.
    #[serde(default, deserialize_with = "optional_status")]
    #[schemars(range(min = 100, max = 599))]
    pub code: Option<u16>,
}

/// Asks whether the other side is alive (TUN-30, TUN-31).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TUN-30"))]
pub struct Ping {
    /// The sender's time, in ms since the Unix epoch; any number.
    pub timestamp: Number,
}

/// Answers a ping (TUN-30).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TUN-30"))]
pub struct Pong {
    /// The number of the ping.
    pub timestamp: Number,
}

/// Statistics of the agent since its process started (TUN-32).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TUN-32"))]
pub struct Stats {
    /// The number of requests that were answered, by `HttpResponse` or `Error`.
    #[serde(deserialize_with = "whole_u53")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub requests_processed: u64,
    /// The body bytes of both directions, after decoding.
    #[serde(deserialize_with = "whole_u53")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub bytes_transferred: u64,
    /// The uptime of the process, in seconds.
    #[serde(deserialize_with = "crate::number::at_least_zero")]
    #[schemars(range(min = 0))]
    pub uptime_seconds: f64,
}

types! {
    Auth = "Auth",
    AuthSuccess = "AuthSuccess",
    AuthError = "AuthError",
    HttpRequest = "HttpRequest",
    HttpResponse = "HttpResponse",
    Error = "Error",
    Ping = "Ping",
    Pong = "Pong",
    Stats = "Stats",
}

wrapped_direction! {
    /// What an agent sends to the cloud.
    FromAgent: "agent" => "cloud" { Auth, HttpResponse, Error, Ping, Pong, Stats }
}

wrapped_direction! {
    /// What the cloud sends to an agent.
    ToAgent: "cloud" => "agent" { AuthSuccess, AuthError, HttpRequest, Error, Ping, Pong }
}
