//! What all connections of a server share.

use std::sync::Arc;

use relayspec::timing::Timing;
use tokio::sync::watch;

use super::hub::Hub;

#[derive(Debug)]
pub(super) struct ServerShared<C> {
    pub(super) hub: Arc<Hub<C>>,
    pub(super) timing: Timing,
    pub(super) max_message: usize,
    /// True from the start of the shutdown.
    pub(super) closing: watch::Sender<bool>,
}
