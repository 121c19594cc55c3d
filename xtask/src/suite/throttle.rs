//! When another run may start: several at once, as long as the machine has time to spare. Runs that wait for each other measure wrong times.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How many run at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parallelism {
    /// So many may run however busy the machine is.
    pub(crate) least: usize,
    pub(crate) most: usize,
    /// Another run starts if the machine is idle for at least this share of the time.
    pub(crate) spare: f64,
    /// For how long idle time is measured.
    pub(crate) window: Duration,
}

impl Parallelism {
    /// At most so many, as long as the machine has time.
    pub(crate) const fn up_to(most: usize) -> Self {
        Self { least: 2, most, spare: 0.05, window: Duration::from_millis(60) }
    }

    /// So many, however busy the machine is.
    pub(crate) const fn fixed(count: usize) -> Self {
        Self { least: count, ..Self::up_to(count) }
    }
}

/// Lets runs start.
#[derive(Debug)]
pub(super) struct Throttle {
    parallelism: Parallelism,
    running: AtomicUsize,
    turn: Mutex<()>,
}

/// The right to run, until it is dropped.
pub(super) struct Slot<'a>(&'a Throttle);

impl Throttle {
    pub(super) fn new(parallelism: Parallelism) -> Self {
        Self { parallelism, running: AtomicUsize::new(0), turn: Mutex::default() }
    }

    /// Waits until a run may start. One waits at a time, so that the load of one start is measured before the next.
    pub(super) fn slot(&self) -> Slot<'_> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let Parallelism { least, spare, window, .. } = self.parallelism;
        while self.running.load(Ordering::Relaxed) >= least && idle_share(window).is_some_and(|idle| idle < spare) {}
        self.running.fetch_add(1, Ordering::Relaxed);
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The share of the time in which the machine is idle; nothing on systems that do not report it.
fn idle_share(window: Duration) -> Option<f64> {
    let before = CpuTimes::now()?;
    thread::sleep(window);
    CpuTimes::now().map(|now| now.idle_since(&before))
}

/// What all cores have done since the machine started, in ticks (Linux: `/proc/stat`).
#[derive(Debug, PartialEq, Eq)]
struct CpuTimes {
    idle: u64,
    all: u64,
}

impl CpuTimes {
    fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = line.split_whitespace().map_while(|ticks| ticks.parse().ok()).collect();
        // user, nice, system, idle, iowait, and more that is not idle.
        Some(Self { idle: ticks.get(3)? + ticks.get(4)?, all: ticks.iter().take(8).sum() })
    }

    fn idle_since(&self, before: &Self) -> f64 {
        let all = self.all.saturating_sub(before.all);
        if all == 0 { 1.0 } else { self.idle.saturating_sub(before.idle) as f64 / all as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_idle_time_of_all_cores() {
        let before = CpuTimes::parse("cpu  10 0 10 60 20 0 0 0 0 0\ncpu0 1 1 1 1\n").expect("times");
        let now = CpuTimes::parse("cpu  30 0 20 60 30 0 0 0 9 9\n").expect("times");
        assert_eq!((before.idle, before.all), (80, 100));
        assert!((now.idle_since(&before) - 0.25).abs() < 1e-9);
        assert!((now.idle_since(&now) - 1.0).abs() < 1e-9);
        assert_eq!(CpuTimes::parse("intr 1 2"), None);
        assert_eq!(CpuTimes::parse("cpu  1 2"), None);
    }

    #[test]
    fn starts_the_first_runs_at_once() {
        let parallelism = Parallelism { least: 3, most: 3, spare: 2.0, window: Duration::ZERO };
        let throttle = Throttle::new(parallelism);
        let slots: Vec<_> = (0..parallelism.least).map(|_| throttle.slot()).collect();
        assert_eq!(throttle.running.load(Ordering::Relaxed), parallelism.least);
        drop(slots);
        assert_eq!(throttle.running.load(Ordering::Relaxed), 0);
    }
}
