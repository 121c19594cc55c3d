//! Wakes those who wait for a moment, on the moment: a thread sleeps until the next of them is due, so that nobody has to spin.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use tokio::sync::oneshot;

/// Those who wait, and the thread that is told of each who is due before all others.
struct Alarm {
    waiting: Mutex<BinaryHeap<Waiting>>,
    sooner: Condvar,
    /// Whether the thread is there.
    rings: bool,
}

struct Waiting {
    until: Instant,
    woken: oneshot::Sender<()>,
}

/// Waits for a moment. Where no thread can be started it is over at once: nobody may wait forever, and who asks again what time it is sees it.
pub(super) async fn wake_at(until: Instant) {
    if until > Instant::now() && ALARM.rings {
        let (woken, rung) = oneshot::channel();
        ALARM.set(Waiting { until, woken });
        _ = rung.await;
    }
}

static ALARM: LazyLock<Alarm> = LazyLock::new(|| Alarm {
    waiting: Mutex::default(),
    sooner: Condvar::new(),
    rings: thread::Builder::new().name("alarm".to_owned()).spawn(|| ALARM.ring()).is_ok(),
});

impl Alarm {
    fn waiting(&self) -> MutexGuard<'_, BinaryHeap<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, waiting: Waiting) {
        let mut all = self.waiting();
        let is_next = all.peek().is_none_or(|next| waiting.until < next.until);
        all.push(waiting);
        drop(all);
        if is_next {
            self.sooner.notify_one();
        }
    }

    /// Wakes everybody in their turn, for as long as the process runs.
    fn ring(&self) {
        let mut all = self.waiting();
        loop {
            let now = Instant::now();
            while all.peek().is_some_and(|next| next.until <= now) {
                // Who has gone away meanwhile is not woken.
                _ = all.pop().map(|due| due.woken.send(()));
            }
            all = match all.peek().map(|next| next.until.saturating_duration_since(now)) {
                Some(left) => self.sooner.wait_timeout(all, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.sooner.wait(all).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

// The soonest is the greatest, which a heap has at hand.
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        other.until.cmp(&self.until)
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.until == other.until
    }
}

impl Eq for Waiting {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn everybody_is_woken_in_turn_and_not_before_time() {
        let start = Instant::now();
        let after = |ms| async move {
            let until = start + Duration::from_millis(ms);
            wake_at(until).await;
            assert!(Instant::now() >= until, "woken before time");
            ms
        };
        let (woken, mut order) = tokio::sync::mpsc::unbounded_channel();
        let wait = |ms| {
            let woken = woken.clone();
            async move { _ = woken.send(after(ms).await) }
        };
        tokio::join!(wait(40), wait(1), wait(20), wait(0));
        let mut seen = Vec::new();
        while let Ok(ms) = order.try_recv() {
            seen.push(ms);
        }
        assert_eq!(seen, [0, 1, 20, 40]);
    }

    #[tokio::test]
    async fn who_goes_away_keeps_nobody_waiting() {
        let soon = Instant::now() + Duration::from_millis(5);
        drop(tokio::time::timeout(Duration::ZERO, wake_at(soon)).await);
        wake_at(soon + Duration::from_millis(5)).await;
    }
}
