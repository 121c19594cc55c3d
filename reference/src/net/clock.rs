//! The only reader of time in this crate, enforced by `cargo xtask tidy`.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::server::Now;

#[derive(Debug)]
pub(super) struct Clock {
    started: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self { started: instant() }
    }

    pub(super) fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { monotonic: instant().duration_since(self.started), unix }
    }
}

pub(super) fn epoch_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn instant() -> Instant {
    Instant::now()
}
