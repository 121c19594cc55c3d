//! How many bytes of bodies are kept for whoever reads or writes slowly.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What is counted, in bytes: a semaphore counts no further than 32 bits.
const UNIT: usize = 1 << 10;

/// Room for bodies.
#[derive(Debug, Clone)]
pub(in crate::net) struct Budget(Arc<Semaphore>);

/// Room that is taken, until this is dropped.
#[derive(Debug)]
pub(in crate::net) struct Room(Option<OwnedSemaphorePermit>);

impl Budget {
    pub(in crate::net) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))))
    }

    /// Takes room for so many bytes as soon as there is some; who came first is served first.
    pub(in crate::net) async fn wait_for(&self, bytes: usize) -> Room {
        Room(Arc::clone(&self.0).acquire_many_owned(units(bytes)).await.ok())
    }

    /// Takes room for so many bytes, if there is some now.
    pub(in crate::net) fn take(&self, bytes: usize) -> Option<Room> {
        Arc::clone(&self.0).try_acquire_many_owned(units(bytes)).ok().map(|permit| Room(Some(permit)))
    }
}

impl Room {
    /// Joins two rooms.
    pub(in crate::net) fn add(&mut self, other: Self) {
        match (&mut self.0, other.0) {
            (Some(own), Some(other)) => own.merge(other),
            (own, other) => *own = other,
        }
    }

    /// No room.
    pub(in crate::net) fn none() -> Self {
        Self(None)
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
}
