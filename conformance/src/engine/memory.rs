//! Watches the memory of a subject's process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::target::SystemUnderTest;
use crate::clock::Clock;

/// How often the memory is sampled.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(10);

/// The memory of the subject's process since the watch began.
#[derive(Debug, Default)]
pub(super) struct MemoryWatch {
    sampler: Option<MemorySampler>,
}

/// The memory at the beginning of a watch, and the most that it has grown by, in bytes.
pub(super) struct MemoryGrowth {
    pub(super) before: u64,
    pub(super) grown: u64,
}

#[derive(Debug)]
struct MemorySampler {
    before: u64,
    peak: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Drop for MemorySampler {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl MemoryWatch {
    /// Begins to watch, if the memory can be read.
    pub(super) fn begin(&mut self, systems: Vec<Arc<dyn SystemUnderTest>>, clock: Clock) {
        let Some(before) = memory(&systems) else { return };
        let (peak, stop) = (Arc::new(AtomicU64::new(before)), Arc::new(AtomicBool::new(false)));
        let (highest, stopped) = (Arc::clone(&peak), Arc::clone(&stop));
        tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                let Some(now) = memory(&systems) else { break };
                highest.fetch_max(now, Ordering::Relaxed);
                clock.nap(SAMPLE_INTERVAL).await;
            }
        });
        self.sampler = Some(MemorySampler { before, peak, stop });
    }

    /// Ends the watch; `None` if there was none, or the memory can no longer be read.
    pub(super) fn end(&mut self, systems: &[Arc<dyn SystemUnderTest>]) -> Option<MemoryGrowth> {
        let (sampler, now) = (self.sampler.take()?, memory(systems)?);
        let grown = sampler.peak.load(Ordering::Relaxed).max(now).saturating_sub(sampler.before);
        Some(MemoryGrowth { before: sampler.before, grown })
    }
}

fn memory(systems: &[Arc<dyn SystemUnderTest>]) -> Option<u64> {
    systems.first()?.process()?.memory()
}
