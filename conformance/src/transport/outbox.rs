//! What a connection still has to write, in order.

use std::collections::VecDeque;

use futures_util::FutureExt;
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::oneshot;

use super::link::Link;

/// Frames without an acknowledgement are joined up to this many bytes.
const TOGETHER: usize = 4 << 10;

/// Bytes that wait until the stream accepts them.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Outgoing>,
    /// How much of the first entry is written.
    written: usize,
    flush: bool,
}

#[derive(Debug)]
struct Outgoing {
    bytes: Vec<u8>,
    done: Option<oneshot::Sender<()>>,
}

/// The stream accepts nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamBroken;

impl Outbox {
    /// Adds bytes; `done` is notified once the stream has them.
    pub(super) fn add(&mut self, bytes: Vec<u8>, done: Option<oneshot::Sender<()>>) {
        self.queue.push_back(Outgoing { bytes, done });
    }

    /// Adds bytes, joined with small ones that are queued before them.
    pub(super) fn join(&mut self, bytes: Vec<u8>, done: Option<oneshot::Sender<()>>) {
        match self.queue.back_mut().filter(|last| last.done.is_none() && last.bytes.len() < TOGETHER) {
            Some(last) => {
                last.bytes.extend(bytes);
                last.done = done;
            }
            None => self.add(bytes, done),
        }
    }

    /// Whether everything is written.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.flush
    }

    /// Discards everything.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes some bytes, or flushes if there are none. Cancel-safe.
    pub(super) async fn push(&mut self, writer: &mut WriteHalf<Link>) -> Result<(), StreamBroken> {
        match self.queue.front().map(|outgoing| &outgoing.bytes[self.written..]) {
            Some(bytes) => match writer.write(bytes).await {
                Ok(count) if count > 0 => self.wrote(count),
                _ => return Err(StreamBroken),
            },
            None => {
                writer.flush().await.map_err(|_| StreamBroken)?;
                self.flush = false;
            }
        }
        Ok(())
    }

    /// Writes what the stream accepts without waiting.
    pub(super) fn push_at_once(&mut self, writer: &mut WriteHalf<Link>) -> Result<(), StreamBroken> {
        while !self.is_idle() {
            match self.push(writer).now_or_never() {
                Some(pushed) => pushed?,
                None => break,
            }
        }
        Ok(())
    }

    fn wrote(&mut self, count: usize) {
        self.written += count;
        self.flush = true;
        if self.queue.front().is_some_and(|outgoing| self.written >= outgoing.bytes.len()) {
            self.written = 0;
            if let Some(done) = self.queue.pop_front().and_then(|outgoing| outgoing.done) {
                let _ = done.send(());
            }
        }
    }
}
