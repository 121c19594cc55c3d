//! How the agent writes: messages in either encoding, and texts for persons.

use relayspec::text::Prose;
use relayspec::tunnel::FromAgent;

use crate::client::Outgoing;
use crate::tunnel::Encoding;

/// A message to the cloud.
pub(super) fn written(message: impl Into<FromAgent>, encoding: Encoding) -> Outgoing {
    let message = message.into();
    match encoding {
        Encoding::Json => Outgoing::Text(message.encode()),
        Encoding::MessagePack => Outgoing::Binary(message.pack()),
    }
}

/// A text that is not empty.
pub(super) fn prose(text: &str) -> Prose {
    Prose::new(text).or_else(|| Prose::new("It failed.")).expect("one of the two is not empty")
}

/// The beginning of a text of somebody else's.
pub(super) fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
