//! Encodes the agent's messages.

use relayspec::text::Prose;
use relayspec::tunnel::FromAgent;

use crate::client::Outgoing;
use crate::tunnel::Encoding;

pub(super) fn encode(message: impl Into<FromAgent>, encoding: Encoding) -> Outgoing {
    let message = message.into();
    match encoding {
        Encoding::Json => Outgoing::Text(message.encode()),
        Encoding::MessagePack => Outgoing::Binary(message.pack()),
    }
}

/// A text, or a default if it is empty.
pub(super) fn prose(text: &str) -> Prose {
    Prose::new(text).or_else(|| Prose::new("It failed.")).expect("one of the two is not empty")
}

/// The beginning of a text of the cloud, for answers and logs.
pub(super) fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
