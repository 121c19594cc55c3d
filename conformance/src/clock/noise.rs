//! How late this machine wakes threads and tasks.
//!
//! A thread, and a task among those that run the scenarios, sleep in small steps and record how late they woke.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// The lateness measured, and when each probe woke last. Measuring ends when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Noise {
    late: Mutex<VecDeque<LateWake>>,
    latest: Mutex<[Option<Instant>; PROBES]>,
}

#[derive(Debug, Clone, Copy)]
struct LateWake {
    until: Instant,
    by: Duration,
}

/// The probes: a thread, and a task among the others.
const PROBES: usize = 2;
const THREAD: usize = 0;
const TASK: usize = 1;
/// How long each sleeps at a time: shorter steps take more of the machine. A task costs more than a thread.
const STEPS: [Duration; PROBES] = [Duration::from_millis(5), Duration::from_millis(10)];
/// Less lateness is normal and is not recorded.
const NORMAL: Duration = Duration::from_millis(3);
/// How many late wakes are kept.
const KEPT: usize = 20_000;

impl Noise {
    /// Measures from now on. Without the thread, or the task, less is measured; nothing else depends on them.
    pub(super) fn measure() -> Arc<Self> {
        let noise = Arc::new(Self::default());
        let weak = Arc::downgrade(&noise);
        let _ = thread::Builder::new().name("noise".to_owned()).spawn(move || run_thread_probe(&weak));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(run_task_probe(Arc::downgrade(&noise)));
        }
        noise
    }

    /// How late the machine was at most between two moments.
    pub(super) fn worst(&self, since: Instant, until: Instant) -> Duration {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let until = until + STEPS[TASK];
        let relevant = late.iter().filter(|wake| wake.until >= since && wake.until <= until);
        let worst = relevant.map(|wake| wake.by).max().unwrap_or_default();
        worst.max(self.overdue(since, until))
    }

    /// How late a probe is that has not woken yet: what delays it may have delayed others.
    fn overdue(&self, since: Instant, until: Instant) -> Duration {
        let now = Instant::now();
        if since > now {
            return Duration::ZERO;
        }
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let late = latest.iter().enumerate().filter_map(|(probe, latest)| {
            let latest = latest.filter(|latest| *latest <= until)?;
            lateness(probe, latest, now)
        });
        late.max().unwrap_or_default()
    }

    /// Records a step that took too long; returns the current moment.
    fn record(&self, probe: usize, before: Instant) -> Instant {
        let now = Instant::now();
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)[probe] = Some(now);
        if let Some(by) = lateness(probe, before, now) {
            let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
            late.truncate(KEPT - 1);
            late.push_front(LateWake { until: now, by });
        }
        now
    }
}

/// How late a step was, if it was. When in the step the machine stalled is unknown, so all of it counts.
fn lateness(probe: usize, before: Instant, now: Instant) -> Option<Duration> {
    let step = now.saturating_duration_since(before);
    (step > STEPS[probe] + NORMAL).then_some(step)
}

fn run_thread_probe(noise: &Weak<Noise>) {
    let mut before = Instant::now();
    while let Some(noise) = noise.upgrade() {
        before = noise.record(THREAD, before);
        drop(noise);
        thread::sleep(STEPS[THREAD]);
    }
}

/// The runner's own tasks can delay each other even if the machine is otherwise idle.
async fn run_task_probe(noise: Weak<Noise>) {
    let mut before = Instant::now();
    while let Some(noise) = noise.upgrade() {
        before = noise.record(TASK, before);
        drop(noise);
        tokio::time::sleep(STEPS[TASK]).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn reports_the_noise_of_an_interval() {
        let (noise, start) = (Noise::default(), Instant::now());
        let at = start + Duration::from_secs(100);
        noise.late.lock().expect("a lock").push_front(LateWake { until: at, by: 70 * MS });
        let around = |from, to| noise.worst(start + Duration::from_secs(from), start + Duration::from_secs(to));
        assert_eq!(around(99, 101), 70 * MS);
        assert_eq!(around(101, 102), Duration::ZERO);
    }

    #[test]
    fn a_late_step_counts_from_its_beginning() {
        let before = Instant::now();
        for (probe, step) in STEPS.into_iter().enumerate() {
            assert_eq!(lateness(probe, before, before + step + NORMAL), None, "normal");
            let late = step + NORMAL + MS;
            assert_eq!(lateness(probe, before, before + late), Some(late));
        }
    }

    #[test]
    fn reports_an_overdue_probe() {
        let noise = Noise::default();
        let Some(long_ago) = Instant::now().checked_sub(500 * MS) else { return };
        noise.record(THREAD, long_ago);
        noise.latest.lock().expect("a lock")[TASK] = Some(long_ago);
        noise.late.lock().expect("a lock").clear();
        assert!(noise.worst(long_ago, Instant::now()) >= 500 * MS);
    }
}
