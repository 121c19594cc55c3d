//! Wakes tasks precisely: a thread sleeps until the next of them is due, so that no task has to spin.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use tokio::sync::oneshot;

/// The waiting tasks, and the thread that wakes them.
struct Alarm {
    waiting: Mutex<BinaryHeap<Waiter>>,
    sooner: Condvar,
    /// Whether the thread could be started.
    is_running: bool,
}

struct Waiter {
    until: Instant,
    wake: oneshot::Sender<()>,
}

/// Waits for a moment. Returns immediately if no thread could be started, so that no caller waits forever.
pub(super) async fn wake_at(until: Instant) {
    if until > Instant::now() && ALARM.is_running {
        let (wake, woken) = oneshot::channel();
        ALARM.set(Waiter { until, wake });
        _ = woken.await;
    }
}

static ALARM: LazyLock<Alarm> = LazyLock::new(|| Alarm {
    waiting: Mutex::default(),
    sooner: Condvar::new(),
    is_running: thread::Builder::new().name("alarm".to_owned()).spawn(|| ALARM.run()).is_ok(),
});

impl Alarm {
    fn waiting(&self) -> MutexGuard<'_, BinaryHeap<Waiter>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, waiter: Waiter) {
        let mut all = self.waiting();
        let is_next = all.peek().is_none_or(|next| waiter.until < next.until);
        all.push(waiter);
        drop(all);
        if is_next {
            self.sooner.notify_one();
        }
    }

    /// Wakes the waiters in turn, as long as the process runs.
    fn run(&self) {
        let mut all = self.waiting();
        loop {
            let now = Instant::now();
            while all.peek().is_some_and(|next| next.until <= now) {
                // A waiter that was dropped meanwhile is ignored.
                _ = all.pop().map(|due| due.wake.send(()));
            }
            all = match all.peek().map(|next| next.until.saturating_duration_since(now)) {
                Some(left) => self.sooner.wait_timeout(all, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.sooner.wait(all).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

// The heap returns its greatest element, which must be the earliest.
impl Ord for Waiter {
    fn cmp(&self, other: &Self) -> Ordering {
        other.until.cmp(&self.until)
    }
}

impl PartialOrd for Waiter {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiter {
    fn eq(&self, other: &Self) -> bool {
        self.until == other.until
    }
}

impl Eq for Waiter {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn wakes_in_turn_and_never_early() {
        let start = Instant::now();
        let after = |ms| async move {
            let until = start + Duration::from_millis(ms);
            wake_at(until).await;
            assert!(Instant::now() >= until, "woken early");
            ms
        };
        let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
        let wait = |ms| {
            let sender = sender.clone();
            async move { _ = sender.send(after(ms).await) }
        };
        tokio::join!(wait(40), wait(1), wait(20), wait(0));
        let mut seen = Vec::new();
        while let Ok(ms) = order.try_recv() {
            seen.push(ms);
        }
        assert_eq!(seen, [0, 1, 20, 40]);
    }

    #[tokio::test]
    async fn a_dropped_waiter_delays_no_other() {
        let soon = Instant::now() + Duration::from_millis(5);
        drop(tokio::time::timeout(Duration::ZERO, wake_at(soon)).await);
        wake_at(soon + Duration::from_millis(5)).await;
    }
}
