//! Steps that open, change and end connections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::{CheckName, Size};

/// Opens a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// The name of the connection in this scenario.
    #[serde(rename = "as")]
    pub name: String,
    /// The request target, as `/mac`; none where there is no handshake.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// The role that the connection speaks for, where the path does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// A small receive buffer, so that a stalled reader is felt soon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receive_buffer: Option<Size>,
    /// The check that the handshake decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Tries to open a connection in vain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The request target; none where there is no handshake.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// The check that this decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckName>,
}

/// Sends a Close frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// The connection.
    pub on: String,
    /// The close code; none for an empty Close frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Ends a connection without a Close frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// The connection.
    pub on: String,
    /// How it ends.
    pub by: CutBy,
}

/// How TCP ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CutBy {
    /// By a reset (RST).
    Reset,
    /// By an orderly end of the stream (FIN) without a Close frame.
    Fin,
}

/// Names a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct On {
    /// The connection.
    pub on: String,
}
