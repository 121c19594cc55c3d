//! What all scenarios of a part of a run share.

use std::sync::Arc;
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::timing::Timing;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::lint::Schemas;
use crate::scenario::{Measures, Size};

/// What all scenarios of a part of a run share.
#[derive(Debug)]
pub struct RunContext {
    /// The clock.
    pub clock: Clock,
    /// The subject's timing parameters.
    pub timing: Timing,
    /// The largest message that the subject declares to accept.
    pub max_message: Option<Size>,
    /// Compiled schemas.
    pub schemas: Arc<Schemas>,
    /// The reconnection policy that a client under test declares.
    pub policy: Policy,
    /// How long a client has from its start to its first connection attempt.
    pub first_attempt: Duration,
    /// What the machine may add to the delays of a client, beyond all tolerance.
    pub slack: Duration,
    /// Limits how many handshakes are in progress at once.
    pub handshakes: Arc<Semaphore>,
    /// How long a handshake may take.
    pub handshake_deadline: Duration,
    /// How long a step may take beyond the longest wait of its scenario.
    pub step_deadline: Duration,
}

impl RunContext {
    /// The values that spans are evaluated with.
    pub(super) fn measures(&self) -> Measures<'_> {
        Measures { timing: &self.timing, policy: &self.policy, speed: self.clock.speed() }
    }
}
