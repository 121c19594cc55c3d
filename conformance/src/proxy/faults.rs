//! What a proxy does to connections on purpose, so that one sees how peers bear it.

use std::time::Duration;

/// Faults; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Every connection is reset after so long.
    pub drop_after: Option<Duration>,
    /// Everything is passed on so much later.
    pub delay: Option<Duration>,
    /// Every connection is reset after so many messages of either side.
    pub reset_every: Option<usize>,
    /// After so long nothing is passed on any more, and nobody is told.
    pub half_open_after: Option<Duration>,
}
