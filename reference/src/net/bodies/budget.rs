//! A budget for bodies that slow readers or writers keep in memory.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The unit of the semaphore, in bytes: it counts only up to 32 bits.
const UNIT: usize = 1 << 10;

#[derive(Debug, Clone)]
pub(in crate::net) struct BodyBudget {
    permits: Arc<Semaphore>,
    /// One body may exceed the budget. Otherwise several unfinished bodies could all wait for each other.
    overdraft: Arc<Semaphore>,
}

/// A share of the budget, until it is dropped.
#[derive(Debug, Default)]
pub(in crate::net) struct BodyPermit {
    taken: Option<OwnedSemaphorePermit>,
    overdraft: Option<OwnedSemaphorePermit>,
}

impl BodyBudget {
    pub(in crate::net) fn new(bytes: usize) -> Self {
        let permits = Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS)));
        Self { permits, overdraft: Arc::new(Semaphore::new(1)) }
    }

    /// Waits for so many bytes or for the overdraft, in order of arrival.
    pub(in crate::net) async fn wait_for(&self, bytes: usize) -> BodyPermit {
        tokio::select! {
            biased;
            taken = Arc::clone(&self.permits).acquire_many_owned(units(bytes)) => {
                BodyPermit { taken: taken.ok(), overdraft: None }
            }
            overdraft = Arc::clone(&self.overdraft).acquire_owned() => {
                BodyPermit { taken: None, overdraft: overdraft.ok() }
            }
        }
    }

    /// Takes so many bytes, if they are available now.
    pub(in crate::net) fn take(&self, bytes: usize) -> Option<BodyPermit> {
        let taken = Arc::clone(&self.permits).try_acquire_many_owned(units(bytes)).ok()?;
        Some(BodyPermit { taken: Some(taken), overdraft: None })
    }
}

impl BodyPermit {
    pub(in crate::net) fn add(&mut self, other: Self) {
        let Self { taken, overdraft } = other;
        match (&mut self.taken, taken) {
            (Some(own), Some(other)) => own.merge(other),
            (own @ None, other) => *own = other,
            (Some(_), None) => {}
        }
        self.overdraft = self.overdraft.take().or(overdraft);
    }

    /// Whether it holds the overdraft, so that the body needs no more permits.
    pub(in crate::net) fn is_unlimited(&self) -> bool {
        self.overdraft.is_some()
    }

    /// Bytes that hold the permit as long as any part of them lives.
    pub(in crate::net) fn holding(self, bytes: Vec<u8>) -> Bytes {
        struct Held(Vec<u8>, #[expect(dead_code, reason = "it is kept, and given back when it is dropped")] BodyPermit);

        impl AsRef<[u8]> for Held {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        Bytes::from_owner(Held(bytes, self))
    }
}

/// Rounds up, so that an empty body costs something.
fn units(bytes: usize) -> u32 {
    u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn the_budget_is_bounded_and_released_with_the_last_byte() {
        let budget = BodyBudget::new(10 * UNIT);
        let mut first = budget.take(4 * UNIT).expect("room");
        first.add(budget.take(3 * UNIT).expect("room"));
        assert!(budget.take(UNIT).is_none());
        let bytes = first.holding(vec![7; 100]);
        let part = bytes.slice(10..20);
        drop(bytes);
        assert!(budget.take(UNIT).is_none());
        drop(part);
        assert!(budget.take(9 * UNIT).is_some());
        assert!(budget.take(10 * UNIT).is_none());
    }

    #[tokio::test]
    async fn one_body_may_exceed_the_budget() {
        let budget = BodyBudget::new(4 * UNIT);
        let mut first = budget.wait_for(2 * UNIT).await;
        assert!(!first.is_unlimited());
        first.add(budget.wait_for(4 * UNIT).await);
        assert!(first.is_unlimited());
        let mut cx = Context::from_waker(Waker::noop());
        let mut second = pin!(budget.wait_for(2 * UNIT));
        assert!(second.as_mut().poll(&mut cx).is_pending(), "only one may exceed it");
        drop(first);
        assert!(second.poll(&mut cx).is_ready());
    }
}
