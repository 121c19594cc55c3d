//! How many bytes of bodies are kept for whoever reads or writes slowly.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is counted, in bytes: a semaphore counts no further than 32 bits.
const UNIT: usize = 1 << 10;

/// Room for bodies.
#[derive(Debug, Clone)]
pub(in crate::net) struct Budget {
    room: Arc<Semaphore>,
    /// One body may go ahead without room. Otherwise many that are half there could all wait for each other.
    ahead: Arc<Semaphore>,
}

/// Room that is taken, until this is dropped.
#[derive(Debug, Default)]
pub(in crate::net) struct Room {
    taken: Option<OwnedSemaphorePermit>,
    ahead: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub(in crate::net) fn new(bytes: usize) -> Self {
        let room = Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS)));
        Self { room, ahead: Arc::new(Semaphore::new(1)) }
    }

    /// Takes room for so many bytes as soon as there is some, or goes ahead; who came first is served first.
    pub(in crate::net) async fn wait_for(&self, bytes: usize) -> Room {
        tokio::select! {
            biased;
            taken = Arc::clone(&self.room).acquire_many_owned(units(bytes)) => Room { taken: taken.ok(), ahead: None },
            ahead = Arc::clone(&self.ahead).acquire_owned() => Room { taken: None, ahead: ahead.ok() },
        }
    }

    /// Takes room for so many bytes, if there is some now.
    pub(in crate::net) fn take(&self, bytes: usize) -> Option<Room> {
        let taken = Arc::clone(&self.room).try_acquire_many_owned(units(bytes)).ok()?;
        Some(Room { taken: Some(taken), ahead: None })
    }
}

impl Room {
    /// Joins two rooms.
    pub(in crate::net) fn add(&mut self, other: Self) {
        let Self { taken, ahead } = other;
        match (&mut self.taken, taken) {
            (Some(own), Some(other)) => own.merge(other),
            (own @ None, other) => *own = other,
            (Some(_), None) => {}
        }
        self.ahead = self.ahead.take().or(ahead);
    }

    /// Whether no more is needed, however large the body is.
    pub(in crate::net) fn is_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// Bytes that keep their room until nobody has them any more.
    pub(in crate::net) fn holding(self, bytes: Vec<u8>) -> Bytes {
        struct Held(Vec<u8>, #[expect(dead_code, reason = "it is kept, and given back when it is dropped")] Room);

        impl AsRef<[u8]> for Held {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        Bytes::from_owner(Held(bytes, self))
    }
}

/// The smallest body costs something too.
fn units(bytes: usize) -> u32 {
    u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn room_is_bounded_and_given_back_with_the_last_byte() {
        let budget = Budget::new(10 * UNIT);
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
    async fn one_goes_ahead_where_there_is_no_room() {
        let budget = Budget::new(4 * UNIT);
        let mut first = budget.wait_for(2 * UNIT).await;
        assert!(!first.is_ahead());
        first.add(budget.wait_for(4 * UNIT).await);
        assert!(first.is_ahead());
        let mut cx = Context::from_waker(Waker::noop());
        let mut second = pin!(budget.wait_for(2 * UNIT));
        assert!(second.as_mut().poll(&mut cx).is_pending(), "only one goes ahead");
        drop(first);
        assert!(second.poll(&mut cx).is_ready());
    }
}
