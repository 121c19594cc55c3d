//! The open connections of a proxy, and the state that its mutant keeps across them.

use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;

use super::flow::{FrameWriter, locked};
use super::link::Links;
use super::wire::Frame;

#[derive(Default)]
pub(super) struct ProxyGuests {
    pub(super) state: Mutex<Links>,
    writers: Mutex<Vec<(usize, FrameWriter)>>,
}

impl ProxyGuests {
    pub(super) fn add(&self, number: usize, writer: FrameWriter) {
        locked(&self.writers).push((number, writer));
    }

    pub(super) fn remove(&self, number: usize) {
        locked(&self.writers).retain(|(other, _)| *other != number);
    }

    /// Sends frames to all other connections, or to one of them, without waiting for those that do not read.
    pub(super) fn send_to_others(&self, number: usize, only: Option<usize>, frames: &[Frame]) {
        if frames.is_empty() {
            return;
        }
        let bytes: Arc<[u8]> = frames.iter().flat_map(Frame::bytes).collect();
        let is_forwarded = |other: usize| other != number && only.is_none_or(|only| other == only);
        for (_, guest) in locked(&self.writers).iter().filter(|(other, _)| is_forwarded(*other)) {
            let (guest, bytes) = (Arc::clone(guest), Arc::clone(&bytes));
            tokio::spawn(async move { guest.lock().await.write_all(&bytes).await });
        }
    }
}
