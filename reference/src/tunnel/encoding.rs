//! The two encodings of the messages (TUN-33).

use std::str::FromStr;

/// How a message is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// JSON, in text messages.
    Json,
    /// MessagePack, in binary messages: no base64, and half the work.
    #[default]
    MessagePack,
}

impl FromStr for Encoding {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "messagepack" => Ok(Self::MessagePack),
            _ => Err("an encoding is `json` or `messagepack`"),
        }
    }
}
