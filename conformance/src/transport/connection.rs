//! A WebSocket connection for a test runner: every frame is stamped when its bytes are read, Pings are answered automatically, and the
//! script may stall, mute or break it, or write any bytes.
//!
//! One task owns the stream. It decides nothing about verdicts: an [`Observer`] sees all traffic, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::arrival::{Observer, StampedArrival};
use super::command::{Act, LARGEST_INBOX, StreamCommand};
use super::encode::OutFrame;
use super::handshake::Opened;
use super::pump;
use crate::clock::Clock;

/// The script's end of a connection. Dropping it closes the connection with code 1000.
#[derive(Debug)]
pub struct Connection {
    writer: ConnectionWriter,
    arrivals: mpsc::UnboundedReceiver<StampedArrival>,
    unread: Arc<AtomicUsize>,
}

/// Writes to a connection, even while another task waits for arrivals.
#[derive(Debug, Clone)]
pub struct ConnectionWriter {
    commands: mpsc::UnboundedSender<StreamCommand>,
}

impl Connection {
    /// Takes over a connection after its handshake.
    #[must_use]
    pub fn start(opened: Opened, clock: Clock, observer: Box<dyn Observer>) -> Self {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (sender, arrivals) = mpsc::unbounded_channel();
        let unread = Arc::new(AtomicUsize::new(0));
        tokio::spawn(pump::run(opened, clock, observer, inbox, sender, Arc::clone(&unread)));
        Self { writer: ConnectionWriter { commands }, arrivals, unread }
    }

    /// The writer.
    #[must_use]
    pub fn writer(&self) -> &ConnectionWriter {
        &self.writer
    }

    /// The next arrival; `None` after the end. Cancel-safe.
    pub async fn next(&mut self) -> Option<StampedArrival> {
        let arrived = self.arrivals.recv().await?;
        self.release(&arrived);
        Some(arrived)
    }

    /// The next arrival, if one is there already.
    pub fn try_next(&mut self) -> Option<StampedArrival> {
        let arrived = self.arrivals.try_recv().ok()?;
        self.release(&arrived);
        Some(arrived)
    }

    fn release(&self, arrived: &StampedArrival) {
        let cost = arrived.what.cost();
        let before = self.unread.fetch_sub(cost, Ordering::AcqRel);
        if before >= LARGEST_INBOX && before - cost < LARGEST_INBOX {
            let _ = self.writer.commands.send(StreamCommand::Wake);
        }
    }
}

impl ConnectionWriter {
    /// Queues a frame.
    pub fn send(&self, frame: OutFrame) {
        let _ = self.commands.send(StreamCommand::Frame(frame, None));
    }

    /// Sends a frame and waits until the stream has accepted it; false if the connection is gone.
    pub async fn send_through(&self, frame: OutFrame) -> bool {
        self.through(|done| StreamCommand::Frame(frame, Some(done))).await
    }

    /// Sends raw bytes and waits until the stream has accepted them; false if the connection is gone.
    pub async fn send_raw_through(&self, bytes: Vec<u8>) -> bool {
        self.through(|done| StreamCommand::Raw(bytes, Some(done))).await
    }

    async fn through(&self, command: impl FnOnce(oneshot::Sender<()>) -> StreamCommand) -> bool {
        let (done, accepted) = oneshot::channel();
        self.commands.send(command(done)).is_ok() && accepted.await.is_ok()
    }

    /// Does something else to the connection.
    pub fn act(&self, act: Act) {
        let _ = self.commands.send(StreamCommand::Act(act));
    }
}
