//! The messages of pairing, and one enum for each direction.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

use super::{ErrorCode, JoinCode, SessionCode};
use crate::declare::{direction, types};
use crate::text::{Prose, Uuid, word};

/// The host identifies itself. It has its code already, or gets a fresh one if that has expired (PAIR-15, PAIR-17).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-requirement" = "PAIR-H1"))]
pub struct Register {
    /// The host's own id, a UUID; anything else is refused (PAIR-16).
    #[schemars(extend("x-requirement" = "PAIR-H1"))]
    pub client_id: Uuid,
}

/// The relay sends the host its code (PAIR-10).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-requirement" = "PAIR-10"))]
pub struct Registered {
    /// The session code to show (PAIR-11).
    #[schemars(extend("x-requirement" = "PAIR-11"))]
    pub code: SessionCode,
    /// When the code expires unless a viewer joins, in ms since the Unix epoch (PAIR-12).
    #[schemars(extend("x-requirement" = "PAIR-12"))]
    pub expires_at: EpochMillis,
}

/// The viewer asks to be paired (PAIR-20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "PAIR-V1"))]
pub struct Join {
    /// The code as the viewer's user gave it, 6 characters.
    #[schemars(extend("x-requirement" = "PAIR-V1"))]
    pub code: JoinCode,
}

/// The viewer is paired (PAIR-20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-requirement" = "PAIR-20"))]
pub struct Joined {
    /// The id of the session, a UUID that no other session has.
    #[schemars(extend("x-requirement" = "PAIR-20"))]
    pub session_id: Uuid,
}

/// Application data for the partner (PAIR-40).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "PAIR-40"))]
pub struct Data {
    /// The data; any string, including the empty one.
    #[schemars(extend("x-requirement" = "PAIR-40"))]
    pub payload: String,
}

/// Asks whether the relay is alive (PAIR-50).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ping {
    /// Any number; the pong repeats it.
    pub ts: Number,
}

/// Answers a ping (PAIR-50).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "PAIR-50"))]
pub struct Pong {
    /// The number of the ping.
    #[schemars(extend("x-requirement" = "PAIR-50"))]
    pub ts: Number,
}

/// The relay refuses a message, or reports a loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "PAIR-65"))]
pub struct Error {
    /// What happened, as a code for programs.
    #[serde(deserialize_with = "word")]
    pub code: ErrorCode,
    /// What happened, as text for people; not empty (PAIR-65).
    #[schemars(extend("x-requirement" = "PAIR-65"))]
    pub message: Prose,
}

/// A moment in ms since the Unix epoch: a number from 0 to 2^53 - 1, so that every JSON implementation reads it exactly.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct EpochMillis(f64);

impl EpochMillis {
    /// The latest moment, 2^53 - 1 ms.
    pub const MAX: f64 = 9_007_199_254_740_991.0;

    /// The moment, if in range.
    pub fn new(millis: f64) -> Option<Self> {
        (0.0..=Self::MAX).contains(&millis).then_some(Self(millis))
    }

    /// The moment in ms since the Unix epoch.
    pub fn millis(self) -> f64 {
        self.0
    }
}

impl Serialize for EpochMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 { serializer.serialize_u64(self.0 as u64) } else { serializer.serialize_f64(self.0) }
    }
}

impl<'de> Deserialize<'de> for EpochMillis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        Self::new(millis).ok_or_else(|| {
            let expected = "milliseconds since the Unix epoch, 0 to 9007199254740991";
            serde::de::Error::invalid_value(serde::de::Unexpected::Float(millis), &expected)
        })
    }
}

impl JsonSchema for EpochMillis {
    fn schema_name() -> Cow<'static, str> {
        "EpochMillis".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 9_007_199_254_740_991_u64 })
    }
}

types! {
    Register = "register",
    Registered = "registered",
    Join = "join",
    Joined = "joined",
    Data = "data",
    Ping = "ping",
    Pong = "pong",
    Error = "error",
}

direction! {
    /// What a host sends to the relay.
    FromHost: "host" => "relay", tags in "camelCase" { Register, Data, Ping }
}

direction! {
    /// What a viewer sends to the relay.
    FromViewer: "viewer" => "relay", tags in "camelCase" { Join, Data, Ping }
}

direction! {
    /// What the relay sends to a host.
    ToHost: "relay" => "host", tags in "camelCase" { Registered, Data, Pong, Error }
}

direction! {
    /// What the relay sends to a viewer.
    ToViewer: "relay" => "viewer", tags in "camelCase" { Joined, Data, Pong, Error }
}
