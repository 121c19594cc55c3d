//! Fault injection: what a proxy does to connections, to show how peers cope with it.

use std::time::Duration;

/// Fault injection; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultInjection {
    /// Resets every connection after this time.
    pub drop_after: Option<Duration>,
    /// Delays everything by this time.
    pub delay: Option<Duration>,
    /// Resets every connection after this many messages of both sides together.
    pub reset_every: Option<usize>,
    /// Stops forwarding after this time, without closing anything.
    pub half_open_after: Option<Duration>,
}
