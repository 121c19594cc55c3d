//! When another run may start: several at once, as long as the machine has time to spare. Runs that wait for each other tell no time honestly, and are
//! played again.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How many run at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Crowd {
    /// So many may be under way whatever else the machine does.
    pub(super) least: usize,
    /// So many at most.
    pub(super) jobs: usize,
    /// Another run starts when the machine idles for at least so much of the time.
    pub(super) spare: f64,
    /// How long it is watched.
    pub(super) look: Duration,
}

/// Who lets runs start.
#[derive(Debug)]
pub(super) struct Pace {
    crowd: Crowd,
    under_way: AtomicUsize,
    turn: Mutex<()>,
}

/// A run that is under way, until it is dropped.
pub(super) struct Run<'a>(&'a Pace);

impl Crowd {
    /// As many as the machine has time for.
    pub(super) const fn of(jobs: usize) -> Self {
        Self { least: 2, jobs, spare: 0.05, look: Duration::from_millis(60) }
    }
}

impl Pace {
    pub(super) fn new(crowd: Crowd) -> Self {
        Self { crowd, under_way: AtomicUsize::new(0), turn: Mutex::default() }
    }

    /// Waits until a run may start. One asks at a time: what has started shows before the next does.
    pub(super) fn run(&self) -> Run<'_> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let Crowd { least, spare: wanted, look, .. } = self.crowd;
        while self.under_way.load(Ordering::Relaxed) >= least && spare(look).is_some_and(|spare| spare < wanted) {}
        self.under_way.fetch_add(1, Ordering::Relaxed);
        Run(self)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How much of its time the machine idles, looked at for so long; nothing where the system does not tell.
fn spare(look: Duration) -> Option<f64> {
    let before = Times::now()?;
    thread::sleep(look);
    Times::now().map(|now| now.idle_since(&before))
}

/// What all cores have done since the machine started, in ticks (Linux: `/proc/stat`).
#[derive(Debug, PartialEq, Eq)]
struct Times {
    idle: u64,
    all: u64,
}

impl Times {
    fn now() -> Option<Self> {
        Self::read(&fs::read_to_string("/proc/stat").ok()?)
    }

    fn read(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = line.split_whitespace().map_while(|ticks| ticks.parse().ok()).collect();
        // user, nice, system, idle, iowait, and more of what is not idle.
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
    fn idle_time_is_read_of_all_cores() {
        let before = Times::read("cpu  10 0 10 60 20 0 0 0 0 0\ncpu0 1 1 1 1\n").expect("times");
        let now = Times::read("cpu  30 0 20 60 30 0 0 0 9 9\n").expect("times");
        assert_eq!((before.idle, before.all), (80, 100));
        assert!((now.idle_since(&before) - 0.25).abs() < 1e-9);
        assert!((now.idle_since(&now) - 1.0).abs() < 1e-9);
        assert_eq!(Times::read("intr 1 2"), None);
        assert_eq!(Times::read("cpu  1 2"), None);
    }

    #[test]
    fn the_first_runs_wait_for_nobody() {
        let crowd = Crowd { least: 3, jobs: 3, spare: 2.0, look: Duration::ZERO };
        let pace = Pace::new(crowd);
        let runs: Vec<_> = (0..crowd.least).map(|_| pace.run()).collect();
        assert_eq!(pace.under_way.load(Ordering::Relaxed), crowd.least);
        drop(runs);
        assert_eq!(pace.under_way.load(Ordering::Relaxed), 0);
    }
}
