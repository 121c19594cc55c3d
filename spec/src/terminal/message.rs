//! The control messages of the terminal family, and one enum for each direction.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::{SessionCode, ViewerCode};
use crate::number::whole_u16;
use crate::text::Prose;
use crate::wire::{direction, from_object, types};

/// The host names itself and asks for a code (TERM-01, TERM-H1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-H1"))]
pub struct Register {
    /// The host's own id, any string; it stays the same when the host connects again.
    #[schemars(extend("x-requirement" = "TERM-H1"))]
    pub client_id: String,
}

/// The relay tells the host its code (TERM-01).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-01"))]
pub struct Registered {
    /// The session code to show (TERM-06).
    #[schemars(extend("x-requirement" = "TERM-06"))]
    pub code: SessionCode,
}

/// The viewer asks to see a host's sessions (TERM-02, TERM-V1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-V1"))]
pub struct Auth {
    /// The code as the viewer's user gave it, in either case of letters.
    #[schemars(extend("x-requirement" = "TERM-V1"))]
    pub session_code: ViewerCode,
}

/// The viewer is connected to its host's session (TERM-02).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-02"))]
pub struct AuthSuccess {}

/// The viewer's code is unknown (TERM-03).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-03"))]
pub struct AuthFailed {
    /// Why, for a person; not empty.
    #[schemars(extend("x-requirement" = "TERM-03"))]
    pub reason: Prose,
}

/// A viewer has come (TERM-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-10"))]
pub struct BrowserConnected {
    /// The viewer's id, which no other viewer of the session has.
    #[schemars(extend("x-requirement" = "TERM-10"))]
    pub browser_id: String,
}

/// A viewer is gone (TERM-11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-11"))]
pub struct BrowserDisconnected {
    /// The id that the viewer had.
    #[schemars(extend("x-requirement" = "TERM-11"))]
    pub browser_id: String,
}

/// One terminal session of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Session {
    /// The session's id.
    pub id: String,
    /// What to call it before people.
    pub name: String,
}

impl<'de> Deserialize<'de> for Session {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Members {
            id: String,
            name: String,
        }
        from_object(deserializer).map(|Members { id, name }| Self { id, name })
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
    /// What to call it before people.
    pub name: String,
}

/// A terminal session was closed; its scrollback is dropped (TERM-22, TERM-31).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-22"))]
pub struct SessionDisconnected {
    /// The session's id.
    pub session_id: String,
}

/// A terminal session has another size (TERM-22).
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

/// The viewer asks for the end of a session; the host gets it as a binary message (TERM-24).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CloseSession {
    /// The session's id; one that fits no binary message is refused (TERM-42).
    pub session_id: String,
}

/// The viewer asks for a new session (TERM-23).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-requirement" = "TERM-23"))]
pub struct CreateSession {}

/// The relay refuses something, or tells of a loss (TERM-04, TERM-40, TERM-42).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Error {
    /// What happened, for a person; not empty.
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
        /// See [`Register`].
        Register,
        /// See [`SessionList`].
        SessionList,
        /// See [`SessionConnected`].
        SessionConnected,
        /// See [`SessionDisconnected`].
        SessionDisconnected,
        /// See [`SessionResize`].
        SessionResize,
    }
}

direction! {
    /// What a viewer sends to the relay, apart from binary messages.
    FromViewer: "viewer" => "relay", tags in "snake_case" {
        /// See [`Auth`].
        Auth,
        /// See [`CloseSession`].
        CloseSession,
        /// See [`CreateSession`].
        CreateSession,
    }
}

direction! {
    /// What the relay sends to a host, apart from binary messages.
    ToHost: "relay" => "host", tags in "snake_case" {
        /// See [`Registered`].
        Registered,
        /// See [`BrowserConnected`].
        BrowserConnected,
        /// See [`BrowserDisconnected`].
        BrowserDisconnected,
        /// See [`CreateSession`].
        CreateSession,
        /// See [`Error`].
        Error,
    }
}

direction! {
    /// What the relay sends to a viewer, apart from binary messages.
    ToViewer: "relay" => "viewer", tags in "snake_case" {
        /// See [`AuthSuccess`].
        AuthSuccess,
        /// See [`AuthFailed`].
        AuthFailed,
        /// See [`SessionList`].
        SessionList,
        /// See [`SessionConnected`].
        SessionConnected,
        /// See [`SessionDisconnected`].
        SessionDisconnected,
        /// See [`SessionResize`].
        SessionResize,
        /// See [`Error`].
        Error,
    }
}
