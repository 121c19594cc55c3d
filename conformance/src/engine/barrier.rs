//! A meeting point of iterations, of which any may leave for good.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// The meeting point.
#[derive(Debug)]
pub(super) struct Barrier {
    state: Mutex<State>,
    opened: Notify,
}

#[derive(Debug)]
struct State {
    members: usize,
    waiting: usize,
    round: u64,
}

impl Barrier {
    pub(super) fn new(members: usize) -> Self {
        Self { state: Mutex::new(State { members, waiting: 0, round: 0 }), opened: Notify::new() }
    }

    /// Waits until every member that has not left waits. True for the one that came last, where one did.
    pub(super) async fn meet(&self) -> bool {
        let (round, is_last) = self.change(|state| {
            state.waiting += 1;
            (state.round, state.waiting >= state.members)
        });
        loop {
            let opened = self.opened.notified();
            if self.state.lock().unwrap_or_else(PoisonError::into_inner).round != round {
                return is_last;
            }
            opened.await;
        }
    }

    /// A member leaves and is not waited for any more.
    pub(super) fn leave(&self) {
        self.change(|state| state.members = state.members.saturating_sub(1));
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        if state.waiting >= state.members {
            state.waiting = 0;
            state.round += 1;
            self.opened.notify_waiters();
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn members_meet_again_and_again_and_may_leave() {
        let barrier = Arc::new(Barrier::new(4));
        let arrived = Arc::new(AtomicUsize::new(0));
        let members = (0..3).map(|_| {
            let (barrier, arrived) = (Arc::clone(&barrier), Arc::clone(&arrived));
            tokio::spawn(async move {
                for round in 1..=5 {
                    arrived.fetch_add(1, Ordering::SeqCst);
                    barrier.meet().await;
                    assert!(arrived.load(Ordering::SeqCst) >= 3 * round, "somebody went on alone");
                }
                barrier.leave();
            })
        });
        let members: Vec<_> = members.collect();
        tokio::task::yield_now().await;
        barrier.leave();
        for member in members {
            member.await.expect("a member");
        }
    }
}
