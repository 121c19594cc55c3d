//! When another run may start: several at once, as long as the machine has time to spare. Runs that wait for each other tell no time honestly, and are
//! played again.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// So many runs may be under way whatever else the machine does.
const LEAST: usize = 2;
/// How long the machine is watched.
const LOOK: Duration = Duration::from_millis(60);

/// How many run at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crowd {
    /// So many at most.
    pub(super) jobs: usize,
    /// Another run starts when the machine idles for at least so much of the time.
    pub(super) spare: f64,
}

/// Who lets runs start.
#[derive(Debug)]
pub(super) struct Pace {
    spare: f64,
    under_way: AtomicUsize,
    turn: Mutex<()>,
}

/// A run that is under way, until it is dropped.
pub(super) struct Run<'a>(&'a Pace);

impl Crowd {
    /// As many as the machine has time for.
    pub(super) const fn of(jobs: usize) -> Self {
        Self { jobs, spare: 0.1 }
    }
}

impl Pace {
    pub(super) fn new(crowd: Crowd) -> Self {
        Self { spare: crowd.spare, under_way: AtomicUsize::new(0), turn: Mutex::default() }
    }

    /// Waits until a run may start. One asks at a time: what has started shows before the next does.
    pub(super) fn run(&self) -> Run<'_> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        while self.under_way.load(Ordering::Relaxed) >= LEAST && spare().is_some_and(|spare| spare < self.spare) {}
        self.under_way.fetch_add(1, Ordering::Relaxed);
        Run(self)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How much of its time the machine idles, looked at for a moment; nothing where the system does not tell.
fn spare() -> Option<f64> {
    let before = Times::now()?;
    thread::sleep(LOOK);
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
        let pace = Pace::new(Crowd::of(LEAST));
        let runs: Vec<_> = (0..LEAST).map(|_| pace.run()).collect();
        assert_eq!(pace.under_way.load(Ordering::Relaxed), LEAST);
        drop(runs);
        assert_eq!(pace.under_way.load(Ordering::Relaxed), 0);
    }
}
