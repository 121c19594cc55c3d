//! How late this machine wakes those who wait.
//!
//! A thread of its own, and a task beside those that play the scenarios, sleep in small steps and note by how much each was overslept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

/// What was heard, and when each listener came last. Listening ends when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Noise {
    overslept: Mutex<VecDeque<Overslept>>,
    heard: Mutex<[Option<Instant>; LISTENERS]>,
}

#[derive(Debug, Clone, Copy)]
struct Overslept {
    until: Instant,
    by: Duration,
}

/// Those who listen: a thread, and a task among the others.
const LISTENERS: usize = 2;
const THREAD: usize = 0;
const TASK: usize = 1;
/// How long each sleeps at a time: the shorter, the more of the machine it takes from those it listens for. A task takes more than a thread.
const STEPS: [Duration; LISTENERS] = [Duration::from_millis(5), Duration::from_millis(10)];
/// Oversleeping by less is the usual and is not noted.
const USUAL: Duration = Duration::from_millis(3);
/// How many noisy moments are kept.
const KEPT: usize = 20_000;

impl Noise {
    /// Listens from now on. Without the thread, or the task, less is heard; nothing else depends on them.
    pub(super) fn listen() -> Arc<Self> {
        let noise = Arc::new(Self::default());
        let heard = Arc::downgrade(&noise);
        let _ = thread::Builder::new().name("noise".to_owned()).spawn(move || listen(&heard));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(listen_among_tasks(Arc::downgrade(&noise)));
        }
        noise
    }

    /// By how much the machine overslept at worst between two moments.
    pub(super) fn worst(&self, since: Instant, until: Instant) -> Duration {
        let overslept = self.overslept.lock().unwrap_or_else(PoisonError::into_inner);
        let until = until + STEPS[TASK];
        let heard = overslept.iter().filter(|overslept| overslept.until >= since && overslept.until <= until);
        let worst = heard.map(|overslept| overslept.by).max().unwrap_or_default();
        worst.max(self.silence(since, until))
    }

    /// By how much a listener is late that has not come yet: what keeps it may have kept others.
    fn silence(&self, since: Instant, until: Instant) -> Duration {
        let now = Instant::now();
        if since > now {
            return Duration::ZERO;
        }
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let late = heard.iter().enumerate().filter_map(|(who, heard)| {
            let heard = heard.filter(|heard| *heard <= until)?;
            overslept(who, heard, now)
        });
        late.max().unwrap_or_default()
    }

    /// Notes a step that took too long; the present moment.
    fn note(&self, who: usize, before: Instant) -> Instant {
        let now = Instant::now();
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)[who] = Some(now);
        if let Some(by) = overslept(who, before, now) {
            let mut overslept = self.overslept.lock().unwrap_or_else(PoisonError::into_inner);
            overslept.truncate(KEPT - 1);
            overslept.push_front(Overslept { until: now, by });
        }
        now
    }
}

/// By how much a step was overslept, if it was. When in the step the machine stood still is not known: all of the step counts.
fn overslept(who: usize, before: Instant, now: Instant) -> Option<Duration> {
    let step = now.saturating_duration_since(before);
    (step > STEPS[who] + USUAL).then_some(step)
}

fn listen(noise: &Weak<Noise>) {
    let mut before = Instant::now();
    while let Some(noise) = noise.upgrade() {
        before = noise.note(THREAD, before);
        drop(noise);
        thread::sleep(STEPS[THREAD]);
    }
}

/// The runner's own tasks may keep one another waiting while the machine is idle otherwise.
async fn listen_among_tasks(noise: Weak<Noise>) {
    let mut before = Instant::now();
    while let Some(noise) = noise.upgrade() {
        before = noise.note(TASK, before);
        drop(noise);
        tokio::time::sleep(STEPS[TASK]).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn noise_is_told_by_interval() {
        let (noise, start) = (Noise::default(), Instant::now());
        let at = start + Duration::from_secs(100);
        noise.overslept.lock().expect("a lock").push_front(Overslept { until: at, by: 70 * MS });
        let around = |from, to| noise.worst(start + Duration::from_secs(from), start + Duration::from_secs(to));
        assert_eq!(around(99, 101), 70 * MS);
        assert_eq!(around(101, 102), Duration::ZERO);
    }

    #[test]
    fn a_step_that_is_overslept_counts_from_its_beginning() {
        let before = Instant::now();
        for (who, step) in STEPS.into_iter().enumerate() {
            assert_eq!(overslept(who, before, before + step + USUAL), None, "the usual");
            let late = step + USUAL + MS;
            assert_eq!(overslept(who, before, before + late), Some(late));
        }
    }

    #[test]
    fn a_listener_that_does_not_come_is_heard() {
        let noise = Noise::default();
        let Some(long_ago) = Instant::now().checked_sub(500 * MS) else { return };
        noise.note(THREAD, long_ago);
        noise.heard.lock().expect("a lock")[TASK] = Some(long_ago);
        noise.overslept.lock().expect("a lock").clear();
        assert!(noise.worst(long_ago, Instant::now()) >= 500 * MS);
    }
}
