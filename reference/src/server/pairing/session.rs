//! The state of each connection: a host with its code and viewer, or a viewer with its host.

use std::collections::VecDeque;
use std::time::Duration;

use relayspec::pairing::{EpochMillis, SessionCode};

use crate::server::{Now, PeerId};

#[derive(Debug)]
pub(super) enum PairingPeer {
    Host(HostState),
    Viewer(ViewerState),
}

#[derive(Debug, Default)]
pub(super) struct ViewerState {
    pub(super) host: Option<PeerId>,
    pub(super) failed_joins: u32,
}

#[derive(Debug)]
pub(super) struct HostState {
    pub(super) code: SessionCode,
    /// Relevant only without a viewer (PAIR-33).
    pub(super) lease: Lease,
    pub(super) viewer: Option<PeerId>,
    /// Expired codes that were replaced, oldest first.
    retired: VecDeque<Retired>,
}

#[derive(Debug)]
struct Retired {
    code: SessionCode,
    until: Duration,
}

/// The most retired codes of a host; reached only if the retention is far longer than the lifetime.
const MAX_RETIRED: usize = 256;

impl HostState {
    pub(super) fn new(code: SessionCode, lease: Lease) -> Self {
        Self { code, lease, viewer: None, retired: VecDeque::new() }
    }

    /// All codes of this host: live, expired and retired.
    pub(super) fn codes(&self) -> impl Iterator<Item = &SessionCode> {
        std::iter::once(&self.code).chain(self.retired.iter().map(|retired| &retired.code))
    }

    /// Whether the code can be replaced without forgetting another too early (PAIR-32).
    pub(super) fn may_retire(&self) -> bool {
        self.retired.len() < MAX_RETIRED
    }

    /// Replaces the expired code, and retains it for so long after its expiry.
    pub(super) fn replace(&mut self, code: SessionCode, lease: Lease, retention: Duration) {
        let until = self.lease.ends.saturating_add(retention);
        let code = std::mem::replace(&mut self.code, code);
        self.lease = lease;
        self.retired.push_back(Retired { code, until });
    }

    /// Whether a code is still reported as expired (PAIR-32).
    pub(super) fn retains(&self, code: &SessionCode, now: Now) -> bool {
        self.retired.iter().any(|retired| retired.code == *code && now.monotonic < retired.until)
    }

    pub(super) fn forget_retired(&mut self, now: Now) -> Vec<SessionCode> {
        let over = self.retired.iter().take_while(|retired| now.monotonic >= retired.until).count();
        self.retired.drain(..over).map(|retired| retired.code).collect()
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    /// Monotonic time of exactly `expires_at`, so that setting the wall clock changes nothing.
    ends: Duration,
    expires_at: EpochMillis,
}

const NANOS_PER_MILLI: u32 = 1_000_000;

impl Lease {
    /// A lease from now on. It ends on a whole millisecond, as announced, up to 1 ms late.
    pub(super) fn starting(now: Now, lifetime: Duration) -> Self {
        let expiry = now.unix.saturating_add(lifetime);
        let millis = expiry.as_nanos().div_ceil(NANOS_PER_MILLI.into()) as f64;
        let rest = (NANOS_PER_MILLI - expiry.subsec_nanos() % NANOS_PER_MILLI) % NANOS_PER_MILLI;
        Self {
            ends: now.monotonic.saturating_add(lifetime).saturating_add(Duration::from_nanos(rest.into())),
            expires_at: EpochMillis::new(millis.min(EpochMillis::MAX)).expect("neither negative nor above the maximum"),
        }
    }

    /// When joins begin to be refused (PAIR-12).
    pub(super) fn expires_at(&self) -> EpochMillis {
        self.expires_at
    }

    /// A code can be joined only before `expires_at` (PAIR-30, PAIR-31).
    pub(super) fn is_over(&self, now: Now) -> bool {
        now.monotonic >= self.ends
    }
}
