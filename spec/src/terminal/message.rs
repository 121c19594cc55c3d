//! The control messages of terminal, and one enum for each direction.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SessionCode, ViewerCode};
use crate::declare::{direction, objects, types};
use crate::number::whole_u16;
use crate::text::Prose;

/// The host identifies itself and asks for a code (TERM-01, TERM-H1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-H1"))]
pub struct Register {
    /// The host's own id, any string; it stays the same when the host connects again.
    #[schemars(extend("x-requirement" = "TERM-H1"))]
    pub client_id: String,
}

/// The relay sends the host its code (TERM-01).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-01"))]
pub struct Registered {
    /// The session code to show (TERM-06).
    #[schemars(extend("x-requirement" = "TERM-06"))]
    pub code: SessionCode,
}

/// The viewer asks to join a host's session (TERM-02, TERM-V1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-V1"))]
pub struct Auth {
    /// The code as the user entered it, in either case.
    #[schemars(extend("x-requirement" = "TERM-V1"))]
    pub session_code: ViewerCode,
}

/// The viewer has joined the host's session (TERM-02).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-02"))]
pub struct AuthSuccess {}

/// The viewer's code is unknown (TERM-03).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-03"))]
pub struct AuthFailed {
    /// The reason, as text for people; not empty.
    #[schemars(extend("x-requirement" = "TERM-03"))]
    pub reason: Prose,
}

/// A viewer has joined (TERM-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-10"))]
pub struct BrowserConnected {
    /// The viewer's id, which no other viewer of the session has.
    #[schemars(extend("x-requirement" = "TERM-10"))]
    pub browser_id: String,
}

/// A viewer has left (TERM-11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-11"))]
pub struct BrowserDisconnected {
    /// The id that the viewer had.
    #[schemars(extend("x-requirement" = "TERM-11"))]
    pub browser_id: String,
}

objects! {
    /// One terminal session of a host.
    Session {
        /// The session's id.
        id: String,
        /// The name to display.
        name: String,
    }
}

/// All terminal sessions of the host, perhaps none (TERM-22, TERM-H2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-22"))]
pub struct SessionList {
    /// The sessions.
    pub sessions: Vec<Session>,
}

/// A terminal session was opened (TERM-22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-22"))]
pub struct SessionConnected {
    /// The session's id.
    pub session_id: String,
    /// The name to display.
    pub name: String,
}

/// A terminal session was closed; its scrollback is dropped (TERM-22, TERM-31).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-22"))]
pub struct SessionDisconnected {
    /// The session's id.
    pub session_id: String,
}

/// A terminal session was resized (TERM-22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-22"))]
pub struct SessionResize {
    /// The session's id.
    pub session_id: String,
    /// The width in columns, 0 to 65,535.
    #[serde(deserialize_with = "whole_u16")]
    pub cols: u16,
    /// The height in rows, 0 to 65,535.
    #[serde(deserialize_with = "whole_u16")]
    pub rows: u16,
}

/// The viewer asks to close a session; the host receives it as a binary message (TERM-24).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CloseSession {
    /// The session's id; one that fits no binary message is refused (TERM-42).
    pub session_id: String,
}

/// The viewer asks for a new session (TERM-23).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-23"))]
pub struct CreateSession {}

/// The relay refuses a message, or reports a loss (TERM-04, TERM-40, TERM-42).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Error {
    /// What happened, as text for people; not empty.
    pub message: Prose,
}

types! {
    Register = "register",
    Registered = "registered",
    Auth = "auth",
    AuthSuccess = "auth_success",
    AuthFailed = "auth_failed",
    BrowserConnected = "browser_connected",
    BrowserDisconnected = "browser_disconnected",
    SessionList = "session_list",
    SessionConnected = "session_connected",
    SessionDisconnected = "session_disconnected",
    SessionResize = "session_resize",
    CloseSession = "close_session",
    CreateSession = "create_session",
    Error = "error",
}

direction! {
    /// What a host sends to the relay, apart from binary messages.
    FromHost: "host" => "relay", tags in "snake_case" {
        Register, SessionList, SessionConnected, SessionDisconnected, SessionResize
    }
}

direction! {
    /// What a viewer sends to the relay, apart from binary messages.
    FromViewer: "viewer" => "relay", tags in "snake_case" { Auth, CloseSession, CreateSession }
}

direction! {
    /// What the relay sends to a host, apart from binary messages.
    ToHost: "relay" => "host", tags in "snake_case" {
        Registered, BrowserConnected, BrowserDisconnected, CreateSession, Error
    }
}

direction! {
    /// What the relay sends to a viewer, apart from binary messages.
    ToViewer: "relay" => "viewer", tags in "snake_case" {
        AuthSuccess, AuthFailed, SessionList, SessionConnected, SessionDisconnected, SessionResize, Error
    }
}
