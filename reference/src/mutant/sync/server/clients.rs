//! The clients of a sync server, as its traffic shows them.

use std::collections::BTreeMap;

use crate::mutant::wire::Frame;

#[derive(Debug, Default)]
pub(crate) struct SyncClients {
    pub(super) here: BTreeMap<usize, SyncClientState>,
    /// The last subscriber that left, and whether it was reset.
    pub(super) lost: Option<usize>,
    pub(super) has_reset: bool,
    pub(super) has_unsubscribed: bool,
    /// Whether a client has sent more than it reads.
    pub(super) is_flooded: bool,
    pub(super) made: Vec<String>,
    /// The number of the last connection that was closed for its guesses.
    pub(super) guesser: usize,
    pub(super) hostile: usize,
    /// A request that is forwarded with the next one.
    pub(super) late: Option<Frame>,
}

#[derive(Debug, Default)]
pub(super) struct SyncClientState {
    pub(super) is_in: bool,
    pub(super) has_sent: bool,
    /// Its subscriptions, and how often it subscribed.
    pub(super) topics: BTreeMap<String, usize>,
}
