//! How messages become bytes of a stream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How messages travel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Transport {
    /// WebSocket messages (RFC 6455).
    #[default]
    Websocket,
    /// FrameFormat on a TCP or Unix stream socket, each after its length in bytes.
    Frames(FrameFormat),
    /// Texts on a TCP or Unix stream socket, each before a delimiter.
    Lines(LineFormat),
    /// Texts on a TCP or Unix stream socket, each after header lines with a `Content-Length`, as in the Language Server Protocol.
    ContentLength {},
}

/// FrameFormat that stand after their lengths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrameFormat {
    /// How a length is written.
    pub length: Length,
    /// The order of its bytes, if it has several.
    #[serde(default)]
    pub byte_order: ByteOrder,
}

/// How the length of a frame is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes.
    U32,
    /// Eight bytes.
    U64,
    /// Seven bits a byte, the lowest first, the top bit set on all but the last (LEB128, as in protobuf).
    Varint,
}

/// The order of the bytes of a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByteOrder {
    /// The highest byte first, as networks have it.
    #[default]
    Big,
    /// The lowest byte first.
    Little,
}

/// Texts before a delimiter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineFormat {
    /// What ends a text; a newline by default.
    #[serde(default = "newline")]
    pub delimiter: String,
}

fn newline() -> String {
    "\n".to_owned()
}
