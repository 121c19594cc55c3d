//! A barrier at which iterations meet, and which any of them may leave permanently.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot::{self, Sender};

use crate::scenario::step::Leave;

/// The barrier.
#[derive(Debug)]
pub(super) struct Barrier {
    state: Mutex<BarrierState>,
}

#[derive(Debug)]
struct BarrierState {
    clients: usize,
    /// In order of arrival.
    waiting: Vec<Sender<()>>,
    leave: Leave,
}

impl Barrier {
    pub(super) fn new(clients: usize) -> Self {
        Self { state: Mutex::new(BarrierState { clients, waiting: Vec::new(), leave: Leave::default() }) }
    }

    /// Waits until every member that has not left waits. True for the member that arrived last, if one did.
    pub(super) async fn meet(&self, leave: Leave) -> bool {
        let (sender, opened) = oneshot::channel();
        let is_last = self.change(|state| {
            state.waiting.push(sender);
            state.leave = leave;
            state.waiting.len() >= state.clients
        });
        if is_last && leave == Leave::AsTheyCame {
            // Earlier members are woken, and continue first.
            tokio::task::yield_now().await;
        }
        let _ = opened.await;
        is_last
    }

    /// A member leaves; the others no longer wait for it.
    pub(super) fn leave(&self) {
        self.change(|state| state.clients = state.clients.saturating_sub(1));
    }

    fn change<T>(&self, change: impl FnOnce(&mut BarrierState) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        if state.waiting.len() >= state.clients {
            let mut waiting = std::mem::take(&mut state.waiting);
            if state.leave == Leave::LastFirst {
                waiting.reverse();
            }
            // The member that is woken first continues first.
            for member in waiting {
                let _ = member.send(());
            }
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
    async fn members_meet_repeatedly_and_may_leave() {
        let barrier = Arc::new(Barrier::new(4));
        let arrived = Arc::new(AtomicUsize::new(0));
        let clients = (0..3).map(|_| {
            let (barrier, arrived) = (Arc::clone(&barrier), Arc::clone(&arrived));
            tokio::spawn(async move {
                for round in 1..=5 {
                    arrived.fetch_add(1, Ordering::SeqCst);
                    barrier.meet(Leave::AsTheyCame).await;
                    assert!(arrived.load(Ordering::SeqCst) >= 3 * round, "a member continued alone");
                }
                barrier.leave();
            })
        });
        let clients: Vec<_> = clients.collect();
        tokio::task::yield_now().await;
        barrier.leave();
        for member in clients {
            member.await.expect("a member");
        }
    }

    #[tokio::test]
    async fn members_leave_in_an_order() {
        for (leave, order) in [(Leave::AsTheyCame, [0, 1, 2, 3]), (Leave::LastFirst, [3, 2, 1, 0])] {
            let (barrier, left) = (Barrier::new(4), Mutex::new(Vec::new()));
            let member = async |number| {
                barrier.meet(leave).await;
                left.lock().expect("no panic").push(number);
            };
            let clients: futures_util::stream::FuturesUnordered<_> = (0..4).map(member).collect();
            futures_util::StreamExt::count(clients).await;
            assert_eq!(*left.lock().expect("no panic"), order);
        }
    }
}
