//! What each kind of step does. One room for each kind of thing that a story can do or ask.

mod absence;
mod again;
mod attempts;
mod client;
mod collect;
mod connect;
mod driver;
mod expect;
mod http;
mod many;
mod meaning;
mod process;
mod quiet;
mod rhythm;
mod send;
mod time;
mod turn_away;
mod values;

pub(super) use process::MemoryWatch;

use std::time::Duration;

use relayspec::timing::HumanDuration;

/// A duration as people read it, to the tenth of a millisecond.
pub(super) fn shown(span: Duration) -> String {
    HumanDuration(Duration::from_micros((span.as_micros() as u64 + 50) / 100 * 100)).to_string()
}
