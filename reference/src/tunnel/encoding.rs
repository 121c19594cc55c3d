//! The two message encodings of the tunnel (TUN-33).

use std::str::FromStr;

/// How messages are encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// JSON, in text messages.
    Json,
    /// MessagePack, in binary messages: no base64, and half the CPU time.
    #[default]
    MessagePack,
}

impl FromStr for Encoding {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "messagepack" => Ok(Self::MessagePack),
            _ => Err("unknown encoding: expected `json` or `messagepack`"),
        }
    }
}
